// The two expectations of every model: a right structure survives every execution, and a broken one
// is caught. Without the second, a checker that checks nothing would look the same.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>

#include "explorer.hpp"

namespace sluice::model {

inline void expect_right(const Verdict& verdict) {
    EXPECT_FALSE(verdict.failed) << verdict.message << '\n' << verdict.schedule;
    EXPECT_TRUE(verdict.complete) << "stopped after " << verdict.executions << " executions";
    std::printf("  %llu executions\n", static_cast<unsigned long long>(verdict.executions));
}

inline void expect_caught(const Verdict& verdict, const char* message) {
    EXPECT_TRUE(verdict.failed) << "not caught in " << verdict.executions << " executions";
    EXPECT_EQ(verdict.message, message) << verdict.schedule;
}

}  // namespace sluice::model
