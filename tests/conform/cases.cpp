#include "cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::conform {
namespace {

using Lines = std::vector<std::string_view>;

struct Table {
    std::size_t line = 0;  // of `given`, 0-based
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> rows;
};

// A piece of the file: the beginning of all cases, or one `case`.
struct Section {
    std::string name;
    std::size_t first = 0;  // its lines, with the `case` line
    std::size_t end = 0;
    std::optional<Table> table;
};

// A value that leaves out the cases which use it.
constexpr std::string_view kNoValue = "-";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool starts_with_word(std::string_view line, std::string_view word) {
    return line.starts_with(word) && (line.size() == word.size() || line[word.size()] == ' ');
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Words and "quoted texts"; escapes stay as they are. False when a quote is never closed.
bool split_values(std::string_view line, std::vector<std::string>& out) {
    std::size_t i = 0;
    while (i < line.size()) {
        if (line[i] == ' ' || line[i] == '\t') {
            ++i;
            continue;
        }
        const bool quoted = line[i] == '"';
        const std::size_t begin = quoted ? i + 1 : i;
        std::size_t end = begin;
        while (end < line.size() && (quoted ? line[end] != '"' : line[end] != ' ')) {
            end += (line[end] == '\\' && end + 1 < line.size()) ? 2u : 1u;
        }
        if (quoted && end >= line.size()) {
            return false;
        }
        out.emplace_back(line.substr(begin, end - begin));
        i = quoted ? end + 1 : end;
    }
    return true;
}

using Values = std::vector<std::pair<std::string, std::string>>;

// `$name` of each value replaced; `used` takes the names that were.
std::string substitute(std::string_view text, const Values& values, std::set<std::string>& used) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            out.append(text.substr(i, 2));
            i += 2;
            continue;
        }
        std::size_t end = i + 1;
        while (text[i] == '$' && end < text.size() && is_name_char(text[end])) {
            ++end;
        }
        const std::string_view word = text.substr(i + 1, end - i - 1);
        const auto known = std::find_if(values.begin(), values.end(),
                                        [&](const auto& value) { return value.first == word; });
        if (known == values.end()) {
            out.push_back(text[i++]);
            continue;
        }
        used.insert(known->first);
        out.append(known->second);
        i = end;
    }
    return out;
}

class Splitter {
public:
    Splitter(const std::string& name, std::string_view text) : name_(name) {
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            lines_.push_back(text.substr(0, end));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }

    std::vector<Transcript> run(std::optional<ParseError>& error) {
        find_sections();
        expand();
        if (!error_ && out_.empty()) {
            fail(0, "no case is left: every row has '-'");
        }
        error = error_;
        return std::move(out_);
    }

private:
    void fail(std::size_t line, std::string message) {
        if (!error_) {
            error_ = ParseError{static_cast<std::uint32_t>(line + 1), std::move(message)};
        }
    }

    void find_sections() {
        sections_.push_back({name_, 0, 0, {}});
        for (std::size_t i = 0; i < lines_.size() && !error_; ++i) {
            const std::string_view line = trim(lines_[i]);
            if (starts_with_word(line, "case")) {
                sections_.back().end = i;
                sections_.push_back({std::string(trim(line.substr(4))), i, 0, {}});
                check_name(i, sections_.back().name);
            } else if (starts_with_word(line, "given")) {
                i = read_table(i);
            }
        }
        sections_.back().end = lines_.size();
    }

    void check_name(std::size_t line, const std::string& name) {
        if (name.empty() || name.find('#') != std::string::npos) {
            fail(line, "a case has a name, without '#'");
        }
        for (const Section& other : sections_) {
            if (&other != &sections_.back() && &other != &sections_.front() && other.name == name) {
                fail(line, fmt::format("two cases '{}'", name));
            }
        }
    }

