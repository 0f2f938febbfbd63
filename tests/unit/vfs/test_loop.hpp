// A Reactor for tests of coroutines: runs one Task to its end.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "sluice/io/frame_pool.hpp"
#include "sluice/io/helper_pool.hpp"
#include "sluice/io/reactor.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/io/task.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::vfs {

// Runs each job at once on the calling thread, and counts them.
class InlineHelperPool final : public io::HelperPool {
public:
    std::uint32_t jobs = 0;
    void submit(io::HelperJob& job) override {
        ++jobs;
        job.run_and_post();
    }
};

class TestLoop {
public:
    // `kernel` is what the code under test sees; the engine has a plain one. Without `pool` there
    // are two helper threads.
    explicit TestLoop(sys::Kernel& kernel, io::EngineKind engine = io::EngineKind::Epoll,
                      io::HelperPool* pool = nullptr)
        : frames_in_use_(frames_) {
        Result<std::unique_ptr<io::Backend>> made = io::make_backend(engine, plain_, ready_);
        if (!made) {
            return;
        }
        backend_ = std::move(*made);
        if (pool == nullptr) {
            threads_ = std::make_unique<io::ThreadHelperPool>(2);
            pool = threads_.get();
        }
        reactor_ = std::make_unique<io::Reactor>(kernel, *backend_, ready_, *pool);
    }
    // False where the kernel refuses the engine.
    bool is_usable() const { return reactor_ != nullptr; }
    io::Reactor& reactor() { return *reactor_; }
    std::uint64_t live_frames() const { return frames_.live(); }

    template <class T>
    T run(io::Task<T> task) {
        std::optional<T> value;
        io::Task<> driver = drive(std::move(task), value);
        driver.start();
        while (!driver.done()) {
            reactor_->run_ready();
            if (!driver.done()) {
                reactor_->wait(Duration::seconds(10));
            }
        }
        return std::move(*value);
    }
    void run(io::Task<> task) {
        task.start();
        while (!task.done()) {
            reactor_->run_ready();
            if (!task.done()) {
                reactor_->wait(Duration::seconds(10));
            }
        }
    }

private:
    template <class T>
    static io::Task<> drive(io::Task<T> task, std::optional<T>& value) {
        T got = co_await task;
        value.emplace(std::move(got));
    }

    sys::LinuxKernel plain_;
    io::FramePool frames_;
    io::FramePool::Use frames_in_use_;
    io::ReadyQueue ready_;
    std::unique_ptr<io::Backend> backend_;
    std::unique_ptr<io::ThreadHelperPool> threads_;
    std::unique_ptr<io::Reactor> reactor_;
};

}  // namespace sluice::vfs
