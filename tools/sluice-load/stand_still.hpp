// Where the threads wait between the end of what is measured and the closing of their sessions, so
// that main can look at a server that still has every one of them.
//
// A thread that waits here moves nothing: its connections stand, and the server sits on full
// buffers and unanswered reads. Owned by RunContext. Threads: each worker arrives or misses exactly
// once; main releases them once all have. Bound: main releases within the time that the observer
// takes to look at the server, and every worker arrives within Options::timeout of the end.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sluice::load {

class StandStill {
public:
    explicit StandStill(std::uint32_t threads) : threads_(threads) {}

    // Of a worker: `sessions` are open and stay so until this returns.
    void arrive(std::uint32_t sessions) {
        std::unique_lock<std::mutex> lock(mutex_);
        sessions_ += sessions;
        ++arrived_;
        released_event_.wait(lock, [this] { return released_; });
    }
    // Of a worker that never got so far.
    void miss() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++arrived_;
    }

    // Of main.
    bool is_complete(std::uint32_t& sessions) {
        const std::lock_guard<std::mutex> lock(mutex_);
        sessions = sessions_;
        return arrived_ == threads_;
    }
    void release() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            released_ = true;
        }
        released_event_.notify_all();
    }

private:
    const std::uint32_t threads_;
    std::mutex mutex_;
    std::condition_variable released_event_;
    std::uint32_t arrived_ = 0;
    std::uint32_t sessions_ = 0;
    bool released_ = false;
};

}  // namespace sluice::load
