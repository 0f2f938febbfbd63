// FEAT, HELP and the page of supported commands, all generated from the command table.
#pragma once

#include <string>
#include <string_view>

#include "sluice/proto/command_table.hpp"
#include "sluice/proto/facts.hpp"
#include "sluice/proto/reply.hpp"

namespace sluice::proto {

// The whole 211 answer, lines in alphabetical order. Commands in `denied` leave no line. `digests`
// is the list behind HASH.
void append_features(ReplyBuffer& out, FactSet facts, const CommandSet& denied = {},
                     std::string_view digests = {});

// HELP without argument: all verbs, 214.
void append_help(ReplyBuffer& out, const CommandSet& denied = {});
// HELP RETR: its syntax, 214; HELP SITE: the SITE commands; 501 for an unknown verb.
void append_command_help(ReplyBuffer& out, std::string_view name);

// The supported RFC commands as a Markdown page.
std::string command_page();

}  // namespace sluice::proto
