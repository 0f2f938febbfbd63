#include "sluice/config/loader.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "config/schema.hpp"
#include "config/toml_reader.hpp"
#include "config/validate.hpp"
#include "config/value.hpp"
#include "sluice/base/assert.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::config {
namespace {

// As much of an unknown key as a message repeats.
constexpr std::size_t kShownKeyBytesMax = 80;

std::string did_you_mean(std::string_view word) {
    return word.empty() ? std::string() : fmt::format("did you mean '{}'?", word);
}

std::string near_section(std::string_view section) {
    std::vector<std::string_view> names;
    for (const Section& known : sections()) {
        names.push_back(known.name);
    }
    return std::string(near_miss(section, names));
}

// What the key may have been: first a key of the same section, then the same name elsewhere, then a
// similar name elsewhere. Within its section a key is named alone, as it would stand in the file,
// unless `is_full` asks for the whole of it.
std::string near_key(std::string_view section, std::string_view name, bool is_full) {
    std::vector<std::string_view> own;
    std::vector<std::string_view> all;
    for (const Field& field : fields()) {
        all.push_back(field.name);
        if (field.section == section) {
            own.push_back(field.name);
        }
    }
    const std::string_view near = near_miss(name, own);
    if (!near.empty()) {
        return is_full ? fmt::format("{}.{}", section, near) : std::string(near);
    }
    const std::string_view elsewhere = near_miss(name, all);
    for (const Field& field : fields()) {
        if (!elsewhere.empty() && field.name == elsewhere) {
            return field.key();
        }
    }
    return "";
}

// A key in a message: one line, bounded, whatever bytes were in quotes in the file.
std::string shown(std::string_view key) {
    std::string text = quoted(key, kShownKeyBytesMax);
    const std::size_t end = text.rfind('"');
    return text.substr(1, end - 1) + text.substr(end + 1);
}

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string environment_name(std::string_view key) {
    std::string name(kEnvironmentPrefix);
    for (const char c : key) {
        if (c == '.') {
            name += "__";
        } else {
            name += upper(c);
        }
    }
    return name;
}

}  // namespace

Loader::Loader() {
    for (const Field& field : fields()) {
        RawValue raw;
        raw.text = field.fallback;
        const tl::expected<Value, Complaint> value = parse_value(field, raw);
        SLUICE_ASSERT(value.has_value());  // the table is ours; a unit test names the row
        field.put(loaded_.snapshot, *value);
    }
    loaded_.places.resize(fields().size());
}

void Loader::report(Place place, std::string message, std::string hint) {
    Diagnostic diagnostic;
    diagnostic.place = std::move(place);
    diagnostic.message = std::move(message);
    diagnostic.hint = std::move(hint);
    loaded_.diagnostics.add(std::move(diagnostic));
}

void Loader::add_file(std::string_view file_name, std::string_view text) {
    if (text.size() > kFileBytesMax) {
        Place place;
        place.kind = Place::Kind::File;
        place.name = file_name;
        report(std::move(place), fmt::format("the file is larger than {} bytes", kFileBytesMax),
               "");
        return;
    }
    TomlDocument document = read_toml(file_name, text, loaded_.diagnostics);
    for (TomlSection& section : document.sections) {
        bool is_known = false;
        for (const Section& known : sections()) {
            is_known = is_known || known.name == section.name;
        }
        if (is_known) {
            continue;
        }
        report(std::move(section.place), fmt::format("unknown section '{}'", shown(section.name)),
               did_you_mean(near_section(section.name)));
        // One message for the section says it all; its keys would only repeat it.
        std::erase_if(document.entries,
                      [&](const TomlEntry& entry) { return entry.section == section.name; });
    }
    for (TomlEntry& entry : document.entries) {
        const std::optional<std::size_t> index = find_field(entry.section, entry.name);
        if (!index) {
            const bool is_top = entry.section.empty();
            const std::string key = is_top ? entry.name : entry.section + "." + entry.name;
            report(std::move(entry.key_place), fmt::format("unknown key '{}'", shown(key)),
                   did_you_mean(near_key(entry.section, entry.name, false)));
            continue;
        }
        const Field& field = fields()[*index];
        const tl::expected<Value, Complaint> value = parse_value(field, entry.raw);
        if (!value) {
            const std::size_t item = value.error().item;
            Place place = item < entry.item_places.size() ? entry.item_places[item]
                                                          : std::move(entry.value_place);
            report(std::move(place), fmt::format("'{}' {}", field.key(), value.error().text),
                   value.error().hint);
            continue;
        }
        field.put(loaded_.snapshot, *value);
        loaded_.places[*index] = std::move(entry.value_place);
    }
}

