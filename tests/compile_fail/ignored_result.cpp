// As ignored_status.cpp, for a function that returns a value or a failure.
#include "sluice/base/result.hpp"

sluice::Result<int> might_fail();
void caller();

void caller() {
#ifdef MUST_FAIL
    might_fail();
#else
    (void)might_fail();
#endif
}
