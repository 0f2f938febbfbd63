#include "sluice/proto/options.hpp"

#include "sluice/proto/verb.hpp"

namespace sluice::proto {

namespace {

// "Z LEVEL 6"; false for anything else, also for the ENGINE and METHOD of the draft, of which there
// is only one.
bool parse_deflate_level(std::string_view value, std::uint8_t& level) {
    constexpr std::string_view kPrefix = "Z LEVEL ";
    if (value.size() != kPrefix.size() + 1 ||
        !equal_ignoring_case(value.substr(0, kPrefix.size()), kPrefix)) {
        return false;
    }
    const char digit = value.back();
    if (digit < '0' || digit > '9') {
        return false;
    }
    level = static_cast<std::uint8_t>(digit - '0');
    return true;
}

}  // namespace

OptionRequest parse_options(std::string_view argument) {
    while (!argument.empty() && argument.back() == ' ') {
        argument.remove_suffix(1);
    }
    const std::size_t blank = argument.find(' ');
    const std::string_view name = argument.substr(0, blank);
    const std::string_view value =
        blank == std::string_view::npos ? std::string_view() : argument.substr(blank + 1);
    OptionRequest request;
    if (equal_ignoring_case(name, "UTF8") || equal_ignoring_case(name, "UTF-8")) {
        if (value.empty() || equal_ignoring_case(value, "ON")) {
            request.kind = OptionKind::Utf8On;
        } else if (equal_ignoring_case(value, "OFF")) {
            request.kind = OptionKind::Utf8Off;
        } else if (equal_ignoring_case(value, "NLST")) {
            request.kind = OptionKind::Utf8Nlst;
        } else {
            request.kind = OptionKind::Malformed;
        }
    } else if (equal_ignoring_case(name, "MLST")) {
        // A fact list holds no blanks (RFC 3659 7.9).
        if (value.find(' ') != std::string_view::npos) {
            request.kind = OptionKind::Malformed;
        } else {
            request.kind = OptionKind::MlstFacts;
            request.facts = parse_facts(value);
        }
    } else if (equal_ignoring_case(name, "MODE")) {
        request.kind = parse_deflate_level(value, request.level) ? OptionKind::DeflateLevel
                                                                 : OptionKind::Malformed;
    } else if (equal_ignoring_case(name, "HASH")) {
        request.kind = OptionKind::Hash;
        request.value = value;
    } else if (equal_ignoring_case(name, "STOR")) {
        constexpr std::string_view kWord = "HASH";
        const std::string_view word = value.substr(0, value.find(' '));
        const bool is_known = equal_ignoring_case(word, kWord) && word.size() < value.size();
        request.kind = is_known ? OptionKind::StoreHash : OptionKind::Malformed;
        if (is_known) { request.value = value.substr(kWord.size() + 1); }
    }
    return request;
}

}  // namespace sluice::proto
