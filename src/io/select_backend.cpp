#include "sluice/io/select_backend.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "io/epoll/backend.hpp"
#include "io/uring/backend.hpp"

namespace sluice::io {
namespace {

// What usually stands behind an errno of io_uring_setup(2).
const char* likely_reason(int error) {
    switch (error) {
        case EPERM:
            return "a seccomp profile (Docker's default forbids io_uring) or the sysctl "
                   "kernel.io_uring_disabled";
        case ENOSYS: return "the kernel is built without io_uring, or a seccomp profile hides it";
        case EACCES: return "a security module";
        case ENOMEM: return "the limit of locked memory (ulimit -l)";
        case EINVAL: return "a kernel older than 6.1";
        case EMFILE:
        case ENFILE: return "the limit of open files";
        default: return "unknown";
    }
}

}  // namespace

Result<std::unique_ptr<Backend>> make_backend(EngineKind kind, sys::Kernel& kernel,
                                              ReadyQueue& ready) {
    if (kind == EngineKind::IoUring) { return UringBackend::create(kernel, ready); }
    return EpollBackend::create(kernel, ready);
}

Status probe_io_uring(sys::Kernel& kernel, std::string& refusal) {
    ReadyQueue ready;
    Result<std::unique_ptr<Backend>> made = UringBackend::create(kernel, ready);
    if (made) {
        (*made)->wake();
        (*made)->wait(Duration(-1));  // one submission and one completion really go through
        return {};
    }
    const int error = made.error().sys_errno;
    refusal = fmt::format("io_uring refused ({}); likely reason: {}", std::strerror(error),
                          likely_reason(error));
    return fail(made.error());
}

}  // namespace sluice::io
