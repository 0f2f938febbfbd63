// Numbers as people read them: three digits that matter, and a unit. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::load {

std::string with_commas(std::uint64_t number);       // "221,870"
std::string amount(double number);                   // "0", "7.40", "74.0", "7,396"
std::string bytes_text(double bytes);                // "1.94 GB", powers of 1000 as for lines
std::string bits_per_second(double bytes_a_second);  // "15.5 Gbit/s"
std::string milliseconds(double ns);                 // "0.61", without the unit
std::string time_text(double ns);                    // "610 us", "4.90 ms", "1.20 s"
std::string percent(double share);                   // 0.714 -> "71 %"

// How many columns UTF-8 text takes, as long as none of it is wide.
std::size_t columns_of(std::string_view text);

}  // namespace sluice::load
