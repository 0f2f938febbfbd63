// The texts of a transcript at run time: escapes, variables, and the `*` of expected replies.
//
// In what a client sends, `$name` is replaced by the variable's value. In what is expected, `*`
// stands for any bytes, and `$name` for the variable's value if it has one; otherwise it takes what
// is there, as `*` does, and remembers it. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace sluice::conform {

using Variables = std::map<std::string, std::string, std::less<>>;

// Escapes and known variables replaced; an unknown `$name` stays as it is.
std::string expand(std::string_view text, const Variables& variables);

// True when `pattern` matches the whole `line`; only then `variables` may have grown.
bool matches(std::string_view pattern, std::string_view line, Variables& variables);

// As matches(), where the pattern may begin with several codes: "226|225 *".
bool matches_reply(std::string_view pattern, std::string_view line, Variables& variables);

// Bytes made readable for a report, at most `bytes_max` of them.
std::string printable(std::string_view bytes, std::size_t bytes_max = 300);

}  // namespace sluice::conform
