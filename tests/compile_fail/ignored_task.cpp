// Tasks are lazy: one that is not awaited never runs, so dropping it is always a mistake.
#include "sluice/io/task.hpp"

sluice::io::Task<void> work();
void caller();

void caller() {
#ifdef MUST_FAIL
    work();
#else
    (void)work();
#endif
}