void Loader::add_word(Place place, std::string_view key, std::string_view value) {
    const std::optional<std::size_t> index = find_field(key);
    SLUICE_ASSERT(index.has_value());  // the callers have looked
    const Field& field = fields()[*index];
    RawValue raw;
    raw.text = value;
    const tl::expected<Value, Complaint> parsed = parse_value(field, raw);
    if (!parsed) {
        report(std::move(place), fmt::format("'{}' {}", field.key(), parsed.error().text),
               parsed.error().hint);
        return;
    }
    field.put(loaded_.snapshot, *parsed);
    loaded_.places[*index] = std::move(place);
}

void Loader::add_environment(const char* const* environment) {
    // The kernel bounds the environment (ARG_MAX); the diagnostics bound what is kept of it.
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view variable = *environment;
        const std::size_t equals = variable.find('=');
        if (equals == std::string_view::npos || !variable.starts_with(kEnvironmentPrefix)) {
            continue;
        }
        const std::string_view name = variable.substr(0, equals);
        const std::string_view tail = name.substr(kEnvironmentPrefix.size());
        const std::size_t separator = tail.find("__");
        if (separator == std::string_view::npos) {
            continue;
        }

        std::string section(tail.substr(0, separator));
        std::string key(tail.substr(separator + 2));
        for (char& c : section) {
            c = lower(c);
        }
        for (char& c : key) {
            c = lower(c);
        }
        Place place;
        place.kind = Place::Kind::Environment;
        place.name = shown(name);
        // Only the exact spelling counts: of two that differ in case, which one would win?
        const std::string full = section + "." + key;
        if (find_field(full) && environment_name(full) == name) {
            add_word(std::move(place), full, variable.substr(equals + 1));
            continue;
        }
        const std::string section_near = near_section(section);
        const std::string near = near_key(section_near.empty() ? section : section_near, key, true);
        std::string hint;
        if (!near.empty()) {
            hint = did_you_mean(environment_name(near));
        }
        report(std::move(place), "unknown setting", std::move(hint));
    }
}

void Loader::add_flag(std::string_view flag, std::string_view key, std::string_view value) {
    Place place;
    place.kind = Place::Kind::Flag;
    place.name = flag;
    add_word(std::move(place), key, value);
}

void Loader::add_assignment(std::string_view flag, std::string_view assignment) {
    Place place;
    place.kind = Place::Kind::Flag;
    place.name = flag;
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        report(
            std::move(place),
            fmt::format("wants section.key=value; got {}", quoted(assignment, kShownKeyBytesMax)),
            "");
        return;
    }
    const std::string_view key = assignment.substr(0, equals);
    if (find_field(key)) {
        add_word(std::move(place), key, assignment.substr(equals + 1));
        return;
    }
    const std::size_t dot = key.find('.');
    const bool has_dot = dot != std::string_view::npos;
    const std::string_view section = has_dot ? key.substr(0, dot) : std::string_view();
    const std::string section_near = near_section(section);
    report(std::move(place), fmt::format("unknown key '{}'", shown(key)),
           did_you_mean(near_key(section_near.empty() ? section : section_near,
                                 has_dot ? key.substr(dot + 1) : key, true)));
}

Loaded Loader::finish() && {
    // Values that were refused are their defaults now, and checks between keys would complain about
    // what nobody wrote.
    if (loaded_.is_valid()) {
        validate(loaded_.snapshot, loaded_.places, loaded_.diagnostics);
    }
    return std::move(loaded_);
}

}  // namespace sluice::config
