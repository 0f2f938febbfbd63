// The types of the schema that are addresses and ports, and lists of names. Pure; any thread.
#pragma once

#include "config/value.hpp"

namespace sluice::config {

using Parsed = tl::expected<Value, Complaint>;

// The items of a list, which is one text with commas where there are no lists.
std::vector<std::string> items_of(const RawValue& raw);

Parsed parse_ipv4(const Field& field, const RawValue& raw);
// "A-B" or "A".
Parsed parse_ports(const Field& field, const RawValue& raw);
// "ADDR:PORT", "[ADDR6]:PORT" or "*:PORT", one or many.
Parsed parse_listen(const Field& field, const RawValue& raw);
// "ftp.example.org", none, one or many.
Parsed parse_host_names(const Field& field, const RawValue& raw);
// Texts, none, one or many; a comma separates them outside of a TOML list.
Parsed parse_words(const Field& field, const RawValue& raw);
Parsed parse_paths(const Field& field, const RawValue& raw);

}  // namespace sluice::config
