#include "tls/gcm.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <vector>

namespace sluice::tls {
namespace {

using Block = std::vector<std::uint8_t>;

Block block_of(std::string_view hex) {
    Block bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}
Gcm::Nonce nonce_of(std::string_view hex) {
    const Block bytes = block_of(hex);
    Gcm::Nonce nonce = {};
    std::copy(bytes.begin(), bytes.end(), nonce.begin());
    return nonce;
}
Block sealed(Gcm& gcm, const Gcm::Nonce& nonce, const Block& header, Bytes plain, Bytes tail) {
    Block out(plain.size() + tail.size() + Gcm::kTagBytes);
    gcm.seal(nonce, header, plain, tail, out.data());
    return out;
}
// What OpenSSL makes of it.
Block expected(const Block& key, const Gcm::Nonce& nonce, const Block& header, const Block& plain) {
    EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
    Block out(plain.size() + Gcm::kTagBytes);
    int count = 0;
    EVP_EncryptInit_ex(cipher, key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), nullptr,
                       key.data(), nonce.data());
    EVP_EncryptUpdate(cipher, nullptr, &count, header.data(), static_cast<int>(header.size()));
    EVP_EncryptUpdate(cipher, out.data(), &count, plain.data(), static_cast<int>(plain.size()));
    EVP_EncryptFinal_ex(cipher, out.data() + count, &count);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Gcm::kTagBytes, out.data() + plain.size());
    EVP_CIPHER_CTX_free(cipher);
    return out;
}

// "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B, test cases 4 and 16: the same
// text, which we cut in plaintext and tail everywhere.
TEST(Gcm, KnowsTheTestCasesOfItsAuthors) {
    const Block text = block_of(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const Block header = block_of("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const Gcm::Nonce nonce = nonce_of("cafebabefacedbaddecaf888");
    const std::string_view key = "feffe9928665731c6d6a8f9467308308";
    const Block of_128 = block_of(
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
        "5bc94fbc3221a5db94fae95ae7121a47");
    const Block of_256 = block_of(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b");
    const auto gcm_128 = Gcm::make(block_of(key));
    const auto gcm_256 = Gcm::make(block_of(std::string(key) + std::string(key)));
    ASSERT_NE(gcm_128, nullptr);
    ASSERT_NE(gcm_256, nullptr);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const Bytes plain = Bytes(text).first(cut);
        const Bytes tail = Bytes(text).subspan(cut);
        EXPECT_EQ(sealed(*gcm_128, nonce, header, plain, tail), of_128) << cut;
        EXPECT_EQ(sealed(*gcm_256, nonce, header, plain, tail), of_256) << cut;
    }
}

TEST(Gcm, AgreesWithOpenSslForRecordsOfEveryLength) {
    for (const std::size_t key_bytes : {16u, 32u}) {
        const Block key(key_bytes, 0x5C);
        const auto gcm = Gcm::make(key);
        ASSERT_NE(gcm, nullptr);
        Block text(16 * 1024 + 1);
        for (std::size_t i = 0; i < text.size(); ++i) {
            text[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
        }
        Gcm::Nonce nonce = {};
        std::vector<std::size_t> sizes = {text.size(), text.size() - 1, 4096, 4097, 8191};
        for (std::size_t size = 1; size < 1100; ++size) {
            sizes.push_back(size);
        }
        for (const std::size_t size : sizes) {
            ++nonce[11];
            const Block plain(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
            const Block header(size % 2 == 0 ? 5 : 13, 0x17);
            EXPECT_EQ(
                sealed(*gcm, nonce, header, Bytes(plain).first(size - 1), Bytes(plain).last(1)),
                expected(key, nonce, header, plain))
                << size;
        }
    }
}

}  // namespace
}  // namespace sluice::tls
