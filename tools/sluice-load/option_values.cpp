#include "option_values.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "options_parse.hpp"
#include "sluice/base/parse_number.hpp"
#include "sluice/base/units.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::load {
namespace {

constexpr std::string_view kDataModes[] = {"epsv", "pasv", "eprt", "port"};
constexpr std::string_view kProgresses[] = {"auto", "line", "none", "tui"};
// Each in the order of its enumerators.
constexpr std::string_view kTlsModes[] = {"off", "explicit", "implicit"};
constexpr std::string_view kTlsResumes[] = {"none", "data", "all"};
constexpr std::string_view kTlsVersions[] = {"any", "1.2", "1.3"};
constexpr std::string_view kProtections[] = {"clear", "private"};
constexpr std::string_view kEngines[] = {"auto", "io_uring", "epoll"};

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <std::size_t kCount>
tl::unexpected<std::string> no_such(std::string_view word,
                                    const std::string_view (&names)[kCount]) {
    return refuse(fmt::format("'{}' is none of {}{}", word, fmt::join(names, ", "),
                              did_you_mean(word, names, kCount)));
}

template <std::size_t kCount>
std::size_t index_in(std::string_view word, const std::string_view (&names)[kCount]) {
    return static_cast<std::size_t>(std::find(names, names + kCount, word) - names);
}

// The enumerator at the place of the word.
template <class T, std::size_t kCount>
Parsed<T> choice(std::string_view text, const std::string_view (&names)[kCount]) {
    const std::size_t index = index_in(text, names);
    if (index == kCount) {
        return no_such(text, names);
    }
    return static_cast<T>(index);
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::string_view* names, std::size_t count) {
    const std::string_view near =
        config::near_miss(word, std::span<const std::string_view>(names, count));
    return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

Parsed<Duration> duration_value(std::string_view text) {
    const Result<Duration> duration = parse_duration(text);
    if (duration) {
        return *duration;
    }
    if (is_digits(text)) {
        return refuse(fmt::format("'{0}' has no unit: is it {0}s, {0}ms or {0}m?", text));
    }
    return refuse(duration.error() == Error(Errc::OutOfRange)
                      ? fmt::format("'{}' is longer than ten years", text)
                      : fmt::format("'{}' is no duration like 10s, 500ms or 1m30s", text));
}

Parsed<std::uint64_t> size_value(std::string_view text) {
    const Result<std::uint64_t> size = parse_size(text);
    if (size) {
        return *size;
    }
    if (is_digits(text)) {
        return refuse(fmt::format("'{0}' has no unit: is it {0}B, {0}KiB or {0}MiB?", text));
    }
    return refuse(size.error() == Error(Errc::OutOfRange)
                      ? fmt::format("'{}' is more than 64 bits can count", text)
                      : fmt::format("'{}' is no size like 4KiB, 1MB or 2GiB", text));
}

Parsed<Sizes> sizes_value(std::string_view text) {
    const std::size_t dots = text.find("..");
    const Parsed<std::uint64_t> min = size_value(text.substr(0, dots));
    if (!min) {
        return refuse(min.error());
    }
    Sizes sizes;
    sizes.min = *min;
    sizes.max = *min;
    if (dots == std::string_view::npos) {
        return sizes;
    }
    const Parsed<std::uint64_t> max = size_value(text.substr(dots + 2));
    if (!max) {
        return refuse(max.error());
    }
    if (*max < *min) {
        return refuse(fmt::format("'{}' ends before it begins", text));
    }
    sizes.kind = Sizes::Kind::Uniform;
    sizes.max = *max;
    return sizes;
}

Parsed<double> rate_value(std::string_view text) {
    const std::string digits(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
    // strtod alone would take "inf", "0x1p3" and blanks.
    const bool is_plain = !digits.empty() && digits.size() <= 32 &&
                          digits.find_first_not_of("0123456789.") == std::string::npos;
    char* end = nullptr;
    const double rate = is_plain ? std::strtod(digits.c_str(), &end) : 0;
    if (!is_plain || end != digits.c_str() + digits.size()) {
        return refuse(fmt::format("'{}' is no rate like 1000, 0.5 or 250/s", text));
    }
    if (rate <= 0 || rate > kRateMax) {
        return refuse(
            fmt::format("the rate is above 0 and at most {:.0f}/s, not '{}'", kRateMax, text));
    }
    return rate;
}

Parsed<std::uint64_t> count_value(std::string_view text, std::uint64_t min, std::uint64_t max) {
    const Result<std::uint64_t> count = parse_decimal<std::uint64_t>(text, min, max);
    if (count) {
        return *count;
    }
    return refuse(max == ~std::uint64_t{0}
                      ? fmt::format("'{}' is no whole number of at least {}", text, min)
                      : fmt::format("'{}' is no whole number from {} to {}", text, min, max));
}

Parsed<std::string> network_value(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    in_addr v4{};
    in6_addr v6{};
    const bool is_v4 = inet_pton(AF_INET, address.c_str(), &v4) == 1;
    const bool is_v6 = !is_v4 && inet_pton(AF_INET6, address.c_str(), &v6) == 1;
    const bool has_prefix =
        slash == std::string_view::npos ||
        parse_decimal<std::uint8_t>(text.substr(slash + 1), 0, is_v4 ? 32 : 128).has_value();
    if ((!is_v4 && !is_v6) || !has_prefix) {
        return refuse(fmt::format("'{}' is no network like 127.0.0.0/16 or fd00::/64", text));
    }
    return std::string(text);
}

Parsed<DataMode> data_mode_value(std::string_view text) {
    return choice<DataMode>(text, kDataModes);
}

Parsed<TlsMode> tls_mode_value(std::string_view text) {
    return choice<TlsMode>(text, kTlsModes);
}

Parsed<TlsResume> tls_resume_value(std::string_view text) {
    return choice<TlsResume>(text, kTlsResumes);
}

Parsed<TlsVersion> tls_version_value(std::string_view text) {
    return choice<TlsVersion>(text, kTlsVersions);
}

Parsed<bool> data_protection_value(std::string_view text) {
    return choice<bool>(text, kProtections);
}

Parsed<Options::Progress> progress_value(std::string_view text) {
    switch (index_in(text, kProgresses)) {
        case 0:
            return Options::Progress::Auto;
        case 1:
            return Options::Progress::Line;
        case 2:
            return Options::Progress::None;
        case 3:
            return Options::Progress::Tui;
        default:
            return no_such(text, kProgresses);
    }
}

Parsed<std::string> congestion_value(std::string_view text) {
    // TCP_CA_NAME_MAX of Linux is 16 with its NUL.
    constexpr std::size_t kNameMax = 15;
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    if (text.empty() || text.size() > kNameMax ||
        text.find_first_not_of(kLetters) != std::string_view::npos) {
        return refuse(fmt::format("'{}' is no name like cubic, reno or bbr", text));
    }
    return std::string(text);
}

Parsed<std::string> engine_value(std::string_view text) {
    if (index_in(text, kEngines) == std::size(kEngines)) {
        return no_such(text, kEngines);
    }
    return std::string(text);
}

}  // namespace sluice::load
