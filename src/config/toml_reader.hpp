// TOML text to entries with their places. Knows the grammar, not the keys.
//
// toml++ is included by toml_reader.cpp alone: it is large, and its exceptions are turned off by a
// macro that every includer would have to repeat.
// Pure; any thread; the work is bounded by the limits below.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.hpp"
#include "sluice/config/diagnostic.hpp"

namespace sluice::config {

// The longest value is a path of 4095 bytes; twice that leaves room for the key and for escapes.
inline constexpr std::size_t kLineBytesMax = 8192;
// toml++ makes a table of every part of a dotted key and destroys them recursively: without a
// bound, "a.a.a.a..." overflows the stack. Measured: 20,000 levels end an instrumented build. One
// line of 512 dots, in four nested values, under a header of 512, stays below 3,100.
inline constexpr std::size_t kDotsPerLineMax = 512;
// Syntax errors reported in one run; each costs another parse of the text.
inline constexpr std::size_t kSyntaxErrorsMax = 16;

struct TomlEntry {
    std::string section;  // "" for a key above the first section
    std::string name;
    Place key_place;
    Place value_place;
    RawValue raw;
    std::vector<Place> item_places;  // of a list
};

struct TomlSection {
    std::string name;
    Place place;
};

struct TomlDocument {
    std::vector<TomlSection> sections;
    std::vector<TomlEntry> entries;
};

// Reads what can be read and reports every syntax error it can be sure of. After a line that is
// wrong in itself the reading goes on behind it; where the fault may have begun on an earlier line
// (an open bracket), it ends, because everything further would be guesswork.
TomlDocument read_toml(std::string_view file_name, std::string_view text, Diagnostics& diagnostics);

}  // namespace sluice::config
