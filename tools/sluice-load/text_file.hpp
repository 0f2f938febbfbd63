// The files of the tool: workloads and reports, read and written whole.
//
// Called by main before and after the run, never during it. A report is written beside its name and
// renamed, so that a full disk leaves the report of yesterday and not half of today's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "parsed.hpp"

namespace sluice::load {

inline constexpr std::size_t kWorkloadBytesMax = 1 << 20;
// An hour of seconds and nine full histograms are below 2 MiB.
inline constexpr std::size_t kReportBytesMax = 64 << 20;

Parsed<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

// The number of bytes written.
Parsed<std::size_t> write_text_file(const std::string& path, std::string_view text);

}  // namespace sluice::load
