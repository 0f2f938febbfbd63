// Result<T> and Status: the return types of everything that can fail.
//
// tl::expected (std::expected is absent from g++ 12 in C++20 mode and from clang 14 in every mode).
// No exceptions: a caller checks, hands on, or counts. tl::expected itself may be dropped without a
// warning, so Result is a class of its own that may not (tests/compile_fail/ignored_status.cpp).
//
//     const Result<File> file = root.open(path);
//     if (!file) { return fail(file.error()); }
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "sluice/base/error.hpp"

namespace sluice {

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    Result() = default;
    using tl::expected<T, Error>::expected;
    // What and_then, map and or_else of the base return.
    Result(tl::expected<T, Error> base) : tl::expected<T, Error>(std::move(base)) {}
};
using Status = Result<void>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(error); }
inline tl::unexpected<Error> fail(Errc code, int sys_errno) {
    return tl::unexpected<Error>(Error(code, sys_errno));
}
// From errno, right after a system call.
inline tl::unexpected<Error> fail_errno(int sys_errno) {
    return tl::unexpected<Error>(error_from_errno(sys_errno));
}

}  // namespace sluice
