// sim::Kernel: descriptors and sockets.
#include "sim/kernel.hpp"

#include <algorithm>
#include <cerrno>

#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr int kFirstDescriptor = 3;  // 0 to 2 are the terminal's
// One sendfile moves at most as much as a pipe of 16 pages at a time; we read that much at once.
constexpr std::size_t kSendFileStep = 64 * 1024;

}  // namespace

const char* name_of(Sleep sleep) {
    static constexpr const char* kNames[kSleepCount] = {"open without RESOLVE_CACHED",
                                                        "status_at",
                                                        "read of cold pages",
                                                        "sendfile of cold pages",
                                                        "write",
                                                        "read_entries",
                                                        "a change of names",
                                                        "a change of attributes",
                                                        "sync"};
    return kNames[static_cast<std::size_t>(sleep)];
}

Kernel::Kernel(Clock& clock, Prng& prng, Faults& faults, Trace& trace, Network& network,
               Files& files)
    : clock_(clock),
      prng_(prng),
      faults_(faults),
      trace_(trace),
      network_(network),
      files_(files),
      descriptors_(kFirstDescriptor) {}

void Kernel::detach(DescriptorSink& sink) {
    sinks_.erase(std::remove(sinks_.begin(), sinks_.end(), &sink), sinks_.end());
}

std::size_t Kernel::open_descriptors() const {
    return open_count_;
}

int Kernel::install(const Descriptor& made) {
    std::size_t fd = kFirstDescriptor;
    while (fd < descriptors_.size() && descriptors_[fd].kind != Descriptor::Kind::Free) {
        ++fd;
    }
    if (fd == descriptors_.size()) { descriptors_.emplace_back(); }
    descriptors_[fd] = made;
    ++open_count_;
    const int number = static_cast<int>(fd);
    if (made.socket != 0) { descriptor_of_[made.socket] = number; }
    return number;
}

Kernel::Descriptor& Kernel::descriptor(int fd) {
    if (fd < kFirstDescriptor || static_cast<std::size_t>(fd) >= descriptors_.size() ||
        descriptors_[static_cast<std::size_t>(fd)].kind == Descriptor::Kind::Free) {
        panic("a call on descriptor %d, which is not open", fd);
    }
    return descriptors_[static_cast<std::size_t>(fd)];
}

Kernel::Descriptor& Kernel::socket(int fd) {
    Descriptor& found = descriptor(fd);
    if (found.kind != Descriptor::Kind::Socket) { panic("descriptor %d is no socket", fd); }
    return found;
}

void Kernel::on_socket(SocketId socket) {
    const auto found = descriptor_of_.find(socket);
    if (found == descriptor_of_.end()) { return; }  // in an accept queue
    for (DescriptorSink* sink : sinks_) {
        sink->on_edge(found->second);
    }
}

Status Kernel::noted(const char* what, int fd, Status status) {
    trace_.note(what, static_cast<std::uint64_t>(fd), 0,
                status ? 0 : static_cast<std::uint64_t>(status.error().sys_errno));
    return status;
}

void Kernel::close(int fd) {
    Descriptor closing = descriptor(fd);
    for (DescriptorSink* sink : sinks_) {
        sink->on_close(fd);
    }
    descriptors_[static_cast<std::size_t>(fd)] = Descriptor();
    --open_count_;
    trace_.note("close fd", static_cast<std::uint64_t>(fd));
    if (closing.kind == Descriptor::Kind::Socket) {
        descriptor_of_.erase(closing.socket);
        network_.close(closing.socket, closing.abortive);
    } else {
        files_.release(closing.inode);
    }
}

void Kernel::forget_all() {
    descriptors_.assign(kFirstDescriptor, Descriptor());
    descriptor_of_.clear();
    open_count_ = 0;
}

Result<int> Kernel::listen(const sys::SocketAddress& address, const sys::ListenOptions& options) {
    if (is_full() || faults_.strikes(Fault::NoDescriptors)) { return fail_errno(EMFILE); }
    if (address.port() != 0 && faults_.strikes(Fault::ListenInUse)) {
        return fail_errno(EADDRINUSE);
    }
    const Result<SocketId> made = network_.listen(address, options, Side::Server, this);
    if (!made) { return fail(made.error()); }
    Descriptor listener;
    listener.kind = Descriptor::Kind::Socket;
    listener.socket = *made;
    return install(listener);
}

