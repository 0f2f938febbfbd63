#include <openssl/evp.h>

#include "sluice/base/assert.hpp"
#include "tls/gcm.hpp"

namespace sluice::tls {

struct Gcm::State {
    struct Free {
        void operator()(EVP_CIPHER_CTX* cipher) const { EVP_CIPHER_CTX_free(cipher); }
    };
    std::unique_ptr<EVP_CIPHER_CTX, Free> cipher;
};

Gcm::Gcm(std::unique_ptr<State> state) : state_(std::move(state)) {}

Gcm::~Gcm() = default;  // OpenSSL wipes what it frees

std::unique_ptr<Gcm> Gcm::make(Bytes key) {
    SLUICE_ASSERT(key.size() == 16 || key.size() == 32);
    auto state = std::make_unique<State>();
    state->cipher.reset(EVP_CIPHER_CTX_new());
    const EVP_CIPHER* const kind = key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    if (state->cipher == nullptr ||
        EVP_EncryptInit_ex(state->cipher.get(), kind, nullptr, key.data(), nullptr) != 1) {
        return nullptr;
    }
    return std::unique_ptr<Gcm>(new Gcm(std::move(state)));
}

void Gcm::seal(const Nonce& nonce, Bytes header, Bytes plaintext, Bytes tail,
               std::uint8_t* out) {
    EVP_CIPHER_CTX* const cipher = state_->cipher.get();
    // A counter mode writes what it gets at once, so `done` says nothing new.
    const auto add = [cipher](std::uint8_t* into, Bytes bytes) {
        int done = 0;
        return bytes.empty() || EVP_EncryptUpdate(cipher, into, &done, bytes.data(),
                                                  static_cast<int>(bytes.size())) == 1;
    };
    std::uint8_t* const behind = out + plaintext.size();
    std::uint8_t* const tag = behind + tail.size();
    int done = 0;
    const bool sealed =
        EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data()) == 1 &&
        add(nullptr, header) && add(out, plaintext) && add(behind, tail) &&
        EVP_EncryptFinal_ex(cipher, tag, &done) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1;
    // With a key set and lengths of a record none of them can fail, and nothing may leave if so.
    SLUICE_ASSERT(sealed);
}

}  // namespace sluice::tls
