// The named cases of a transcript file: each is a whole transcript of its own.
//
// A file without `case` lines is one case. In one with them, what stands before the first is the
// beginning of every case, so a failure in one hides nothing in the next. A `given` table
// multiplies the file (before the first step) or one case (below its `case` line): its names stand
// for the values of a row, as text, wherever `$name` is written. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transcript.hpp"

namespace sluice::conform {

// What one file may expand to: a table of all commands and a dozen kinds of arguments is 700.
inline constexpr std::size_t kCasesMax = 2000;

// All cases of `text`, in order; the first names the line when something is wrong with the file.
// `name` is the file's; a case of it is called "name: case".
std::vector<Transcript> parse_cases(const std::string& name, std::string_view text,
                                    std::optional<ParseError>& error);

}  // namespace sluice::conform
