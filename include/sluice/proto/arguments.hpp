// Arguments of several words, of which some are names: SITE COPY, SITE SYMLINK, COMB.
//
// A name with blanks stands in double quotes, a quote within it is doubled, as in the answer to PWD
// (RFC 959 appendix II); WinSCP and FluentFTP write them so. Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::proto {

// The words of `argument`, without their quotes. BadArgument for a quote that is not closed or has
// bytes right behind it, for an empty word in quotes, and for more than `words_max` words.
Result<std::vector<std::string>> split_words(std::string_view argument, std::size_t words_max);

// One name: the whole argument byte for byte, or what stands in the quotes around it.
Result<std::string> unquote(std::string_view argument);

}  // namespace sluice::proto
