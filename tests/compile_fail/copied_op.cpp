// The kernel holds the address of an Op in flight: an Op is neither copied nor moved.
#include "sluice/io/op.hpp"

void caller(sluice::io::Op& op);

void caller(sluice::io::Op& op) {
#ifdef MUST_FAIL
    sluice::io::Op second(op);
#else
    sluice::io::Op& second = op;
#endif
    (void)second;
}
