// The words of tls.rules, for reading and for printing.
#pragma once

#include <array>
#include <string_view>

namespace sluice::config {

// In the order of TlsNeed; the first three are those of tls.mode.
inline constexpr std::array<std::string_view, 4> kTlsNeedWords = {"off", "optional", "required",
                                                                  "data"};
// In the order of TlsUsers; All is said by leaving "for" out.
inline constexpr std::array<std::string_view, 3> kTlsUsersWords = {"", "anonymous", "named"};

}  // namespace sluice::config
