#include "crc32c.hpp"

#include <array>
#include <cstring>

namespace sluice::load {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables = {};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
        }
        tables[0][i] = value;
    }
    for (std::size_t t = 1; t < 8; ++t) {
        for (std::size_t i = 0; i < 256; ++i) {
            const std::uint32_t shorter = tables[t - 1][i];
            tables[t][i] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
        }
    }
    return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::uint32_t before, Bytes more) {
    std::uint32_t value = ~before;
    const std::uint8_t* at = more.data();
    std::size_t left = more.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);  // little-endian, as every target of sluice is
        word ^= value;
        value = 0;
        for (std::size_t byte = 0; byte < 8; ++byte) {
            value ^= kTables[7 - byte][(word >> (8 * byte)) & 0xFF];
        }
    }
    for (; left > 0; ++at, --left) {
        value = (value >> 8) ^ kTables[0][(value ^ *at) & 0xFF];
    }
    return ~value;
}

}  // namespace sluice::load
