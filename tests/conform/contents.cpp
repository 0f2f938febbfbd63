#include "contents.hpp"

#include <algorithm>
#include <utility>

#include "sluice/base/prng.hpp"

namespace sluice::conform {

void Contents::generate(const std::string& name, std::uint64_t size) {
    Blob blob;
    blob.size = size;
    if (size <= kGeneratedBytesMax) {
        std::uint64_t seed = 14695981039346656037ull;  // FNV-1a of the name
        for (const char c : name) {
            seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211ull;
        }
        Prng prng(seed);
        blob.bytes.reserve(size + sizeof(std::uint64_t));
        while (blob.bytes.size() < size) {
            const std::uint64_t word = prng.next();
            for (unsigned shift = 0; shift < 64; shift += 8) {
                blob.bytes += static_cast<char>((word >> shift) & 0xFF);
            }
        }
        blob.bytes.resize(size);
    }
    blobs_.insert_or_assign(name, std::move(blob));
}

void Contents::put(const std::string& name, std::string bytes) {
    Blob blob;
    blob.size = bytes.size();
    blob.bytes = std::move(bytes);
    blobs_.insert_or_assign(name, std::move(blob));
}

const std::string* Contents::find(const std::string& name) const {
    const auto found = blobs_.find(name);
    if (found == blobs_.end() || found->second.size != found->second.bytes.size()) {
        return nullptr;
    }
    return &found->second.bytes;
}

bool Contents::is_sparse(const std::string& name) const {
    const auto found = blobs_.find(name);
    return found != blobs_.end() && found->second.size != found->second.bytes.size();
}

std::optional<std::string> Contents::evaluate(const std::vector<Term>& terms,
                                              const Variables& variables) const {
    std::string out;
    for (const Term& term : terms) {
        std::string text = expand(term.source.text, variables);
        std::uint64_t size = text.size();
        const Blob* blob = nullptr;
        if (!term.source.quoted) {
            const auto found = blobs_.find(text);
            if (found == blobs_.end()) {
                return std::nullopt;
            }
            blob = &found->second;
            size = blob->size;
        }
        const std::uint64_t to = term.to.value_or(size);
        if (term.from > to || to > size) {
            return std::nullopt;
        }
        const std::uint64_t count = to - term.from;
        if (count != 0 && term.times > (kGeneratedBytesMax - out.size()) / count) {
            return std::nullopt;
        }
        std::string piece;
        if (blob != nullptr && blob->bytes.size() != blob->size) {
            piece.assign(count, '\0');
        } else {
            piece = (blob != nullptr ? blob->bytes : text).substr(term.from, count);
        }
        for (std::uint64_t i = 0; i < term.times; ++i) {
            out += piece;
        }
    }
    return out;
}

}  // namespace sluice::conform
