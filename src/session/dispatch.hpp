// From a row of the command table to its handler.
#pragma once

#include "session/handlers.hpp"
#include "sluice/proto/command_table.hpp"

namespace sluice::session {

// Exactly one of the two is set: a plain function, or a coroutine where the command may wait.
struct Handler {
    void (*now)(Session&, const Command&) = nullptr;
    io::Task<void> (*later)(Session&, const Command&) = nullptr;
};

const Handler& handler_of(proto::CommandId id);

}  // namespace sluice::session
