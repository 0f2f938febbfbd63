// UringBackend: making a ring, by trying.
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "io/uring/backend.hpp"
#include "io/uring/compat.hpp"

namespace sluice::io {
namespace {

// 1,024 submissions before a flush, four times as many completions: an accept can complete many
// times for one submission. An overflow is kept by the kernel (NODROP), only slower.
constexpr unsigned kSqEntries = 1024;
constexpr unsigned kCqEntries = 4 * kSqEntries;
constexpr int kInputGroup = 0;

}  // namespace

Result<std::unique_ptr<Backend>> UringBackend::create(sys::Kernel& kernel, ReadyQueue& ready) {
    std::unique_ptr<UringBackend> backend(new UringBackend(kernel, ready));
    const Status made = backend->set_up();
    if (!made) { return fail(made.error()); }
    return std::unique_ptr<Backend>(std::move(backend));
}

Status UringBackend::set_up() {
    if (const Status made = set_up_ring(); !made) { return made; }
    if (const Status made = set_up_input(); !made) { return made; }
    if (const Status made = restrict_and_enable(); !made) { return made; }
    // Saves a descriptor look-up per enter (Linux 5.18); working without it is fine.
    (void)io_uring_register_ring_fd(&ring_);
    wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_fd_ < 0) { return fail_errno(errno); }
    watch_wake();
    return {};
}

Status UringBackend::set_up_ring() {
    io_uring_params params = {};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE |
                   IORING_SETUP_R_DISABLED;
    params.cq_entries = kCqEntries;
    const int made = io_uring_queue_init_params(kSqEntries, &ring_, &params);
    if (made < 0) { return fail_errno(-made); }
    ring_is_set_up_ = true;
    return {};
}

Status UringBackend::set_up_input() {
    input_ring_bytes_ = InputBuffers::kCount * sizeof(io_uring_buf);
    void* memory = ::mmap(nullptr, input_ring_bytes_, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) { return fail_errno(errno); }
    input_ring_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration = {};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = InputBuffers::kCount;
    registration.bgid = kInputGroup;
    const int registered = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (registered < 0) { return fail_errno(-registered); }
    io_uring_buf_ring_init(input_ring_);
    for (std::uint16_t i = 0; i < InputBuffers::kCount; ++i) {
        io_uring_buf_ring_add(input_ring_, buffers_.data(i), InputBuffers::kBytesEach, i,
                              io_uring_buf_ring_mask(InputBuffers::kCount), i);
    }
    io_uring_buf_ring_advance(input_ring_, InputBuffers::kCount);
    return {};
}

// Anything else is answered EACCES from here on, whoever might come to write into the ring.
Status UringBackend::restrict_and_enable() {
    constexpr std::array<std::uint8_t, 5> kAllowed = {
        IORING_OP_ACCEPT, IORING_OP_RECV, IORING_OP_POLL_ADD, IORING_OP_CONNECT,
        IORING_OP_ASYNC_CANCEL};
    std::array<io_uring_restriction, kAllowed.size() + 2> list = {};
    std::size_t count = 0;
    for (const std::uint8_t operation : kAllowed) {
        list[count].opcode = IORING_RESTRICTION_SQE_OP;
        list[count++].sqe_op = operation;
    }
    list[count].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    list[count++].sqe_flags = IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS;
    list[count].opcode = IORING_RESTRICTION_REGISTER_OP;
    list[count++].register_op = IORING_REGISTER_RING_FDS;
    if (register_restrictions(ring_, list.data(), static_cast<unsigned>(count)) < 0 ||
        enable_ring(ring_) < 0) {
        return fail_errno(errno);
    }
    return {};
}

UringBackend::~UringBackend() {
    SLUICE_ASSERT(in_flight_ == 0);
    if (ring_is_set_up_) { io_uring_queue_exit(&ring_); }
    if (input_ring_ != nullptr) { ::munmap(input_ring_, input_ring_bytes_); }
    if (wake_fd_ >= 0) { kernel_.close(wake_fd_); }
}

}  // namespace sluice::io
