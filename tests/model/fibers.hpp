// Stacks that run on one thread in turns, for the explorer. Only one set of them is in use at a
// time.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstddef>
#include <memory>

#include "explorer.hpp"

namespace sluice::model {

class Fibers {
public:
    static constexpr unsigned kMain = kThreadsMax;  // the stack that everything started on
    static constexpr std::size_t kStackBytes = 256 * 1024;

    // The next switch to `fiber` begins `entry` on an empty stack. Whatever ran there is forgotten.
    void prepare(unsigned fiber, void (*entry)());
    // The first thing an entry calls. It was switched to from the main stack.
    void entered();
    // Stops `from`, which runs now, and goes on with `to`. `for_ever`: `from` will not run again.
    void switch_between(unsigned from, unsigned to, bool for_ever);

private:
    struct Fiber {
        ucontext_t context;
        std::unique_ptr<char[]> stack;
        const void* bottom = nullptr;
        std::size_t size = 0;
    };
    std::array<Fiber, kThreadsMax + 1> fibers_;
};

}  // namespace sluice::model
