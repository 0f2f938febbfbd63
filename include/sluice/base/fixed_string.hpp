// A string of at most `Capacity` bytes that lives where it is declared: no allocation, no growth.
//
// What does not fit is refused as a whole, never cut: half a path or half a reply is a wrong one,
// and the caller has to say what happens then. The bytes end in a NUL that is not counted, so that
// `c_str` can go to a system call; they may contain NULs themselves. A value type.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

#include "sluice/base/assert.hpp"

namespace sluice {

template <std::size_t Capacity>
class FixedString {
    static_assert(Capacity > 0);

public:
    FixedString() { bytes_[0] = '\0'; }
    FixedString(const FixedString& other) { copy_from(other); }
    FixedString& operator=(const FixedString& other) {
        if (this != &other) {
            copy_from(other);
        }
        return *this;
    }

    static constexpr std::size_t capacity() { return Capacity; }
    std::size_t size() const { return size_; }
    std::size_t room() const { return Capacity - size_; }
    bool is_empty() const { return size_ == 0; }
    std::string_view view() const { return {bytes_, size_}; }
    const char* c_str() const { return bytes_; }

    // False when `text` does not fit: nothing was appended. `text` may be a part of this string.
    [[nodiscard]] bool append(std::string_view text) {
        if (text.size() > room()) {
            return false;
        }
        if (text.empty()) {
            return true;
        }
        std::memmove(bytes_ + size_, text.data(), text.size());
        size_ += text.size();
        bytes_[size_] = '\0';
        return true;
    }
    [[nodiscard]] bool append(char byte) { return append(std::string_view(&byte, 1)); }

    // False when `text` does not fit: the string keeps what it was.
    [[nodiscard]] bool assign(std::string_view text) {
        if (text.size() > Capacity) {
            return false;
        }
        if (!text.empty()) {
            std::memmove(bytes_, text.data(), text.size());
        }
        size_ = text.size();
        bytes_[size_] = '\0';
        return true;
    }

    // Keeps the first `size` bytes; there must be that many.
    void truncate(std::size_t size) {
        SLUICE_ASSERT(size <= size_);
        size_ = size;
        bytes_[size_] = '\0';
    }
    void clear() { truncate(0); }

    friend bool operator==(const FixedString& a, const FixedString& b) {
        return a.view() == b.view();
    }
    friend bool operator==(const FixedString& a, std::string_view b) { return a.view() == b; }

private:
    // Only the bytes in use: a long, nearly empty string copies cheaply.
    void copy_from(const FixedString& other) {
        size_ = other.size_;
        std::memcpy(bytes_, other.bytes_, size_ + 1);
    }

    std::size_t size_ = 0;
    // Bytes past the NUL are never read, so the constructor writes the first only.
    char bytes_[Capacity + 1];
};

}  // namespace sluice
