#include "config/toml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "config/corrected_toml.hpp"
#include "config/source_text.hpp"

namespace sluice::config {
namespace {

void report(Diagnostics& diagnostics, Place place, std::string message, std::string hint = "") {
    Diagnostic diagnostic;
    diagnostic.place = std::move(place);
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    diagnostics.add(std::move(diagnostic));
}

// The limits that keep toml++ within bounded stack. One message is enough: a file that breaks them
// is no configuration.
bool is_within_limits(const SourceText& source, Diagnostics& diagnostics) {
    for (std::size_t n = 1; n <= source.line_count(); ++n) {
        const std::string_view line = source.line(n);
        const auto dots = static_cast<std::size_t>(std::count(line.begin(), line.end(), '.'));
        if (line.size() <= kLineBytesMax && dots <= kDotsPerLineMax) {
            continue;
        }
        report(diagnostics, source.place(static_cast<std::uint32_t>(n), 1, 1),
               line.size() > kLineBytesMax
                   ? fmt::format("the line is longer than {} bytes", kLineBytesMax)
                   : fmt::format("the line has more than {} dots", kDotsPerLineMax));
        return false;
    }
    return true;
}

Place place_of(const SourceText& source, const toml::source_region& region) {
    // What spans lines is underlined to the end of its first one; render() cuts there.
    const std::uint32_t length = region.end.line == region.begin.line
                                     ? region.end.column - region.begin.column
                                     : static_cast<std::uint32_t>(kLineBytesMax);
    return source.place(region.begin.line, region.begin.column, length);
}

// toml++ says "Error while parsing key-value pair: expected value, saw '\n'".
std::string syntax_message(std::string_view description) {
    constexpr std::string_view kStart = "Error while parsing ";
    constexpr std::string_view kMacro = " (TOML_MAX_NESTED_VALUES)";
    if (description.starts_with(kStart)) {
        description.remove_prefix(kStart.size());
    }
    if (description.ends_with(kMacro)) {
        description.remove_suffix(kMacro.size());
    }
    return fmt::format("syntax error in {}", description);
}

// The faults of who does not know TOML: root = /srv, writable = yes, idle_timeout = 5m. By the
// words of toml++ 3.3.0; from another version there is no hint, and nothing worse.
std::string syntax_hint(std::string_view description) {
    struct Hint {
        std::string_view fault;
        std::string_view words;
    };
    constexpr Hint kHints[] = {
        {"could not determine value type", "texts want quotes; yes and no are true and false"},
        {"decimal integer: expected digit", "a number with a unit wants quotes"},
        {"key-value pair: expected a comment or whitespace",
         "what is more than a number wants quotes"},
        {"string: unescaped control characters", "is the closing quote missing?"},
    };
    const auto fits = [description](const Hint& hint) {
        return description.find(hint.fault) != description.npos;
    };
    const auto found = std::find_if(std::begin(kHints), std::end(kHints), fits);
    return found == std::end(kHints) ? "" : std::string(found->words);
}

// "key = value" as opposed to a header, which decides where the following keys belong.
bool is_assignment(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    return first != std::string_view::npos && line[first] != '[' &&
           line.find('=') != std::string_view::npos;
}

// Parses, blanking each line that is certainly at fault, until the text parses or the fault can not
// be laid to one line; then what stands before it is still read.
std::optional<toml::table> parse_with_recovery(const SourceText& source, std::string_view text,
                                               Diagnostics& diagnostics) {
    std::string rest(text);
    for (std::size_t error = 0; error < kSyntaxErrorsMax; ++error) {
        toml::parse_result parsed = toml::parse(std::string_view(rest));
        if (parsed) {
            return std::move(parsed).table();
        }

        const toml::source_region& region = parsed.error().source();
        const std::string_view line = source.line(region.begin.line);
        const std::string_view description = parsed.error().description();
        report(diagnostics, place_of(source, region), syntax_message(description),
               syntax_hint(description));

        const std::size_t offset = source.offset(region.begin.line);
        const bool is_wrong_alone = !toml::parse(line);
        toml::parse_result before = toml::parse(std::string_view(rest).substr(0, offset));
        // A repeated key is right in itself, and what stands before it is complete.
        const bool is_repeated = before && !is_wrong_alone && is_assignment(line);
        if (line.empty() || !(is_wrong_alone || is_repeated)) {
            if (before) {
                return std::move(before).table();
            }
            return std::nullopt;
        }
        std::fill_n(rest.begin() + static_cast<std::ptrdiff_t>(offset), line.size(), ' ');
    }
    return std::nullopt;
}

std::string_view kind_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list of other things than texts";
        case toml::node_type::floating_point:
            return "a fraction";
        case toml::node_type::date:
            return "a date";
        case toml::node_type::time:
            return "a time of day";
        case toml::node_type::date_time:
            return "a date and time";
        default:
            return "something else";
    }
}

void read_array(const SourceText& source, const toml::array& array, TomlEntry& entry) {
    entry.raw.kind = RawValue::Kind::List;
    for (const toml::node& item : array) {
        const toml::value<std::string>* const text = item.as_string();
        if (text == nullptr) {
            entry.raw.kind = RawValue::Kind::Other;
            entry.raw.text = kind_name(array);
            return;
        }
        entry.raw.items.push_back(text->get());
        entry.item_places.push_back(place_of(source, item.source()));
    }
}

TomlEntry read_entry(const SourceText& source, std::string_view section, const toml::key& key,
                     const toml::node& node) {
    TomlEntry entry;
    entry.section = section;
    entry.name = key.str();
    entry.key_place = place_of(source, key.source());
    entry.value_place = place_of(source, node.source());
    if (const auto* text = node.as_string()) {
        entry.raw.kind = RawValue::Kind::String;
        entry.raw.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        entry.raw.kind = RawValue::Kind::Integer;
        entry.raw.text = fmt::format("{}", integer->get());
    } else if (const auto* boolean = node.as_boolean()) {
        entry.raw.kind = RawValue::Kind::Boolean;
        entry.raw.text = boolean->get() ? "true" : "false";
    } else if (const toml::array* array = node.as_array()) {
        read_array(source, *array, entry);
    } else {
        entry.raw.kind = RawValue::Kind::Other;
        entry.raw.text = kind_name(node);
    }
    return entry;
}

}  // namespace

TomlDocument read_toml(std::string_view file_name, std::string_view text,
                       Diagnostics& diagnostics) {
    TomlDocument document;
    const SourceText source(file_name, text);
    if (!is_within_limits(source, diagnostics)) {
        return document;
    }
    const std::optional<toml::table> root = parse_with_recovery(source, text, diagnostics);
    if (!root) {
        return document;
    }

    for (const auto& [key, node] : *root) {
        const toml::table* const section = node.as_table();
        if (section == nullptr) {
            document.entries.push_back(read_entry(source, "", key, node));
            continue;
        }
        TomlSection seen;
        seen.name = key.str();
        seen.place = place_of(source, key.source());
        document.sections.push_back(std::move(seen));
        for (const auto& [inner_key, inner_node] : *section) {
            document.entries.push_back(read_entry(source, key.str(), inner_key, inner_node));
        }
    }
    return document;
}

}  // namespace sluice::config
