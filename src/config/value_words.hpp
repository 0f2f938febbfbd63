// Why a value is refused, in words. Pure; any thread.
#pragma once

#include <string>

#include "config/value.hpp"

namespace sluice::config {

// How the value is repeated in a message: as it stands in the file.
std::string got(const RawValue& raw);
// It has not the form of its type: "wants a duration like ...; got ...".
tl::unexpected<Complaint> unwanted(const Field& field, const RawValue& raw);
// It is a number, and not one of the row's: "must be from ... to ...; got ...".
tl::unexpected<Complaint> out_of_range(const Field& field, const RawValue& raw);
// In words of its own.
tl::unexpected<Complaint> refused(std::string text);

}  // namespace sluice::config
