#include "sluice/config/print.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "config/value.hpp"

namespace sluice::config {
namespace {

// Comments are wrapped to a terminal of 80.
constexpr std::size_t kCommentColumns = 78;

void append_comment(std::string& out, std::string_view text) {
    while (!text.empty()) {
        std::size_t cut = text.size();
        if (cut > kCommentColumns) {
            cut = text.rfind(' ', kCommentColumns);
            // A word longer than the line stands alone.
            if (cut == std::string_view::npos) {
                cut = text.find(' ');
            }
            if (cut == std::string_view::npos) {
                cut = text.size();
            }
        }
        fmt::format_to(std::back_inserter(out), "# {}\n", text.substr(0, cut));
        text.remove_prefix(cut < text.size() ? cut + 1 : cut);
    }
}

std::string toml_value(const Field& field, const Value& value) {
    if (field.type == Type::Boolean || field.type == Type::Integer) {
        return format_value(field, value);
    }
    if (field.type != Type::ListenList && field.type != Type::HostNames &&
        field.type != Type::Words && field.type != Type::Paths && field.type != Type::TlsRules) {
        return quoted(format_value(field, value));
    }
    std::vector<std::string> items = format_items(value);
    for (std::string& item : items) {
        item = quoted(item);
    }
    return fmt::format("[{}]", fmt::join(items, ", "));
}

// The three callbacks add what stands above a section, above a field, and behind a value.
template <class AboveSection, class AboveField, class Behind>
std::string print(const Snapshot& snapshot, AboveSection above_section, AboveField above_field,
                  Behind behind) {
    std::string out;
    for (const Section& section : sections()) {
        if (!out.empty()) {
            out += '\n';
        }
        above_section(out, section);
        fmt::format_to(std::back_inserter(out), "[{}]\n", section.name);
        for (std::size_t i = 0; i < fields().size(); ++i) {
            const Field& field = fields()[i];
            if (field.section != section.name) {
                continue;
            }
            above_field(out, field);
            fmt::format_to(std::back_inserter(out), "{} = {}", field.name,
                           toml_value(field, field.get(snapshot)));
            behind(out, i);
            out += '\n';
        }
    }
    return out;
}

constexpr auto kNothing = [](std::string&, const auto&) {};

}  // namespace

std::string print_config(const Snapshot& snapshot) {
    return print(snapshot, kNothing, kNothing, kNothing);
}

std::string print_default_config() {
    std::string out =
        "# Configuration of sluiced with every key and its default.\n"
        "# Flags override the environment (SLUICE_<SECTION>__<KEY>), which overrides\n"
        "# this file.\n\n";
    out += print(
        Snapshot{},
        [](std::string& text, const Section& section) { append_comment(text, section.help); },
        [](std::string& text, const Field& field) {
            text += '\n';
            append_comment(text, field.help);
            append_comment(text, fmt::format("({})", describe(field)));
        },
        kNothing);
    return out;
}

std::string print_config_with_places(const Loaded& loaded) {
    return print(loaded.snapshot, kNothing, kNothing, [&](std::string& text, std::size_t index) {
        // A file name is quoted: a line end in it would end the comment.
        const std::string place = quoted(loaded.places[index].text());
        fmt::format_to(std::back_inserter(text), "  # {}",
                       std::string_view(place).substr(1, place.size() - 2));
    });
}

}  // namespace sluice::config
