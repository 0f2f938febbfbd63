// Record numbers and nonces: 64 bits, the highest byte first (RFC 8446 section 5.3, RFC 5288).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::tls {

inline constexpr std::size_t kCounterBytes = 8;

inline std::uint64_t read_counter(const std::uint8_t* bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kCounterBytes; ++i) {
        value = value << 8 | bytes[i];
    }
    return value;
}

inline void write_counter(std::uint8_t* bytes, std::uint64_t value) {
    for (std::size_t i = kCounterBytes; i-- > 0; value >>= 8) {
        bytes[i] = static_cast<std::uint8_t>(value & 0xFF);
    }
}

}  // namespace sluice::tls