    // Reads the table that begins at line `at`; returns its last line.
    std::size_t read_table(std::size_t at) {
        if (sections_.back().table) {
            fail(at, "one 'given' for the file and one for each case");
            return at;
        }
        Table table;
        table.line = at;
        (void)split_values(trim(lines_[at]).substr(5), table.names);
        if (table.names.empty()) {
            fail(at, "'given' wants names");
        }
        for (const std::string& name : table.names) {
            if (!std::all_of(name.begin(), name.end(), is_name_char)) {
                fail(at, fmt::format("'{}' is no name", name));
            }
        }
        std::size_t i = at + 1;
        for (; i < lines_.size() && trim(lines_[i]).starts_with('|'); ++i) {
            std::vector<std::string> row;
            if (!split_values(trim(lines_[i]).substr(1), row) || row.size() != table.names.size()) {
                fail(i, fmt::format("a row of {} values, not {}", table.names.size(), row.size()));
                return i;
            }
            table.rows.push_back(std::move(row));
        }
        if (table.rows.empty()) {
            fail(at, "a 'given' without rows");
        }
        sections_.back().table = std::move(table);
        return i - 1;
    }

    void expand() {
        const Section& beginning = sections_.front();
        for_each_row(beginning, {}, [&](const Values& values) {
            if (sections_.size() == 1) {
                add_case(beginning, nullptr, values);
                return;
            }
            for (std::size_t i = 1; i < sections_.size(); ++i) {
                for_each_row(sections_[i], values,
                             [&](const Values& all) { add_case(beginning, &sections_[i], all); });
            }
        });
    }

    template <class Visit>
    void for_each_row(const Section& section, const Values& outer, Visit visit) {
        if (!section.table) {
            if (!error_) {
                visit(outer);
            }
            return;
        }
        for (const std::vector<std::string>& row : section.table->rows) {
            Values values = outer;
            for (std::size_t i = 0; i < row.size(); ++i) {
                values.emplace_back(section.table->names[i], row[i]);
            }
            if (!error_) {
                visit(values);
            }
        }
    }

    // Lines that are no part of the case are blank in its text, so that line numbers stay true.
    void append_lines(const Section& section, std::size_t from, std::string& text) const {
        const std::size_t rows = section.table ? section.table->rows.size() : 0;
        for (std::size_t i = from; i < section.end; ++i) {
            const bool in_table =
                section.table && i >= section.table->line && i <= section.table->line + rows;
            if (!in_table) {
                text.append(lines_[i]);
            }
            text.push_back('\n');
        }
    }

    void add_case(const Section& beginning, const Section* section, const Values& values) {
        std::string text;
        append_lines(beginning, 0, text);
        std::string name = name_;
        if (section != nullptr) {
            text.append(section->first + 1 - beginning.end, '\n');
            append_lines(*section, section->first + 1, text);
            name.append(": ").append(section->name);
        } else if (!values.empty()) {
            name.append(": ").append(values.front().second);
        }
        std::set<std::string> used;
        name = substitute(name, values, used);
        text = substitute(text, values, used);
        for (const auto& [key, value] : values) {
            if (value == kNoValue && used.contains(key)) {
                return;
            }
        }
        if (out_.size() == kCasesMax) {
            fail(beginning.first, fmt::format("more than {} cases", kCasesMax));
            return;
        }
        if (!names_.insert(name).second) {
            fail(section != nullptr ? section->first : 0, fmt::format("two cases '{}'", name));
            return;
        }
        std::optional<ParseError> error;
        out_.push_back(parse_transcript(std::move(name), text, error));
        if (error && !error_) {
            error_ = std::move(error);
        }
    }

    const std::string& name_;
    Lines lines_;
    std::vector<Section> sections_;
    std::set<std::string> names_;
    std::vector<Transcript> out_;
    std::optional<ParseError> error_;
};

}  // namespace

std::vector<Transcript> parse_cases(const std::string& name, std::string_view text,
                                    std::optional<ParseError>& error) {
    return Splitter(name, text).run(error);
}

}  // namespace sluice::conform
