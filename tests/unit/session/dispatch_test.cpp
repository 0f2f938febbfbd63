// Every row of the command table has a handler, exactly one. Said at run time because the
// static_assert beside the table is not compiled under sanitizers.
#include "session/dispatch.hpp"

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

TEST(Dispatch, PairsEachCommandWithExactlyOneHandler) {
    for (std::size_t id = 0; id < proto::kCommandIdCount; ++id) {
        const Handler& handler = handler_of(static_cast<proto::CommandId>(id));
        EXPECT_NE(handler.now == nullptr, handler.later == nullptr) << id;
    }
}

// ABOR, QUIT and NOOP run inside the loop while a transfer does: they must not wait.
TEST(Dispatch, WhatMayRunBesideATransferIsPlainOrStat) {
    for (const proto::CommandRow& row : proto::kCommandTable) {
        if (!row.flags.during_transfer || row.id == proto::CommandId::Stat) { continue; }
        EXPECT_NE(handler_of(row.id).now, nullptr) << static_cast<int>(row.id);
    }
}

}  // namespace
}  // namespace sluice::session
