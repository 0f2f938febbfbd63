// Results as a file: JSON of the schema "sluice-load/1", written and read back. FORMAT.md says what
// each field means. What is read back has the same histograms, bucket by bucket, so that files can
// be merged and compared. Fields are added within a version; another meaning is another version.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "parsed.hpp"
#include "report.hpp"

namespace sluice::load {

inline constexpr const char* kSchema = "sluice-load/1";
// A week of seconds: what a longer file says beyond them is not read.
inline constexpr std::size_t kSecondsMax = 7 * 24 * 3600;

// With a line end.
std::string to_json(const Report& report);

// Of the options only what a report shows comes back: URL, scenario, label, load and durations.
Parsed<Report> from_json(std::string_view text);

}  // namespace sluice::load
