// LinuxKernel: clocks, descriptors and sockets.
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::sys {
namespace {

Status checked(int returned) {
    if (returned < 0) { return fail_errno(errno); }
    return {};
}

Result<std::size_t> counted(ssize_t returned) {
    if (returned < 0) { return fail_errno(errno); }
    return static_cast<std::size_t>(returned);
}

}  // namespace

Instant LinuxKernel::now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return Instant(t.tv_sec * 1'000'000'000 + t.tv_nsec);
}

WallTime LinuxKernel::wall_time() {
    timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return WallTime(t.tv_sec, static_cast<std::int32_t>(t.tv_nsec));
}

std::uint64_t LinuxKernel::entropy() {
    std::uint64_t word = 0;
    // 8 bytes never come short or fail once the kernel's pool is up (getrandom(2)).
    if (getrandom(&word, sizeof word, 0) != sizeof word) {
        word = static_cast<std::uint64_t>(now().ns) * 0x9E3779B97F4A7C15ull;
    }
    return word;
}

void LinuxKernel::close(int fd) { ::close(fd); }

Result<int> LinuxKernel::listen(const SocketAddress& address, const ListenOptions& options) {
    const int number = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0) { return fail_errno(errno); }
    Fd socket(*this, number);
    const int on = 1;
    ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (options.reuse_port &&
        ::setsockopt(number, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0) {
        return fail_errno(errno);
    }
    if (address.is_v6()) {
        const int only = options.v6_only ? 1 : 0;
        ::setsockopt(number, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    sockaddr_storage native;
    const socklen_t length = address.to_native(native);
    if (::bind(number, reinterpret_cast<const sockaddr*>(&native), length) < 0 ||
        ::listen(number, options.backlog) < 0) {
        return fail_errno(errno);
    }
    return socket.release();
}

Result<int> LinuxKernel::connecting_socket(const SocketAddress& source) {
    const int number = ::socket(source.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0) { return fail_errno(errno); }
    Fd socket(*this, number);
    const int on = 1;
    ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Linux 4.2: the port is chosen at connect time, when the target is known, so that ports are
    // unique per target and do not run out (ip(7)).
    ::setsockopt(number, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_storage native;
    const socklen_t length = source.to_native(native);
    if (::bind(number, reinterpret_cast<const sockaddr*>(&native), length) < 0) {
        return fail_errno(errno);
    }
    return socket.release();
}

Result<int> LinuxKernel::accept(int listener) {
    const int number = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number < 0) { return fail_errno(errno); }
    return number;
}

Result<std::size_t> LinuxKernel::receive(int socket, MutableBytes into) {
    return counted(::recv(socket, into.data(), into.size(), MSG_DONTWAIT));
}

Result<std::size_t> LinuxKernel::send(int socket, Bytes from, bool more) {
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    return counted(::send(socket, from.data(), from.size(), flags));
}

Result<std::size_t> LinuxKernel::send_file(int socket, int file, std::int64_t& offset,
                                           std::size_t count) {
    off_t position = offset;
    const ssize_t sent = ::sendfile(socket, file, &position, count);
    if (sent < 0) { return fail_errno(errno); }
    offset = position;
    return static_cast<std::size_t>(sent);
}

Status LinuxKernel::shutdown_sending(int socket) { return checked(::shutdown(socket, SHUT_WR)); }

Status LinuxKernel::shutdown_both(int socket) { return checked(::shutdown(socket, SHUT_RDWR)); }

Result<std::size_t> LinuxKernel::unacknowledged(int socket) {
    int bytes = 0;
    if (::ioctl(socket, SIOCOUTQ, &bytes) < 0) { return fail_errno(errno); }
    return static_cast<std::size_t>(bytes);
}

Result<std::size_t> LinuxKernel::unsent(int socket) {
    int bytes = 0;
    if (::ioctl(socket, SIOCOUTQNSD, &bytes) < 0) { return fail_errno(errno); }
    return static_cast<std::size_t>(bytes);
}

Status LinuxKernel::socket_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) < 0) {
        return fail_errno(errno);
    }
    if (error != 0) { return fail_errno(error); }
    return {};
}

Status LinuxKernel::set_option(int socket, SocketOption option, int value) {
    switch (option) {
        case SocketOption::NoDelay:
            return checked(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value));
        case SocketOption::Cork:
            return checked(::setsockopt(socket, IPPROTO_TCP, TCP_CORK, &value, sizeof value));
        case SocketOption::NotSentLowat:
            return checked(
                ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value));
        case SocketOption::KeepAlive: {
            const int on = value > 0 ? 1 : 0;
            const Status set = checked(
                ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
            if (!set || on == 0) { return set; }
            ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &value, sizeof value);
            return checked(::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &value, sizeof value));
        }
        case SocketOption::AbortiveClose: {
            linger hard = {};
            hard.l_onoff = value;
            return checked(::setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard));
        }
        case SocketOption::UrgentInline:
            return checked(::setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &value, sizeof value));
    }
    return fail(Errc::BadArgument);
}

Status LinuxKernel::set_congestion(int socket, const char* name) {
    return checked(::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name,
                                static_cast<socklen_t>(std::strlen(name))));
}

Result<SocketAddress> LinuxKernel::local_address(int socket) {
    sockaddr_storage native;
    socklen_t length = sizeof native;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&native), &length) < 0) {
        return fail_errno(errno);
    }
    return SocketAddress::from_native(native);
}

Result<SocketAddress> LinuxKernel::peer_address(int socket) {
    sockaddr_storage native;
    socklen_t length = sizeof native;
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&native), &length) < 0) {
        return fail_errno(errno);
    }
    return SocketAddress::from_native(native);
}

}  // namespace sluice::sys
