// Making bytes of clients harmless in a log: one event is one line, whatever a name contains.
// Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

namespace sluice::obs {

// Appends `bytes` in double quotes: quotes and backslashes escaped, control bytes as \xNN, all
// other bytes as they are (names need not be UTF-8).
void append_quoted_text(std::string& out, std::string_view bytes);

// Appends `bytes` as a JSON string. What is not valid UTF-8 becomes \u00NN per byte, so that the
// line is always JSON.
void append_json_string(std::string& out, std::string_view bytes);

// Appends `bytes` as one token of xferlog: blanks, control bytes and DEL become "_"; an empty one
// "-".
void append_xferlog_token(std::string& out, std::string_view bytes);

}  // namespace sluice::obs
