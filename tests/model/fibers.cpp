#include "fibers.hpp"

// AddressSanitizer follows one stack per thread; it has to be told when a fiber changes it.
#if defined(__SANITIZE_ADDRESS__)
#define MODEL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MODEL_ASAN 1
#endif
#endif
#if defined(MODEL_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace sluice::model {

void Fibers::prepare(unsigned fiber, void (*entry)()) {
    Fiber& f = fibers_[fiber];
    if (f.stack == nullptr) {
        f.stack = std::make_unique<char[]>(kStackBytes);
        f.bottom = f.stack.get();
        f.size = kStackBytes;
    }
#if defined(MODEL_ASAN)
    // Frames that were left for ever never cleaned their marks.
    __asan_unpoison_memory_region(f.stack.get(), kStackBytes);
#endif
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack.get();
    f.context.uc_stack.ss_size = kStackBytes;
    f.context.uc_link = nullptr;
    makecontext(&f.context, entry, 0);
}

void Fibers::entered() {
#if defined(MODEL_ASAN)
    // The way here is also how the bounds of the main stack are learnt.
    const void* bottom = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    if (fibers_[kMain].bottom == nullptr) {
        fibers_[kMain].bottom = bottom;
        fibers_[kMain].size = size;
    }
#endif
}

void Fibers::switch_between(unsigned from, unsigned to, [[maybe_unused]] bool for_ever) {
#if defined(MODEL_ASAN)
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &fake_stack, fibers_[to].bottom,
                                   fibers_[to].size);
#endif
    swapcontext(&fibers_[from].context, &fibers_[to].context);
#if defined(MODEL_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
}

}  // namespace sluice::model
