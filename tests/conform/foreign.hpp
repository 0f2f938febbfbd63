// What may be asked of a server that is not sluice: codes, and the formats that an RFC fixes.
//
// The words of a reply, the choice among the codes that RFC 959 allows a command, the layout of
// LIST and the order of a listing are every server's own. What is fixed: the class of each code,
// the path in 257, the numbers of 213 after SIZE and MDTM, the name in the 150 of STOU, the facts
// of RFC 3659, and all bytes of a file. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codes.hpp"
#include "pattern.hpp"

namespace sluice::conform {

struct ForeignServer {
    const CodeTable* codes = nullptr;
    std::string user = "anonymous";
    std::string password = "guest@example.org";
    bool has_tree = true;  // the runner can put files there and look at them
    bool writable = true;
};

enum class Fit : std::uint8_t { Yes, No, Lacks };

// Whether the code of `line` will do where sluice's own pattern is `pattern`. Lacks: the server
// does not offer this command, and need not. `is_long`: the command line had more bytes than a
// server must take, which RFC 959 lets it answer with 500.
Fit judge_code(const CodeTable& codes, const std::string& command, std::string_view pattern,
               std::string_view line, bool is_long = false);
// Whether the text behind a fitting code has the form that an RFC fixes for it; true where none
// does.
bool fits_text(const std::string& command, std::string_view pattern, std::string_view line,
               Variables& variables);
// A line of RFC 3659: the standard facts that both have are equal, and so is the name.
bool fits_facts(std::string_view pattern, std::string_view line, Variables& variables);

// Compares a listing in any order; "" or what is wrong. A pattern "..." accepts the rest.
std::string compare_listing(const std::string& command, const std::vector<std::string>& patterns,
                            const std::vector<std::string>& lines, Variables& variables);

// `bytes` as lines of a listing, made into patterns that match nothing else.
std::vector<std::string> patterns_of(std::string_view bytes);

}  // namespace sluice::conform
