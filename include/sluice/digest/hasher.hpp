// A digest that grows with the bytes it is given.
//
// SHA and MD5 are libcrypto's, which picks the instructions of the CPU; CRC32 (IEEE 802.3, as in
// zip, gzip and XCRC) is isa-l's, ten times as fast as zlib's. Computing costs 0.1 ms (CRC32) to
// several ms (SHA-512 without help of the CPU) for each MiB, so update() is for helper threads.
// Owned by: the coroutine that asks for the digest. Thread: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/digest/algorithm.hpp"

struct evp_md_ctx_st;  // libcrypto's EVP_MD_CTX, which this header keeps to itself

namespace sluice::digest {

// The bytes of a finished digest.
class Value {
public:
    static constexpr std::size_t kBytesMax = 64;  // SHA-512

    Value() = default;
    // At most kBytesMax of them.
    explicit Value(Bytes bytes);

    Bytes bytes() const { return {bytes_.data(), size_}; }
    // Lower case, two digits a byte.
    std::string hex() const;

    friend bool operator==(const Value&, const Value&) = default;

private:
    std::array<std::uint8_t, kBytesMax> bytes_ = {};
    std::uint8_t size_ = 0;
};

class Hasher {
public:
    // NotSupported where this machine's libcrypto refuses the algorithm (MD5 in a FIPS build).
    // Sets libcrypto up when it is the first: on a helper, too.
    static Result<Hasher> begin(Algorithm algorithm);

    Algorithm algorithm() const { return algorithm_; }
    void update(Bytes bytes);
    // Once, as the last call. Other: libcrypto has failed on the way.
    Result<Value> finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    explicit Hasher(Algorithm algorithm) : algorithm_(algorithm) {}

    std::unique_ptr<evp_md_ctx_st, Free> context_;  // not for CRC32
    std::uint32_t crc_ = 0;
    Algorithm algorithm_;
    bool failed_ = false;
};

// Several digests of the same bytes, computed while they pass by.
class HasherSet {
public:
    HasherSet() = default;
    // Those of `wanted` that this machine's libcrypto has.
    explicit HasherSet(AlgorithmSet wanted);

    bool is_empty() const { return hashers_.empty(); }
    void update(Bytes bytes);
    // Once, as the last call. What failed is left out.
    std::vector<std::pair<Algorithm, Value>> finish();

private:
    std::vector<Hasher> hashers_;
};

}  // namespace sluice::digest
