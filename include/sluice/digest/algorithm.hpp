// The digests that sluice computes, and their names on the wire.
//
// The names are IANA's "Hash Function Textual Names" (draft-bryan-ftpext-hash-02 3.1), and CRC32,
// which that registry leaves out and ProFTPD and SFTPGo list all the same. The order is that of the
// FEAT line: what is worth choosing comes first. Pure, any thread.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::digest {

enum class Algorithm : std::uint8_t { Sha256, Sha512, Sha1, Md5, Crc32 };

inline constexpr std::array kAlgorithms = {Algorithm::Sha256, Algorithm::Sha512, Algorithm::Sha1,
                                           Algorithm::Md5, Algorithm::Crc32};
inline constexpr std::size_t kAlgorithmCount = kAlgorithms.size();

using AlgorithmSet = std::bitset<kAlgorithmCount>;

// "SHA-256".
std::string_view name_of(Algorithm algorithm);
// By its name in any case of ASCII letters.
std::optional<Algorithm> find_algorithm(std::string_view name);
// "SHA-256*;SHA-512;SHA-1;MD5;CRC32": the list of the FEAT line, the star at the chosen one.
std::string feature_list(Algorithm chosen);

constexpr bool has(const AlgorithmSet& set, Algorithm algorithm) {
    return set[static_cast<std::size_t>(algorithm)];
}

}  // namespace sluice::digest
