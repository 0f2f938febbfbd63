#include "sluice/proto/features.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "sluice/proto/site.hpp"

namespace sluice::proto {
namespace {

// Features that belong to no single command: RFC 3659 6 and RFC 2640 3.2.
constexpr auto kPlainFeatures = std::to_array<std::string_view>({"TVFS", "UTF8"});

constexpr std::size_t kFeatureLinesMax =
    kCommandTable.size() + kSiteTable.size() + kPlainFeatures.size();

bool is_denied(const CommandSet& denied, CommandId id) {
    return denied.test(static_cast<std::size_t>(id));
}

std::string_view yes_or_empty(bool value) {
    return value ? "yes" : "";
}

// The rows in alphabetical order; packed verbs compare that way.
std::array<const CommandRow*, kCommandTable.size()> sorted_rows() {
    std::array<const CommandRow*, kCommandTable.size()> rows;
    std::transform(kCommandTable.begin(), kCommandTable.end(), rows.begin(),
                   [](const CommandRow& row) { return &row; });
    std::sort(rows.begin(), rows.end(),
              [](const CommandRow* a, const CommandRow* b) { return a->verb < b->verb; });
    return rows;
}

// A bar ends a cell of a Markdown table.
void append_cell(std::string& page, std::string_view text) {
    page += ' ';
    for (const char c : text) {
        if (c == '|') {
            page += '\\';
        }
        page += c;
    }
    page += " |";
}

void append_syntax_cell(std::string& page, std::string_view name, std::string_view syntax) {
    std::string text = "`";
    text += name;
    if (!syntax.empty()) {
        text += ' ';
        text += syntax;
    }
    text += '`';
    append_cell(page, text);
}

}  // namespace

void append_features(ReplyBuffer& out, FactSet facts, const CommandSet& denied,
                     std::string_view digests) {
    std::array<std::string_view, kFeatureLinesMax> lines;
    std::size_t count = 0;
    for (const CommandRow& row : kCommandTable) {
        if (!row.feature.empty() && !is_denied(denied, row.id)) {
            lines[count++] = row.feature;
        }
    }
    if (!is_denied(denied, CommandId::Site)) {
        for (const SiteRow& row : kSiteTable) {
            if (!row.feature.empty()) {
                lines[count++] = row.feature;
            }
        }
    }
    for (const std::string_view line : kPlainFeatures) {
        lines[count++] = line;
    }
    std::sort(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count));

    begin_reply(out, ReplyCode::SystemStatus, "Features:");
    for (std::size_t i = 0; i < count; ++i) {
        std::string text(1, ' ');
        if (lines[i] == command_row(CommandId::Mlst).feature) {
            append_facts_feature(text, facts);
        } else {
            text += lines[i];
            if (lines[i] == command_row(CommandId::Hash).feature) {
                text += ' ';
                text += digests;
            }
        }
        append_reply_line(out, text);
    }
    end_reply(out, ReplyCode::SystemStatus, "End");
}

void append_help(ReplyBuffer& out, const CommandSet& denied) {
    constexpr std::size_t kVerbsPerLine = 8;  // lines of 72 columns
    begin_reply(out, ReplyCode::Help, "The following commands are recognized.");
    std::string line;
    std::size_t in_line = 0;
    for (const CommandRow* row : sorted_rows()) {
        if (row->flags.is_alias || is_denied(denied, row->id)) {
            continue;
        }
        line += ' ';
        const Verb::Text verb = row->verb.text();
        line += verb.view();
        line.append(Verb::kLettersMax - verb.size, ' ');
        if (++in_line == kVerbsPerLine) {
            append_reply_line(out, line);
            line.clear();
            in_line = 0;
        }
    }
    if (in_line != 0) {
        append_reply_line(out, line);
    }
    end_reply(out, ReplyCode::Help, "HELP <command> shows its syntax.");
}

void append_command_help(ReplyBuffer& out, std::string_view name) {
    while (!name.empty() && name.back() == ' ') {
        name.remove_suffix(1);
    }
    const Verb verb(name);
    const CommandRow* const row = find_command(verb);
    if (row != nullptr && row->id == CommandId::Site) {
        return append_site_help(out);
    }
    if (row != nullptr) {
        const Verb::Text letters = verb.text();
        const std::string_view blank = row->syntax.empty() ? "" : " ";
        append_reply(out, ReplyCode::Help, {"Syntax: ", letters.view(), blank, row->syntax});
    } else if (find_unimplemented(verb) != nullptr) {
        append_reply(out, ReplyCode::NotImplemented, "Command not implemented.");
    } else {
        append_reply(out, ReplyCode::BadArgument, "Unknown command.");
    }
}

std::string command_page() {
    std::string page =
        "# FTP commands\n\n"
        "| command | before login | during a transfer | specified in |\n"
        "|---|---|---|---|\n";
    for (const CommandRow* row : sorted_rows()) {
        page += '|';
        const Verb::Text verb = row->verb.text();
        append_syntax_cell(page, verb.view(), row->syntax);
        append_cell(page, yes_or_empty(command_row(row->id).flags.before_login));
        append_cell(page, yes_or_empty(command_row(row->id).flags.during_transfer));
        append_cell(page, row->reference);
        page += '\n';
    }
    page += "\n## SITE commands\n\n| command |\n|---|\n";
    for (const SiteRow& row : kSiteTable) {
        std::string name = "SITE ";
        name += row.name;
        page += '|';
        append_syntax_cell(page, name, row.syntax);
        page += '\n';
    }
    page += "\n## Known, not implemented: `502`\n\n| command | specified in |\n|---|---|\n";
    for (const UnimplementedVerb& entry : kUnimplementedVerbs) {
        page += '|';
        const Verb::Text verb = entry.verb.text();
        append_syntax_cell(page, verb.view(), "");
        append_cell(page, entry.reference);
        page += '\n';
    }
    return page;
}

}  // namespace sluice::proto
