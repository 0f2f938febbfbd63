#include "sluice/proto/type_mode.hpp"

#include <limits>

#include "sluice/proto/verb.hpp"

namespace sluice::proto {
namespace {

std::string_view without_blanks_at_end(std::string_view text) {
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

// The one letter of MODE and STRU, in upper case; NUL when it is not one letter.
char single_letter(std::string_view argument) {
    const std::string_view text = without_blanks_at_end(argument);
    return text.size() == 1 ? ascii_upper(text.front()) : '\0';
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text) {
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (text.empty()) {
        return fail(Errc::BadArgument);
    }
    std::int64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return fail(Errc::BadArgument);
        }
        const std::int64_t digit = c - '0';
        if (value > (kMax - digit) / 10) {
            return fail(Errc::BadArgument);
        }
        value = value * 10 + digit;
    }
    return value;
}

Result<TransferType> parse_type(std::string_view argument) {
    std::string_view text = without_blanks_at_end(argument);
    if (text.empty()) {
        return fail(Errc::BadArgument);
    }
    const char letter = ascii_upper(text.front());
    text.remove_prefix(1);
    // "A N" and "AN" are the same; devices send both.
    if (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    switch (letter) {
        case 'A':
        case 'E':
            if (!text.empty()) {
                const char form = text.size() == 1 ? ascii_upper(text.front()) : '\0';
                if (form == 'T' || form == 'C') {
                    return fail(Errc::NotSupported);
                }
                if (form != 'N') {
                    return fail(Errc::BadArgument);
                }
            }
            if (letter == 'E') {
                return fail(Errc::NotSupported);
            }
            return TransferType::Ascii;
        case 'I':
            if (!text.empty()) {
                return fail(Errc::BadArgument);
            }
            return TransferType::Image;
        case 'L': {
            const Result<std::int64_t> bits = parse_decimal(text);
            if (!bits) {
                return fail(Errc::BadArgument);
            }
            if (*bits != 8) {
                return fail(Errc::NotSupported);
            }
            return TransferType::Image;
        }
        default:
            return fail(Errc::BadArgument);
    }
}

Result<TransferMode> parse_mode(std::string_view argument) {
    switch (single_letter(argument)) {
        case 'S':
            return TransferMode::Stream;
        case 'B':
            return TransferMode::Block;
        case 'Z':
            return TransferMode::Deflate;
        case 'C':
            return fail(Errc::NotSupported);
        default:
            return fail(Errc::BadArgument);
    }
}

Result<FileStructure> parse_structure(std::string_view argument) {
    switch (single_letter(argument)) {
        case 'F':
            return FileStructure::File;
        case 'R':
            return FileStructure::Record;
        case 'P':
            return fail(Errc::NotSupported);
        default:
            return fail(Errc::BadArgument);
    }
}

Result<Allocation> parse_allocation(std::string_view argument) {
    const std::string_view text = without_blanks_at_end(argument);
    const std::size_t blank = text.find(' ');
    const Result<std::int64_t> bytes = parse_decimal(text.substr(0, blank));
    if (!bytes) {
        return fail(bytes.error());
    }
    Allocation allocation;
    allocation.bytes = *bytes;
    if (blank == std::string_view::npos) {
        return allocation;
    }

    const std::string_view rest = text.substr(blank + 1);
    if (rest.size() < 2 || ascii_upper(rest[0]) != 'R' || rest[1] != ' ') {
        return fail(Errc::BadArgument);
    }
    const Result<std::int64_t> record = parse_decimal(rest.substr(2));
    if (!record) {
        return fail(record.error());
    }
    allocation.record_bytes = *record;
    return allocation;
}

}  // namespace sluice::proto
