// Task<T>: a lazy coroutine with one awaiter.
//
// Two decisions, both forced by g++ 12.2 (ARCHITECTURE.md, "Coroutines"):
// - A child starts *nested*: awaiting it resumes it at once on the caller's stack, and when it ends
//   without suspending, the caller simply goes on. Only the end of a child that had suspended is a
//   symmetric transfer. So the stack stays flat also where the compiler makes no tail calls (-O0,
//   sanitizers).
// - A suspended coroutine is never destroyed. ~Task asserts that it is done or was never started.
// Frames come from the shard's FramePool. Thread: one shard; a Task never changes threads.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <new>
#include <utility>

#include "sluice/base/assert.hpp"
#include "sluice/io/frame_pool.hpp"

namespace sluice::io {
namespace detail {

struct PromiseBase {
    std::coroutine_handle<> continuation = std::noop_coroutine();

    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) { release_frame(frame, size); }

    std::suspend_always initial_suspend() noexcept { return {}; }
    struct End {
        bool await_ready() noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
            return ended.promise().continuation;
        }
        void await_resume() noexcept {}
    };
    End final_suspend() noexcept { return {}; }
    [[noreturn]] void unhandled_exception() noexcept { std::abort(); }
};

template <class T>
struct Promise : PromiseBase {
    alignas(T) unsigned char storage[sizeof(T)];

    std::coroutine_handle<Promise> get_return_object() {
        return std::coroutine_handle<Promise>::from_promise(*this);
    }
    template <class U>
    void return_value(U&& value) {
        new (storage) T(std::forward<U>(value));
    }
    T take() {
        T* value = std::launder(reinterpret_cast<T*>(storage));
        T out = std::move(*value);
        value->~T();
        return out;
    }
};

template <>
struct Promise<void> : PromiseBase {
    std::coroutine_handle<Promise> get_return_object() {
        return std::coroutine_handle<Promise>::from_promise(*this);
    }
    void return_void() {}
    void take() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;

    Task() = default;
    Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}  // NOLINT: by promise
    Task(Task&& other) noexcept
        : handle_(std::exchange(other.handle_, {})), started_(other.started_) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            release();
            handle_ = std::exchange(other.handle_, {});
            started_ = other.started_;
        }
        return *this;
    }
    ~Task() { release(); }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
        started_ = true;
        handle_.resume();
        if (handle_.done()) { return false; }
        handle_.promise().continuation = parent;
        return true;
    }
    T await_resume() { return handle_.promise().take(); }

    // Runs a root coroutine until it first waits. Its owner keeps the Task until done().
    void start() {
        SLUICE_ASSERT(!started_);
        started_ = true;
        handle_.resume();
    }
    bool is_set() const { return static_cast<bool>(handle_); }
    bool done() const { return handle_ && handle_.done(); }

private:
    void release() {
        if (!handle_) { return; }
        SLUICE_ASSERT(handle_.done() || !started_);
        std::exchange(handle_, {}).destroy();
    }

    std::coroutine_handle<promise_type> handle_;
    bool started_ = false;
};

}  // namespace sluice::io
