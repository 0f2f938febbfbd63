// An Errc is no number: an errno handed on as an Errc, or the other way round, must not compile.
#include "sluice/base/error.hpp"

int number(sluice::Errc code);

int number(sluice::Errc code) {
#ifdef MUST_FAIL
    return code;
#else
    return static_cast<int>(code);
#endif
}
