#include "sluice/proto/byte_range.hpp"

#include <optional>

#include "sluice/base/parse_number.hpp"

namespace sluice::proto {
namespace {

// The byte behind the last one has a number too, and it is not the one that means "to the end".
constexpr std::uint64_t kOffsetMax = static_cast<std::uint64_t>(ByteRange::kToTheEnd) - 2;

Result<std::int64_t> parse_offset(std::string_view text) {
    const Result<std::uint64_t> offset = parse_decimal<std::uint64_t>(text, 0, kOffsetMax);
    if (!offset) {
        return fail(Errc::BadArgument);
    }
    return static_cast<std::int64_t>(*offset);
}

// "start<separator>end" with start < end.
std::optional<ByteRange> parse_half_open(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const Result<std::int64_t> start = parse_offset(text.substr(0, at));
    const Result<std::int64_t> end = parse_offset(text.substr(at + 1));
    if (!start || !end || *start >= *end) {
        return std::nullopt;
    }
    return ByteRange(*start, *end);
}

// Where the last two words of `text` begin, counted with the separator before them.
std::size_t find_two_words(std::string_view text, char separator) {
    const std::size_t last = text.rfind(separator);
    if (last == std::string_view::npos || last == 0) {
        return std::string_view::npos;
    }
    return text.rfind(separator, last - 1);
}

// Digits, the separator, digits: meant as a range, whether it is a good one or not.
bool looks_like_range(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    return at != 0 && at + 1 < text.size() && text.find_first_not_of("0123456789") == at &&
           text.find_first_not_of("0123456789", at + 1) == std::string_view::npos;
}

Result<ChecksumArgument> parse_quoted(std::string_view argument) {
    std::size_t close = 1;
    while (true) {
        close = argument.find('"', close);
        if (close == std::string_view::npos) {
            return fail(Errc::BadArgument);
        }
        if (close + 1 >= argument.size() || argument[close + 1] != '"') {
            break;
        }
        close += 2;
    }
    ChecksumArgument parsed;
    parsed.is_quoted = true;
    parsed.path = argument.substr(1, close - 1);
    const std::string_view rest = argument.substr(close + 1);
    if (parsed.path.empty()) {
        return fail(Errc::BadArgument);
    }
    if (rest.empty()) {
        return parsed;
    }
    if (rest[0] != ' ' && rest[0] != ';') {
        return fail(Errc::BadArgument);
    }
    const std::optional<ByteRange> range = parse_half_open(rest.substr(1), rest[0]);
    if (!range) {
        return fail(Errc::BadArgument);
    }
    parsed.range = *range;
    return parsed;
}

}  // namespace

Result<ByteRange> parse_range(std::string_view argument) {
    const std::size_t blank = argument.find(' ');
    if (blank == std::string_view::npos) {
        return fail(Errc::BadArgument);
    }
    const Result<std::int64_t> first = parse_offset(argument.substr(0, blank));
    const Result<std::int64_t> last = parse_offset(argument.substr(blank + 1));
    if (!first || !last) {
        return fail(Errc::BadArgument);
    }
    if (*first == 1 && *last == 0) {
        return ByteRange();
    }
    if (*first > *last) {
        return fail(Errc::BadArgument);
    }
    return ByteRange(*first, *last + 1);
}

Result<ChecksumArgument> parse_checksum_argument(std::string_view argument) {
    if (argument.empty()) {
        return fail(Errc::BadArgument);
    }
    if (argument[0] == '"') {
        return parse_quoted(argument);
    }
    ChecksumArgument parsed;
    parsed.path = argument;
    for (const char separator : {';', ' '}) {
        const std::size_t at = find_two_words(argument, separator);
        if (at == std::string_view::npos || at == 0) {
            continue;
        }
        const std::string_view words = argument.substr(at + 1);
        if (!looks_like_range(words, separator)) {
            continue;
        }
        const std::optional<ByteRange> range = parse_half_open(words, separator);
        if (!range) {
            return fail(Errc::BadArgument);
        }
        parsed.path = argument.substr(0, at);
        parsed.range = *range;
        parsed.may_be_all_name = true;
        break;
    }
    return parsed;
}

}  // namespace sluice::proto
