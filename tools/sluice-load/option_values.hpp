// The values of options and of a workload file: each from text, or a sentence that says what would
// have been right. Shared so that a file and a flag accept the same. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "options.hpp"
#include "parsed.hpp"

namespace sluice::load {

Parsed<Duration> duration_value(std::string_view text);
Parsed<std::uint64_t> size_value(std::string_view text);
Parsed<Sizes> sizes_value(std::string_view text);  // "1MiB", "4KiB..1MiB"
Parsed<double> rate_value(std::string_view text);  // "1000", "0.5/s"
Parsed<std::uint64_t> count_value(std::string_view text, std::uint64_t min, std::uint64_t max);
Parsed<std::string> network_value(std::string_view text);  // "127.0.0.0/16", "::1/128"
Parsed<DataMode> data_mode_value(std::string_view text);
Parsed<Options::Progress> progress_value(std::string_view text);
Parsed<std::string> engine_value(std::string_view text);
Parsed<TlsMode> tls_mode_value(std::string_view text);
Parsed<TlsResume> tls_resume_value(std::string_view text);
Parsed<TlsVersion> tls_version_value(std::string_view text);
Parsed<bool> data_protection_value(std::string_view text);  // private is true
// A name that may be a congestion control; whether this system has it shows when it is tried.
Parsed<std::string> congestion_value(std::string_view text);

// "; did you mean 'x'?" or "".
std::string did_you_mean(std::string_view word, const std::string_view* names, std::size_t count);

}  // namespace sluice::load
