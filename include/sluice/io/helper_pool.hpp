// Work that may sleep, off the shards: opening cold paths, renames, writes, fsync, cold reads.
//
// A job is embedded in the coroutine that waits for it, so the queue needs no memory and its length
// is bounded by the number of coroutines: a session has at most one job of its own and its transfer
// at most two. A shard never waits for a place; the session waits for its turn.
// A job cannot be stopped once queued: its coroutine waits until it has run (rule L5).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "sluice/base/intrusive_list.hpp"
#include "sluice/io/mailbox.hpp"
#include "sluice/io/ready_queue.hpp"

namespace sluice::io {

// One piece of work. `work` runs on a helper thread; then the job comes home as a Message and its
// Event is notified or its waiter resumed.
struct HelperJob : Message, ListHook<HelperJob> {
    void (*work)(HelperJob&) = nullptr;
    Mailbox* home = nullptr;
    ReadyQueue* ready = nullptr;
    Waiter waiter;
    Event* event = nullptr;  // notified instead of the waiter, if set
    bool done = false;

    HelperJob() : Message(&HelperJob::come_home) {}

    // Called by the pool on the helper thread.
    void run_and_post() {
        work(*this);
        home->post(*this);
    }

private:
    static void come_home(Message& message) {
        HelperJob& job = static_cast<HelperJob&>(message);
        job.done = true;
        if (job.event != nullptr) {
            job.event->notify();
        } else if (job.waiter.handle) {
            job.ready->push(job.waiter);
        }
    }
};

class HelperPool {
public:
    virtual ~HelperPool() = default;
    // Any shard. The job must live until it came home.
    virtual void submit(HelperJob& job) = 0;
};

// The pool of a real machine: `threads` threads and one queue. The lock is held for a few
// instructions; everything behind it costs microseconds to seconds.
class ThreadHelperPool final : public HelperPool {
public:
    explicit ThreadHelperPool(std::uint32_t threads);
    // Runs what is queued, then ends the threads.
    ~ThreadHelperPool() override;

    void submit(HelperJob& job) override;
    // Waits until no helper is busy, not even with waking the shard whose job it has just handed
    // in. For the end of a shard: all its jobs have come home, and then nobody may touch it.
    void settle();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable arrived_;
    IntrusiveList<HelperJob, HelperJob> queue_;
    std::condition_variable idle_;
    std::uint32_t busy_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace sluice::io
