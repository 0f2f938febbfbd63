#include "content.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sluice/base/prng.hpp"
#include "socket_calls.hpp"

namespace sluice::load {

Content::~Content() {
    if (pattern_ != nullptr) {
        ::munmap(pattern_, kPatternBytes);
    }
    if (file_ >= 0) {
        ::close(file_);
    }
}

Status Content::make(std::uint64_t seed) {
    const Result<int> made = make_memory_file(kPatternBytes);
    if (!made) {
        return fail(made.error());
    }
    file_ = *made;
    void* const memory =
        ::mmap(nullptr, kPatternBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (memory == MAP_FAILED) {
        return fail_errno(errno);
    }
    pattern_ = static_cast<std::uint8_t*>(memory);
    Prng random(seed);
    for (std::uint64_t at = 0; at < kPatternBytes; at += 8) {
        const std::uint64_t word = random.next();
        std::memcpy(pattern_ + at, &word, sizeof word);
    }
    return {};
}

// FNV-1a, 64 bits: short, and the same in any language that has to make such files.
std::uint64_t Content::start_of(std::string_view path) {
    std::uint64_t hash = 0xCBF29CE484222325ull;
    for (const char c : path) {
        hash ^= static_cast<std::uint8_t>(c);
        hash *= 0x100000001B3ull;
    }
    return hash % (kPatternBytes / kPageBytes) * kPageBytes;
}

Content::Piece Content::piece(std::uint64_t start, std::uint64_t offset, std::uint64_t wanted) {
    const std::uint64_t position = (start + offset % kPatternBytes) % kPatternBytes;
    return {position, std::min(wanted, kPatternBytes - position)};
}

bool Content::matches(std::uint64_t start, std::uint64_t offset, Bytes bytes) const {
    while (!bytes.empty()) {
        const Piece expected = piece(start, offset, bytes.size());
        const std::size_t size = static_cast<std::size_t>(expected.size);
        if (std::memcmp(pattern_ + expected.position, bytes.data(), size) != 0) {
            return false;
        }
        bytes = bytes.subspan(size);
        offset += size;
    }
    return true;
}

}  // namespace sluice::load
