#include "sluice/digest/hasher.hpp"

#include <isa-l/crc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

#include "sluice/base/assert.hpp"

namespace sluice::digest {
namespace {

const EVP_MD* native_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::Sha256:
            return EVP_sha256();
        case Algorithm::Sha512:
            return EVP_sha512();
        case Algorithm::Sha1:
            return EVP_sha1();
        case Algorithm::Md5:
            return EVP_md5();
        case Algorithm::Crc32:
            break;
    }
    return nullptr;
}

}  // namespace

Value::Value(Bytes bytes) : size_(static_cast<std::uint8_t>(bytes.size())) {
    SLUICE_ASSERT(bytes.size() <= kBytesMax);
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

std::string Value::hex() const {
    std::string text;
    text.reserve(std::size_t{2} * size_);
    for (const std::uint8_t byte : bytes()) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

void Hasher::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Result<Hasher> Hasher::begin(Algorithm algorithm) {
    Hasher hasher(algorithm);
    if (algorithm == Algorithm::Crc32) {
        return hasher;
    }
    // Without openssl.cnf: no file is opened and no module loaded because a client asks for a
    // digest. What that file may say concerns keys and TLS, not checksums. Costs one load of an
    // atomic after the first time.
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1) {
        return fail(Errc::NotSupported);
    }
    hasher.context_.reset(EVP_MD_CTX_new());
    if (hasher.context_ == nullptr) {
        return fail(Errc::NoMemory);
    }
    if (EVP_DigestInit_ex(hasher.context_.get(), native_of(algorithm), nullptr) != 1) {
        return fail(Errc::NotSupported);
    }
    return hasher;
}

void Hasher::update(Bytes bytes) {
    if (algorithm_ == Algorithm::Crc32) {
        crc_ = crc32_gzip_refl(crc_, bytes.data(), bytes.size());
        return;
    }
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) {
        failed_ = true;
    }
}

Result<Value> Hasher::finish() {
    if (algorithm_ == Algorithm::Crc32) {
        std::array<std::uint8_t, 4> big_endian;
        for (std::size_t i = 0; i < big_endian.size(); ++i) {
            big_endian[i] = static_cast<std::uint8_t>(crc_ >> (24 - 8 * i));
        }
        return Value(big_endian);
    }
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes;
    unsigned int size = 0;
    if (failed_ || EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) != 1) {
        return fail(Errc::Other);
    }
    return Value(Bytes(bytes.data(), size));
}

HasherSet::HasherSet(AlgorithmSet wanted) {
    for (const Algorithm algorithm : kAlgorithms) {
        if (!has(wanted, algorithm)) {
            continue;
        }
        Result<Hasher> hasher = Hasher::begin(algorithm);
        if (hasher) {
            hashers_.push_back(std::move(*hasher));
        }
    }
}

void HasherSet::update(Bytes bytes) {
    for (Hasher& hasher : hashers_) {
        hasher.update(bytes);
    }
}

std::vector<std::pair<Algorithm, Value>> HasherSet::finish() {
    std::vector<std::pair<Algorithm, Value>> values;
    for (Hasher& hasher : hashers_) {
        const Result<Value> value = hasher.finish();
        if (value) {
            values.emplace_back(hasher.algorithm(), *value);
        }
    }
    return values;
}

}  // namespace sluice::digest
