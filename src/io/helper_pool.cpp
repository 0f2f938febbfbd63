#include "sluice/io/helper_pool.hpp"

#include <csignal>

#include "sluice/sys/process.hpp"

namespace sluice::io {

ThreadHelperPool::ThreadHelperPool(std::uint32_t threads) {
    // Signals belong to the main thread; new threads inherit this mask.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    threads_.reserve(threads);
    for (std::uint32_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ThreadHelperPool::~ThreadHelperPool() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        ending_ = true;
    }
    arrived_.notify_all();
    for (std::thread& thread : threads_) { thread.join(); }
}

void ThreadHelperPool::submit(HelperJob& job) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        queue_.push_back(job);
    }
    arrived_.notify_one();
}

void ThreadHelperPool::run() {
    // A helper copies megabytes where a shard only looks at the next event. On a crowded core four
    // busy helpers made a NOOP wait 11 ms for its shard; stepping back, 3 ms (both p99).
    sys::step_back_this_thread();
    sys::name_this_thread("helper");
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        arrived_.wait(lock, [this] { return ending_ || !queue_.is_empty(); });
        HelperJob* job = queue_.pop_front();
        if (job == nullptr) { return; }
        ++busy_;
        lock.unlock();
        job->run_and_post();
        lock.lock();
        if (--busy_ == 0) { idle_.notify_all(); }
    }
}

void ThreadHelperPool::settle() {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return busy_ == 0; });
}

}  // namespace sluice::io
