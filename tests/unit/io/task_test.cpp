// Task: laziness, values, nesting without stack, and frames that all come back.
#include "sluice/io/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sluice/base/result.hpp"
#include "sluice/io/event.hpp"

namespace sluice::io {
namespace {

class TaskTest : public testing::Test {
protected:
    void TearDown() override { EXPECT_EQ(frames_.live(), 0u); }
    void run() {
        while (!ready_.is_empty()) {
            IntrusiveList<Waiter> batch;
            ready_.take_all(batch);
            while (Waiter* waiter = batch.pop_front()) { waiter->handle.resume(); }
        }
    }
    FramePool frames_;
    FramePool::Use use_{frames_};
    ReadyQueue ready_;
};

Task<int> answer(int value) { co_return value; }

Task<void> set_to(int& target, int value) {
    target = co_await answer(value);
}

TEST_F(TaskTest, RunsOnlyWhenStarted) {
    int target = 0;
    {
        Task<void> never = set_to(target, 1);
    }
    EXPECT_EQ(target, 0);
    Task<void> task = set_to(target, 2);
    task.start();
    EXPECT_TRUE(task.done());
    EXPECT_EQ(target, 2);
}

Task<Result<std::string>> wait_and_say(Event& event, std::string what) {
    co_await event.wait();
    if (what.empty()) { co_return fail(Errc::NotFound); }
    co_return what;
}

Task<void> collect(Event& event, std::string what, std::string& out) {
    const Result<std::string> said = co_await wait_and_say(event, std::move(what));
    out = said ? *said : std::string(text_of(said.error()));
}

TEST_F(TaskTest, HandsValuesAndErrorsThroughSuspensions) {
    Event event(ready_);
    std::string out;
    Task<void> good = collect(event, "a text that is too long for a small string", out);
    good.start();
    EXPECT_FALSE(good.done());
    event.notify();
    run();
    EXPECT_TRUE(good.done());
    EXPECT_EQ(out, "a text that is too long for a small string");
    Task<void> bad = collect(event, "", out);
    bad.start();
    event.notify();
    run();
    EXPECT_EQ(out, "no such file or directory");
}

TEST_F(TaskTest, ANotificationBeforeTheWaitIsNotLostAndManyAreOne) {
    Event event(ready_);
    event.notify();
    event.notify();
    std::string out;
    Task<void> task = collect(event, "x", out);
    task.start();
    EXPECT_TRUE(task.done());
    Task<void> second = collect(event, "y", out);
    second.start();
    EXPECT_FALSE(second.done());
    event.notify();
    run();
    EXPECT_TRUE(second.done());
}

Task<int> count_down(int& rounds) { co_return --rounds; }

Task<void> many_rounds(int& rounds) {
    while (rounds > 0) {
        const int left = co_await count_down(rounds);
        if (left < 0) { co_return; }
    }
}

// A million children that end at once: symmetric transfer into each would overflow the stack where
// the compiler makes no tail calls.
TEST_F(TaskTest, ChildrenThatEndAtOnceNeedNoStack) {
    int rounds = 1'000'000;
    Task<void> task = many_rounds(rounds);
    task.start();
    EXPECT_TRUE(task.done());
    EXPECT_EQ(rounds, 0);
}

Task<int> suspend_then_count(Event& event, int& rounds) {
    co_await event.wait();
    co_return --rounds;
}

Task<void> many_suspensions(Event& event, int& rounds) {
    while (rounds > 0) {
        const int left = co_await suspend_then_count(event, rounds);
        if (left < 0) { co_return; }
    }
}

TEST_F(TaskTest, ChildrenThatSuspendNeedNoStackEither) {
    int rounds = 200'000;
    Event event(ready_);
    Task<void> task = many_suspensions(event, rounds);
    task.start();
    while (!task.done()) {
        event.notify();
        run();
    }
    EXPECT_EQ(rounds, 0);
}

Task<void> hold(std::unique_ptr<std::string> owned, Event& event, std::string& out) {
    co_await event.wait();
    out = *owned;
}

TEST_F(TaskTest, ParametersLiveInTheFrame) {
    Event event(ready_);
    std::string out;
    Task<void> task = hold(std::make_unique<std::string>("kept"), event, out);
    task.start();
    event.notify();
    run();
    EXPECT_EQ(out, "kept");
}

TEST_F(TaskTest, FramesAreCountedAndReused) {
    int target = 0;
    for (int i = 0; i < 100; ++i) {
        Task<void> task = set_to(target, i);
        EXPECT_EQ(frames_.live(), 1u);
        task.start();
    }
    EXPECT_EQ(frames_.live(), 0u);
    EXPECT_EQ(frames_.live_bytes(), 0u);
}

}  // namespace
}  // namespace sluice::io
