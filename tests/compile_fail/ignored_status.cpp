// A failure is handled, passed on, or counted: never dropped by accident.
#include "sluice/base/result.hpp"

sluice::Status might_fail();
void caller();

void caller() {
#ifdef MUST_FAIL
    might_fail();
#else
    (void)might_fail();
#endif
}
