// A coroutine frame has one owner.
#include "sluice/io/task.hpp"

void take(sluice::io::Task<void> task);
void caller(sluice::io::Task<void>& task);

void caller(sluice::io::Task<void>& task) {
#ifdef MUST_FAIL
    take(task);
#else
    take(std::move(task));
#endif
}
