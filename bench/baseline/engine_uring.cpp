// The io_uring engine of the floor server: multishot accept and recv, sends and closes in batches.
//
// Sends, closes and polls of one turn go to the kernel in one io_uring_enter. The order of the
// submission queue keeps "reply, then close" right, because a short send to a socket with room
// completes while it is being submitted.
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine.hpp"

namespace sluice::bench {
namespace {

enum class Kind : std::uint64_t { Listener, Control, Data, Ignored };

constexpr unsigned kRingEntries = 4096;
constexpr unsigned kInputBuffers = 1024;  // a power of two, as the buffer ring demands
constexpr unsigned kInputBytes = 512;
constexpr int kInputGroup = 0;
constexpr unsigned kCompletionsPerTurnMax = 256;

std::uint64_t pack(Kind kind, SlotId slot) {
    return static_cast<std::uint64_t>(kind) << 56 |
           static_cast<std::uint64_t>(slot.generation & 0xffffffU) << 32 | slot.index;
}

class UringEngine final : public Engine {
public:
    UringEngine() : input_(std::size_t{kInputBuffers} * kInputBytes) {
        io_uring_params params{};
        // SINGLE_ISSUER and DEFER_TASKRUN: Linux 6.1.
        params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL;
        params.cq_entries = kRingEntries * 4;
        const int status = io_uring_queue_init_params(kRingEntries, &ring_, &params);
        if (status < 0) {
            std::fprintf(stderr, "baseline_server: io_uring: %s\n", std::strerror(-status));
            std::exit(1);
        }
        register_buffers();
    }
    ~UringEngine() override {
        io_uring_queue_exit(&ring_);
        std::free(buffers_);
    }
    UringEngine(const UringEngine&) = delete;
    UringEngine& operator=(const UringEngine&) = delete;

    void add_listener(std::uint32_t listener, int fd) override {
        if (listener >= listeners_.size()) {
            listeners_.resize(listener + 1);
        }
        listeners_[listener] = fd;
        arm_listener(listener);
    }

    void add_control(SlotId slot, int fd) override {
        if (slot.index >= controls_.size()) {
            controls_.resize(slot.index + 1);
        }
        controls_[slot.index] = {.fd = fd, .generation = slot.generation};
        arm_control(slot);
    }

    void send_reply(int fd, std::string_view reply) override {
        io_uring_sqe* sqe = next();
        io_uring_prep_send(sqe, fd, reply.data(), reply.size(), MSG_NOSIGNAL);
        ignore(sqe);
    }

    void wait_data(SlotId slot, int fd, bool writable, bool /*armed*/) override {
        io_uring_sqe* sqe = next();
        io_uring_prep_poll_add(sqe, fd, writable ? POLLOUT : POLLIN);
        io_uring_sqe_set_data64(sqe, pack(Kind::Data, slot));
    }

    void close_control(SlotId slot, int fd) override {
        controls_[slot.index].fd = -1;
        // The armed recv holds the socket open, so it is taken back before the close.
        io_uring_sqe* sqe = next();
        io_uring_prep_cancel64(sqe, pack(Kind::Control, slot), 0);
        ignore(sqe);
        close_data(fd);
    }

    void close_data(int fd) override {
        io_uring_sqe* sqe = next();
        io_uring_prep_close(sqe, fd);
        ignore(sqe);
    }

    bool turn(Handler& handler, bool busy) override {
        const int status =
            busy ? io_uring_submit_and_get_events(&ring_) : io_uring_submit_and_wait(&ring_, 1);
        if (status < 0) {
            return status == -EINTR || status == -EBUSY;
        }
        io_uring_cqe* completions[kCompletionsPerTurnMax];
        const unsigned n = io_uring_peek_batch_cqe(&ring_, completions, kCompletionsPerTurnMax);
        for (unsigned i = 0; i < n; ++i) {
            report(handler, *completions[i]);
        }
        io_uring_cq_advance(&ring_, n);
        return true;
    }

private:
    struct Control {
        int fd = -1;
        std::uint32_t generation = 0;
    };

