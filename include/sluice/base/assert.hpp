// Assertions: what the programmer believes. Bytes of a client never reach one.
//
// SLUICE_ASSERT stays on in every build: it guards memory, ownership and operation states, where
// going on would corrupt other sessions. SLUICE_DCHECK is for what is too expensive for that; it is
// on in builds without NDEBUG_CHECKS=0, that is, in tests.
#pragma once

namespace sluice {

// Prints one line with the place and the text, then aborts. Never returns.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace sluice

#define SLUICE_ASSERT(condition)                                             \
    (__builtin_expect(static_cast<bool>(condition), 1)                       \
         ? static_cast<void>(0)                                              \
         : ::sluice::assertion_failed(#condition, __FILE__, __LINE__))

#if defined(SLUICE_DCHECKS) && SLUICE_DCHECKS
#define SLUICE_DCHECK(condition) SLUICE_ASSERT(condition)
#else
#define SLUICE_DCHECK(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#endif
