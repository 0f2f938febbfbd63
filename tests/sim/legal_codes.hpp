// Which replies a command may have: the lists of RFC 959 section 5.4, with what its successors and
// the house rules of the server add (451 for EIO and exhausted resources on any command that
// touches the tree). 421 is legal always and not in the lists.
#pragma once

#include <string_view>

namespace sluice::sim {

// `verb` in capitals. An unknown verb may only have 500, 501 or 502.
bool is_legal_final(std::string_view verb, int code);
// True for the commands that answer with 150 or 125 first and use the data connection.
bool is_transfer(std::string_view verb);
// Whether `code` may be the final reply after a 150.
bool is_legal_after_opening(std::string_view verb, int code);

}  // namespace sluice::sim
