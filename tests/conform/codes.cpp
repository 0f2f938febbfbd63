#include "codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace sluice::conform {
namespace {

// A server that ends may say so in place of any reply (RFC 959 section 5.4).
constexpr int kServiceUnavailable = 421;
// 500: a line that is too long; 501: a NUL in it. A file of many pages is a mistake.
constexpr std::size_t kLinesMax = 1000;

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// False when something in `text` is no reply code.
bool read_codes(std::string_view text, std::set<int>& out) {
    while (!(text = trim(text)).empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        int code = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
        if (error != std::errc() || end != word.data() + word.size() || code < 100 || code > 699) {
            return false;
        }
        out.insert(code);
        text.remove_prefix(word.size());
    }
    return true;
}

std::string list(const std::set<int>& codes) {
    std::string out;
    for (const int code : codes) {
        out += fmt::format(" {}", code);
    }
    return out;
}

}  // namespace

// COMMAND: codes [; also codes]
// COMMAND[, COMMAND...] codes -- why no case can show them
// minimum: COMMAND...
CodeTable CodeTable::parse(std::string_view text, std::optional<ParseError>& error) {
    CodeTable table;
    const auto fail = [&error](std::size_t line, std::string message) {
        if (!error) {
            error = ParseError{static_cast<std::uint32_t>(line), std::move(message)};
        }
    };
    for (std::size_t number = 1; !text.empty() && number <= kLinesMax && !error; ++number) {
        const std::size_t line_end = text.find('\n');
        const std::string_view line = trim(text.substr(0, line_end));
        text.remove_prefix(line_end == std::string_view::npos ? text.size() : line_end + 1);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const std::size_t reason = line.find(" -- ");
        if (reason != std::string_view::npos) {
            if (!table.add_unmet(line.substr(0, reason))) {
                fail(number, "expected 'COMMAND[, COMMAND...] codes -- why', below their rows");
            }
            continue;
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            fail(number, "expected 'COMMAND: codes' or 'COMMAND codes -- why'");
            continue;
        }
        const std::string command(trim(line.substr(0, colon)));
        std::string_view rest = line.substr(colon + 1);
        if (command == "minimum") {
            while (!(rest = trim(rest)).empty()) {
                const std::string_view word = rest.substr(0, rest.find(' '));
                table.rows_[std::string(word)].is_minimum = true;
                rest.remove_prefix(word.size());
            }
            continue;
        }
        CodeRow& row = table.rows_[command];
        constexpr std::string_view kAlso = "; also ";
        const std::size_t also = rest.find(kAlso);
        if (!row.sends.empty() || !read_codes(rest.substr(0, also), row.sends) ||
            (also != std::string_view::npos &&
             !read_codes(rest.substr(also + kAlso.size()), row.allowed))) {
            fail(number, fmt::format("'{}' has two rows, or what follows are no codes", command));
        }
    }
    for (const auto& [command, row] : table.rows_) {
        if (row.sends.empty()) {
            fail(0, fmt::format("'{}' has no row", command));
        }
    }
    return table;
}

// "MKD, SITE CHMOD 451 452".
bool CodeTable::add_unmet(std::string_view text) {
    // The codes begin behind a blank; the digits of XSHA1 do not.
    std::size_t blank = text.find(' ');
    while (blank != std::string_view::npos && blank + 1 < text.size() &&
           (text[blank + 1] < '1' || text[blank + 1] > '9')) {
        blank = text.find(' ', blank + 1);
    }
    std::set<int> codes;
    if (blank >= text.size() || !read_codes(text.substr(blank), codes)) {
        return false;
    }
    std::string_view commands = text.substr(0, blank);
    while (!commands.empty()) {
        const std::string_view command = commands.substr(0, commands.find(','));
        commands.remove_prefix(std::min(commands.size(), command.size() + 1));
        const auto row = rows_.find(trim(command));
        if (row == rows_.end()) {
            return false;
        }
        row->second.sends.insert(codes.begin(), codes.end());
        row->second.unmet.insert(codes.begin(), codes.end());
    }
    return true;
}

const CodeRow* CodeTable::find(const std::string& command) const {
    auto row = rows_.find(command);
    if (row == rows_.end()) {
        row = rows_.find(std::string_view(command).substr(0, 4));
    }
    return row == rows_.end() ? nullptr : &row->second;
}

bool CodeTable::is_legal(const std::string& command, int code) const {
    const CodeRow* const row = find(command);
    return row != nullptr && (code == kServiceUnavailable || row->sends.contains(code) ||
                              row->allowed.contains(code));
}

std::string CodeTable::compare(const std::vector<Exchange>& seen) const {
    std::map<std::string, std::set<int>> met;
    for (const Exchange& one : seen) {
        const bool is_known = rows_.contains(one.command);
        const std::string command = is_known ? one.command : one.command.substr(0, 4);
        if (one.code != kServiceUnavailable) {
            met[command].insert(one.code);
        }
    }
    std::string out;
    for (const auto& [command, row] : rows_) {
        std::set<int> missing;
        std::set_difference(row.sends.begin(), row.sends.end(), met[command].begin(),
                            met[command].end(), std::inserter(missing, missing.end()));
        std::erase_if(missing, [&row](int code) { return row.unmet.contains(code); });
        if (!missing.empty()) {
            out += fmt::format(
                "{}: no case has seen{}. Add a case that gets it (`> {} ...`, `< {} *`), or, where "
                "none can, a line `{}{} -- the reason` to tests/conform/codes.txt; a code that the "
                "server cannot send does not belong into its row.\n",
                command, list(missing), command, *missing.begin(), command, list(missing));
        }
        for (const int code : met[command]) {
            if (row.unmet.contains(code)) {
                out += fmt::format(
                    "{}: a case has seen {}, so tests/conform/codes.txt must not "
                    "say that none can; remove it from that line.\n",
                    command, code);
            } else if (!row.sends.contains(code)) {
                out += fmt::format(
                    "{}: the server sent {}, which its row in tests/conform/codes.txt does not "
                    "have. Where RFC 959 section 5.4, its successors or the extension's own text "
                    "allow it, write `{}:{} {}`; else the server is wrong.\n",
                    command, code, command, list(row.sends), code);
            }
        }
    }
    return out;
}

}  // namespace sluice::conform
