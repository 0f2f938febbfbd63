// The byte strings that a transcript names: what was put into files, and what must come back.
//
// `file x 20M` needs no fixture on disk: the bytes follow from the name and the size. Above
// kGeneratedBytesMax a file is sparse and reads as zeros, so that 8 GiB cost nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pattern.hpp"
#include "transcript.hpp"

namespace sluice::conform {

inline constexpr std::uint64_t kGeneratedBytesMax = 64ull << 20;

class Contents {
public:
    // Pseudo-random bytes, or zeros when there are too many; returns the size.
    void generate(const std::string& name, std::uint64_t size);
    void put(const std::string& name, std::string bytes);

    // The bytes of a name, null when it is not known or sparse.
    const std::string* find(const std::string& name) const;
    bool is_sparse(const std::string& name) const;

    // The value of an expression; nothing when a name in it is unknown, a range is outside of it,
    // or the result would be larger than kGeneratedBytesMax.
    std::optional<std::string> evaluate(const std::vector<Term>& terms,
                                        const Variables& variables) const;

private:
    struct Blob {
        std::string bytes;
        std::uint64_t size = 0;  // larger than bytes.size() when sparse
    };
    std::map<std::string, Blob, std::less<>> blobs_;
};

}  // namespace sluice::conform
