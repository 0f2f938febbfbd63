// The reply codes of every command: the file codes.txt beside this one, in memory.
//
// It answers three questions: which codes sluice may send (each is met by a case, or its row says
// why none can), which others RFC 959 section 5.4 and its successors allow a server, and which
// commands every server has (RFC 1123 section 4.1.2.13). Value type, any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "transcript.hpp"

namespace sluice::conform {

// A whole answer with its command: "MKD" and 257; a SITE command has two words.
struct Exchange {
    std::string command;
    int code = 0;
};

struct CodeRow {
    std::set<int> sends;
    std::set<int> unmet;  // of those, what no case can show; the file says why
    std::set<int> allowed;
    bool is_minimum = false;
};

class CodeTable {
public:
    static CodeTable parse(std::string_view text, std::optional<ParseError>& error);

    // A SITE command without a row of its own has the row of SITE; null for a command without one.
    const CodeRow* find(const std::string& command) const;
    bool is_legal(const std::string& command, int code) const;

    // What is wrong after a whole run, as sentences that say what to add and where; "" if nothing.
    std::string compare(const std::vector<Exchange>& seen) const;

private:
    bool add_unmet(std::string_view text);

    std::map<std::string, CodeRow, std::less<>> rows_;
};

}  // namespace sluice::conform
