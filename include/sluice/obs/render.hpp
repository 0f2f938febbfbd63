// One event as one line: for people, as JSON, and as wu-ftpd's xferlog, which log analysers read.
// Formats: README of this module. Pure; thread: any.
#pragma once

#include <string>
#include <string_view>

#include "sluice/obs/event.hpp"

namespace sluice::obs {

// "login-fail", the stable name of the kind in all formats.
std::string_view name_of(EventKind kind);

// Each appends the line with its LF.
void render_text(std::string& out, const Event& event);
void render_json(std::string& out, const Event& event);
// Only ends of up- and downloads have a line in xferlog; false for everything else. The time is
// local, as xferlog(5) has it.
bool render_xferlog(std::string& out, const Event& event);

}  // namespace sluice::obs
