#include "table_file.hpp"

#include <algorithm>
#include <cstdint>

#include "option_values.hpp"

namespace sluice::load {
namespace {

// toml++ recurses once for every dot of a key; this many fit any stack.
constexpr std::size_t kLineBytesMax = 16 * 1024;
constexpr std::size_t kDotsPerLineMax = 2000;

}  // namespace

std::optional<toml::table> TableFile::parse() {
    if (!is_within_limits()) {
        return std::nullopt;
    }
    toml::parse_result parsed = toml::parse(text_);
    if (!parsed) {
        wrong(parsed.error().source(),
              fmt::format("syntax error: {}", parsed.error().description()));
        return std::nullopt;
    }
    return std::move(parsed).table();
}

bool TableFile::is_within_limits() {
    for (std::size_t n = 1; n <= source_.line_count(); ++n) {
        const std::string_view line = source_.line(n);
        const auto dots = static_cast<std::size_t>(std::count(line.begin(), line.end(), '.'));
        if (line.size() > kLineBytesMax || dots > kDotsPerLineMax) {
            add(source_.place(static_cast<std::uint32_t>(n), 1, 1),
                "the line is too long or has too many dots", "");
            return false;
        }
    }
    return true;
}

void TableFile::add(config::Place place, std::string message, std::string hint) {
    config::Diagnostic diagnostic;
    diagnostic.place = std::move(place);
    // "file:3" of the server's configuration has no column; a workload line may hold a table.
    diagnostic.message = fmt::format("column {}: {}", diagnostic.place.column, message);
    diagnostic.hint = std::move(hint);
    diagnostics_.add(std::move(diagnostic));
}

void TableFile::wrong(const toml::source_region& region, std::string message, std::string hint) {
    const std::uint32_t length = region.end.line == region.begin.line
                                     ? region.end.column - region.begin.column
                                     : static_cast<std::uint32_t>(kLineBytesMax);
    add(source_.place(region.begin.line, region.begin.column, length), std::move(message),
        std::move(hint));
}

void TableFile::wrong_altogether(std::string message) {
    add(source_.place(1, 1, 1), std::move(message), "");
}

void TableFile::check_keys(const toml::table& table, const char* where,
                           std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) {
            continue;
        }
        std::string near = did_you_mean(key.str(), known.begin(), known.size());
        wrong(key.source(), fmt::format("{} has no key '{}'", where, std::string(key.str())),
              near.empty() ? fmt::format("it has {}", fmt::join(known, ", ")) : near.substr(2));
    }
}

// The text of a value that is one; integers and fractions are taken as written when `is_number`.
std::optional<std::string> TableFile::text_of(const toml::node& node, const char* key,
                                              bool is_number) {
    if (is_number) {
        if (const auto* integer = node.as_integer()) {
            return fmt::format("{}", integer->get());
        }
        if (const auto* fraction = node.as_floating_point()) {
            // Without an exponent, which no parser of ours reads.
            return fmt::format("{:f}", fraction->get());
        }
    } else if (const auto* text = node.as_string()) {
        return text->get();
    }
    wrong(node.source(),
          fmt::format("'{}' is {}", key, is_number ? "a number" : "a text in quotes"));
    return std::nullopt;
}

}  // namespace sluice::load