    // liburing 2.3 has no io_uring_setup_buf_ring (2.4), so the memory is ours.
    void register_buffers() {
        const std::size_t bytes = kInputBuffers * sizeof(io_uring_buf);
        buffers_ = static_cast<io_uring_buf_ring*>(std::aligned_alloc(4096, bytes));
        if (buffers_ == nullptr) {
            std::abort();
        }
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffers_);
        registration.ring_entries = kInputBuffers;
        registration.bgid = kInputGroup;
        if (io_uring_register_buf_ring(&ring_, &registration, 0) < 0) {
            std::abort();
        }
        io_uring_buf_ring_init(buffers_);
        for (unsigned id = 0; id < kInputBuffers; ++id) {
            give_back(id, static_cast<int>(id));
        }
        io_uring_buf_ring_advance(buffers_, static_cast<int>(kInputBuffers));
    }

    void give_back(unsigned id, int offset) {
        io_uring_buf_ring_add(buffers_, &input_[std::size_t{id} * kInputBytes], kInputBytes,
                              static_cast<unsigned short>(id),
                              io_uring_buf_ring_mask(kInputBuffers), offset);
    }

    io_uring_sqe* next() {
        io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
        if (sqe == nullptr) {
            (void)io_uring_submit(&ring_);
            sqe = io_uring_get_sqe(&ring_);
            if (sqe == nullptr) {
                std::abort();
            }
        }
        return sqe;
    }

    static void ignore(io_uring_sqe* sqe) {
        io_uring_sqe_set_data64(sqe, pack(Kind::Ignored, {}));
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    }

    void arm_listener(std::uint32_t listener) {
        io_uring_sqe* sqe = next();
        io_uring_prep_multishot_accept(sqe, listeners_[listener], nullptr, nullptr,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
        io_uring_sqe_set_data64(sqe, pack(Kind::Listener, {.index = listener, .generation = 0}));
    }

    void arm_control(SlotId slot) {
        io_uring_sqe* sqe = next();
        io_uring_prep_recv_multishot(sqe, controls_[slot.index].fd, nullptr, 0, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = kInputGroup;
        io_uring_sqe_set_data64(sqe, pack(Kind::Control, slot));
    }

    void report(Handler& handler, const io_uring_cqe& cqe) {
        const SlotId slot{
            .index = static_cast<std::uint32_t>(cqe.user_data),
            .generation = static_cast<std::uint32_t>(cqe.user_data >> 32) & 0xffffffU};
        switch (static_cast<Kind>(cqe.user_data >> 56)) {
            case Kind::Listener:
                if (cqe.res >= 0) {
                    accepted(handler, slot.index, cqe.res);
                }
                if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
                    arm_listener(slot.index);
                }
                break;
            case Kind::Control:
                received(handler, slot, cqe);
                break;
            case Kind::Data:
                handler.on_data_ready(slot);
                break;
            case Kind::Ignored:
                break;
        }
    }

    // A multishot accept has room for one address only, so whose connection it is has to be asked.
    void accepted(Handler& handler, std::uint32_t listener, int fd) {
        sockaddr_in peer{};
        socklen_t size = sizeof(peer);
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
            close(fd);
            return;
        }
        handler.on_accept(listener, fd, peer.sin_addr.s_addr);
    }

    void received(Handler& handler, SlotId slot, const io_uring_cqe& cqe) {
        const Control& control = controls_[slot.index];
        const bool current = control.fd >= 0 && control.generation == slot.generation;
        const bool has_buffer = (cqe.flags & IORING_CQE_F_BUFFER) != 0;
        const unsigned id = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
        if (current && cqe.res != -ENOBUFS) {
            const std::size_t bytes = cqe.res > 0 ? static_cast<std::size_t>(cqe.res) : 0;
            handler.on_control(slot,
                               {&input_[has_buffer ? std::size_t{id} * kInputBytes : 0], bytes});
        }
        if (has_buffer) {
            give_back(id, 0);
            io_uring_buf_ring_advance(buffers_, 1);
        }
        // The handler may have ended the session, so ask again before arming again.
        const Control& after = controls_[slot.index];
        if ((cqe.flags & IORING_CQE_F_MORE) == 0 && after.fd >= 0 &&
            after.generation == slot.generation) {
            arm_control(slot);
        }
    }

    io_uring ring_{};
    io_uring_buf_ring* buffers_ = nullptr;
    std::vector<char> input_;
    std::vector<int> listeners_;
    std::vector<Control> controls_;
};

}  // namespace

std::unique_ptr<Engine> make_uring_engine() {
    return std::make_unique<UringEngine>();
}

}  // namespace sluice::bench
