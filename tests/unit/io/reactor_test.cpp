// The loop: order, budgets, messages, helper jobs, timers; on both engines.
#include "sluice/io/reactor.hpp"

#include "loop_fixture.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::io {
namespace {

class ReactorTest : public LoopTest {};

Task<void> note_turns(Reactor& reactor, std::vector<int>& order, int who, int turns) {
    for (int i = 0; i < turns; ++i) {
        order.push_back(who);
        co_await reactor.yield();
    }
}

TEST_P(ReactorTest, YieldingCoroutinesTakeTurns) {
    std::vector<int> order;
    Task<void> first = note_turns(*reactor_, order, 1, 3);
    Task<void> second = note_turns(*reactor_, order, 2, 3);
    first.start();
    second.start();
    ASSERT_TRUE(turn_until([&] { return first.done() && second.done(); }));
    EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2, 1, 2}));
}

Task<void> spend(Reactor& reactor, std::uint64_t slice, std::uint64_t& moved,
                 const bool& ended) {
    while (!ended) {
        const std::uint64_t granted = reactor.take_budget(slice);
        if (granted == 0) {
            co_await reactor.wait_for_budget();
            continue;
        }
        moved += granted;
        co_await reactor.yield();
    }
}

// Ten senders that want five times the budget of a turn: each gets its share.
TEST_P(ReactorTest, NobodyStarvesWhenTheBudgetIsShort) {
    reactor_->set_turn_budget(1000);
    bool ended = false;
    std::vector<std::uint64_t> moved(10, 0);
    std::vector<Task<void>> tasks;
    for (std::uint64_t& count : moved) { tasks.push_back(spend(*reactor_, 500, count, ended)); }
    for (Task<void>& task : tasks) { task.start(); }
    for (int turn = 0; turn < 1000; ++turn) {
        reactor_->run_ready();
        reactor_->wait(Duration(0));
    }
    ended = true;
    ASSERT_TRUE(turn_until([&] {
        bool all = true;
        for (const Task<void>& task : tasks) { all = all && task.done(); }
        return all;
    }));
    const auto [least, most] = std::minmax_element(moved.begin(), moved.end());
    EXPECT_GT(*least, 0u);
    EXPECT_LE(*most - *least, 2 * 500u);
}

Task<void> ask_helper(Reactor& reactor, std::thread::id& ran_on, int& answer) {
    auto work = [&ran_on] {
        ran_on = std::this_thread::get_id();
        return 42;
    };
    answer = co_await reactor.on_helper(work);
}

TEST_P(ReactorTest, AHelperJobRunsElsewhereAndComesHome) {
    std::thread::id ran_on;
    int answer = 0;
    Task<void> task = ask_helper(*reactor_, ran_on, answer);
    task.start();
    EXPECT_FALSE(task.done());
    ASSERT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_EQ(answer, 42);
    EXPECT_NE(ran_on, std::this_thread::get_id());
}

TEST_P(ReactorTest, ManyHelperJobsAllComeHome) {
    constexpr std::size_t kJobs = 500;
    std::vector<std::thread::id> ids(kJobs);
    std::vector<int> answers(kJobs, 0);
    std::vector<Task<void>> tasks;
    for (std::size_t i = 0; i < kJobs; ++i) {
        tasks.push_back(ask_helper(*reactor_, ids[i], answers[i]));
        tasks.back().start();
    }
    ASSERT_TRUE(turn_until([&] {
        for (const Task<void>& task : tasks) {
            if (!task.done()) { return false; }
        }
        return true;
    }));
    for (const int answer : answers) { EXPECT_EQ(answer, 42); }
}

struct CountingMessage : Message {
    std::atomic<int>* count;
    explicit CountingMessage(std::atomic<int>* to)
        : Message([](Message& m) { ++*static_cast<CountingMessage&>(m).count; }), count(to) {}
};

TEST_P(ReactorTest, MessagesOfOtherThreadsWakeASleepingLoop) {
    std::atomic<int> count{0};
    std::vector<std::unique_ptr<CountingMessage>> messages;
    for (int i = 0; i < 300; ++i) { messages.push_back(std::make_unique<CountingMessage>(&count)); }
    std::thread poster([&] {
        for (const std::unique_ptr<CountingMessage>& message : messages) {
            reactor_->mailbox().post(*message);
        }
    });
    while (count < 300) {
        reactor_->run_ready();
        if (count < 300) { reactor_->wait(); }  // sleeps for ever unless it is woken
    }
    poster.join();
}

TEST_P(ReactorTest, ATimerFiresAfterItsTimeAndWakesTheLoop) {
    bool fired = false;
    Timer timer([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
    reactor_->run_ready();
    const Instant before = kernel_.now();
    reactor_->set_timer(timer, Duration::milliseconds(50));
    while (!fired) {
        reactor_->wait();
        reactor_->run_ready();
    }
    EXPECT_GE((kernel_.now() - before).in_milliseconds(), 50);
}

INSTANTIATE_ON_BOTH_ENGINES(ReactorTest);

}  // namespace
}  // namespace sluice::io
