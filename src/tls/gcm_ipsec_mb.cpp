#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <mutex>

#include "sluice/base/assert.hpp"
#include "tls/gcm.hpp"

namespace sluice::tls {
namespace {

// The library's functions for this processor; null when it has no AES instructions. Made once and
// only read afterwards: what changes is in the contexts of the callers.
IMB_MGR* functions() {
    struct Free {
        void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
    };
    static std::once_flag once;
    static std::unique_ptr<IMB_MGR, Free> manager;
    std::call_once(once, [] {
        manager.reset(alloc_mb_mgr(0));
        if (manager == nullptr) { return; }
        IMB_ARCH found = IMB_ARCH_NONE;
        init_mb_mgr_auto(manager.get(), &found);
        if (found < IMB_ARCH_SSE || imb_get_errno(manager.get()) != 0) { manager.reset(); }
    });
    return manager.get();
}

}  // namespace

struct Gcm::State {
    gcm_key_data key = {};
    gcm_context_data context = {};
    IMB_MGR* functions = nullptr;
    bool is_long = false;  // a key of 256 bits
};

Gcm::Gcm(std::unique_ptr<State> state) : state_(std::move(state)) {}

Gcm::~Gcm() {
    OPENSSL_cleanse(&state_->key, sizeof state_->key);
    OPENSSL_cleanse(&state_->context, sizeof state_->context);
}

std::unique_ptr<Gcm> Gcm::make(Bytes key) {
    SLUICE_ASSERT(key.size() == IMB_KEY_128_BYTES || key.size() == IMB_KEY_256_BYTES);
    IMB_MGR* const mb = functions();
    if (mb == nullptr) { return nullptr; }
    auto state = std::make_unique<State>();
    state->functions = mb;
    state->is_long = key.size() == IMB_KEY_256_BYTES;
    if (state->is_long) {
        IMB_AES256_GCM_PRE(mb, key.data(), &state->key);
    } else {
        IMB_AES128_GCM_PRE(mb, key.data(), &state->key);
    }
    return std::unique_ptr<Gcm>(new Gcm(std::move(state)));
}

void Gcm::seal(const Nonce& nonce, Bytes header, Bytes plaintext, Bytes tail,
               std::uint8_t* out) {
    IMB_MGR* const mb = state_->functions;
    const gcm_key_data* const key = &state_->key;
    gcm_context_data* const context = &state_->context;
    std::uint8_t* const behind = out + plaintext.size();
    std::uint8_t* const tag = behind + tail.size();
    if (state_->is_long) {
        IMB_AES256_GCM_INIT(mb, key, context, nonce.data(), header.data(), header.size());
        IMB_AES256_GCM_ENC_UPDATE(mb, key, context, out, plaintext.data(), plaintext.size());
        IMB_AES256_GCM_ENC_UPDATE(mb, key, context, behind, tail.data(), tail.size());
        IMB_AES256_GCM_ENC_FINALIZE(mb, key, context, tag, kTagBytes);
    } else {
        IMB_AES128_GCM_INIT(mb, key, context, nonce.data(), header.data(), header.size());
        IMB_AES128_GCM_ENC_UPDATE(mb, key, context, out, plaintext.data(), plaintext.size());
        IMB_AES128_GCM_ENC_UPDATE(mb, key, context, behind, tail.data(), tail.size());
        IMB_AES128_GCM_ENC_FINALIZE(mb, key, context, tag, kTagBytes);
    }
}

}  // namespace sluice::tls
