// Arguments of TYPE, MODE, STRU, REST and ALLO.
//
// Errc::NotSupported means "known, not implemented" (504), Errc::BadArgument means 501. Numbers are
// plain decimals: no sign, no blank, no exponent, at most 2^63-1 (O-NUM-1; ProFTPD once took
// negative offsets, proftpd#2286). Pure, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::proto {

enum class TransferType : std::uint8_t { Ascii, Image };
// RFC 959 3.4; Deflate is MODE Z of draft-preston-ftpext-deflate.
enum class TransferMode : std::uint8_t { Stream, Block, Deflate };
// RFC 959 3.1.2.
enum class FileStructure : std::uint8_t { File, Record };

// A, A N, AN, I, L 8, L8 in any case; E, A T, A C and L with another number are known but not
// implemented. Blanks at the end are ignored.
Result<TransferType> parse_type(std::string_view argument);
// S, B, Z; C is known but not implemented.
Result<TransferMode> parse_mode(std::string_view argument);
// F, R; P is known but not implemented.
Result<FileStructure> parse_structure(std::string_view argument);

// A plain decimal of 0 to 2^63-1, nothing before or behind it.
Result<std::int64_t> parse_decimal(std::string_view text);
// REST (RFC 3659 5): a plain decimal.
inline Result<std::int64_t> parse_restart(std::string_view argument) {
    return parse_decimal(argument);
}

// ALLO n [R m] (RFC 959 4.1.3).
struct Allocation {
    std::int64_t bytes = 0;
    std::optional<std::int64_t> record_bytes;
};
Result<Allocation> parse_allocation(std::string_view argument);

}  // namespace sluice::proto
