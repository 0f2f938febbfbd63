// What uploads send and what --verify expects: bytes that follow from (seed, path, offset) alone.
//
// A pattern of 1,021 pages is drawn from the seed; a file is that pattern over and over, beginning
// at a page that its path chooses. So one file in memory serves every upload through sendfile, and
// checking is a comparison at the speed of memory. The number of pages is prime: a server that
// loses, repeats or swaps blocks of any usual size gives other bytes.
// Made once, then read by all threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"

namespace sluice::load {

class Content {
public:
    static constexpr std::uint64_t kPageBytes = 4096;
    static constexpr std::uint64_t kPatternBytes = 1021 * kPageBytes;

    Content() = default;
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;
    ~Content();
    Status make(std::uint64_t seed);

    // Where in the pattern the file of this path begins.
    static std::uint64_t start_of(std::string_view path);

    // The file that holds the pattern, for sendfile.
    int file() const { return file_; }
    // A piece of a file: where in the pattern it lies and how long it runs without a wrap.
    struct Piece {
        std::uint64_t position;
        std::uint64_t size;
    };
    static Piece piece(std::uint64_t start, std::uint64_t offset, std::uint64_t wanted);

    // The bytes of a piece, for who must have them in memory.
    Bytes bytes(const Piece& piece) const {
        return Bytes(pattern_ + piece.position, static_cast<std::size_t>(piece.size));
    }
    // Are these the bytes at `offset` of the file that begins at `start`?
    bool matches(std::uint64_t start, std::uint64_t offset, Bytes bytes) const;

private:
    int file_ = -1;
    std::uint8_t* pattern_ = nullptr;
};

}  // namespace sluice::load