Result<int> Kernel::connecting_socket(const sys::SocketAddress& source) {
    if (is_full() || faults_.strikes(Fault::NoDescriptors)) { return fail_errno(EMFILE); }
    const Result<SocketId> made = network_.open(source, Side::Server, this);
    if (!made) { return fail(made.error()); }
    Descriptor socket;
    socket.kind = Descriptor::Kind::Socket;
    socket.socket = *made;
    return install(socket);
}

Result<int> Kernel::accept(int listener) {
    const SocketId from = socket(listener).socket;
    if (!network_.is_readable(from)) { return fail_errno(EAGAIN); }
    if (is_full() || faults_.strikes(Fault::NoDescriptors)) { return fail_errno(EMFILE); }
    if (faults_.strikes(Fault::NoMemory)) { return fail_errno(ENOMEM); }
    const Result<SocketId> taken = network_.accept(from);
    if (!taken) { return fail(taken.error()); }
    Descriptor accepted;
    accepted.kind = Descriptor::Kind::Socket;
    accepted.socket = *taken;
    return noted("accept fd", listener, Result<int>(install(accepted)));
}

Result<std::size_t> Kernel::receive(int fd, MutableBytes into) {
    return noted("receive", fd, network_.receive(socket(fd).socket, into));
}

Result<std::size_t> Kernel::send(int fd, Bytes from, bool) {
    return noted("send", fd, network_.send(socket(fd).socket, from));
}

Result<std::size_t> Kernel::send_file(int socket_fd, int file_fd, std::int64_t& offset,
                                      std::size_t count) {
    const SocketId to = socket(socket_fd).socket;
    Inode& inode = files_.get(contents(file_fd, false).inode);
    if (offset < 0) { return fail_errno(EINVAL); }
    if (faults_.strikes(Fault::InputOutput)) { return noted_errno("sendfile", socket_fd, EIO); }
    std::size_t total = 0;
    std::vector<std::uint8_t> step(std::min(count, kSendFileStep));
    while (total < count) {
        const std::size_t wanted = std::min(count - total, step.size());
        touch_pages(inode.data, offset, static_cast<std::int64_t>(wanted), Sleep::SendCold);
        const std::size_t got = inode.data.read(offset, MutableBytes(step.data(), wanted));
        if (got == 0) { break; }
        const Result<std::size_t> sent = network_.send(to, Bytes(step.data(), got));
        if (!sent) {
            if (total > 0) { break; }  // an error of the socket is told by the next call
            return noted("sendfile", socket_fd, sent);
        }
        total += *sent;
        offset += static_cast<std::int64_t>(*sent);
        if (*sent < got) { break; }
    }
    return noted("sendfile", socket_fd, Result<std::size_t>(total));
}

Status Kernel::shutdown_sending(int fd) {
    return noted("shutdown", fd, network_.shutdown_sending(socket(fd).socket));
}

Status Kernel::shutdown_both(int fd) {
    return noted("shutdown", fd, network_.shutdown_both(socket(fd).socket));
}

Result<std::size_t> Kernel::unacknowledged(int fd) {
    return noted("unacknowledged", fd, network_.unacknowledged(socket(fd).socket));
}

Result<std::size_t> Kernel::unsent(int fd) {
    return noted("unsent", fd, network_.unsent(socket(fd).socket));
}

Status Kernel::socket_error(int fd) {
    return network_.take_error(socket(fd).socket);
}

Status Kernel::set_option(int fd, sys::SocketOption option, int value) {
    Descriptor& changed = socket(fd);
    if (option == sys::SocketOption::AbortiveClose) { changed.abortive = value != 0; }
    return {};
}

Status Kernel::set_congestion(int fd, const char*) {
    socket(fd);
    return fail_errno(ENOENT);  // as with a module that is not there
}

Result<sys::SocketAddress> Kernel::local_address(int fd) {
    return network_.local_address(socket(fd).socket);
}

Result<sys::SocketAddress> Kernel::peer_address(int fd) {
    return network_.peer_address(socket(fd).socket);
}

}  // namespace sluice::sim
