// A descriptor has one owner: two would close it twice, the second time somebody else's.
#include "sluice/sys/fd.hpp"

void take(sluice::sys::Fd fd);
void caller(sluice::sys::Fd& fd);

void caller(sluice::sys::Fd& fd) {
#ifdef MUST_FAIL
    take(fd);
#else
    take(std::move(fd));
#endif
}
