#include "socket_calls.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::load {

Result<int> make_socket(const SocketWish& wish) {
    const int number = ::socket(wish.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0) {
        return fail_errno(errno);
    }
    const int on = 1;
    if (wish.no_delay) {
        (void)::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    bool good = true;
    if (wish.receive_bytes > 0) {
        // Before connect: the window scale is agreed on in the handshake (tcp(7)).
        good = ::setsockopt(number, SOL_SOCKET, SO_RCVBUF, &wish.receive_bytes,
                            sizeof wish.receive_bytes) == 0;
    }
    if (good && wish.congestion[0] != '\0') {
        good = ::setsockopt(number, IPPROTO_TCP, TCP_CONGESTION, wish.congestion,
                            static_cast<socklen_t>(std::strlen(wish.congestion))) == 0;
    }
    if (good && wish.source.is_set()) {
        (void)::setsockopt(number, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_storage native;
        const socklen_t length = wish.source.to_native(native);
        good = ::bind(number, reinterpret_cast<const sockaddr*>(&native), length) == 0;
    }
    if (!good) {
        const int error = errno;
        ::close(number);
        return fail_errno(error);
    }
    return number;
}

int begin_connect(int socket, const sys::SocketAddress& target) {
    sockaddr_storage native;
    const socklen_t length = target.to_native(native);
    const sockaddr* const address = reinterpret_cast<const sockaddr*>(&native);
    if (::connect(socket, address, length) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    // On loopback the handshake is over as soon as the first call has let go of the socket: asking
    // again is cheaper than a poll through the engine.
    if (::connect(socket, address, length) == 0 || errno == EISCONN) {
        return 0;
    }
    return errno == EALREADY ? EINPROGRESS : errno;
}

Result<std::size_t> discard(int socket, std::size_t bytes_max) {
    const ssize_t got = ::recv(socket, nullptr, bytes_max, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0) {
        return fail_errno(errno);
    }
    return static_cast<std::size_t>(got);
}

Result<int> make_memory_file(std::size_t size) {
    const int number = ::memfd_create("sluice-load", MFD_CLOEXEC);
    if (number < 0) {
        return fail_errno(errno);
    }
    if (::ftruncate(number, static_cast<off_t>(size)) < 0) {
        const int error = errno;
        ::close(number);
        return fail_errno(error);
    }
    return number;
}

Result<int> make_timer() {
    const int number = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (number < 0) {
        return fail_errno(errno);
    }
    return number;
}

void arm_timer(int timer, std::int64_t at_ns) {
    itimerspec when = {};
    // All zeros would disarm it.
    if (at_ns < 1) {
        at_ns = 1;
    }
    when.it_value.tv_sec = at_ns / 1'000'000'000;
    when.it_value.tv_nsec = at_ns % 1'000'000'000;
    (void)::timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
}

double thread_cpu_seconds() {
    rusage use = {};
    (void)::getrusage(RUSAGE_THREAD, &use);
    return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

Result<sys::SocketAddress> resolve(const std::string& host, std::uint16_t port) {
    const Result<sys::SocketAddress> literal = sys::SocketAddress::parse(host, port);
    if (literal) {
        return literal;
    }
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
        return fail(Errc::NotFound);
    }
    sockaddr_storage native = {};
    std::memcpy(&native, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    return sys::SocketAddress::from_native(native).with_port(port);
}

}  // namespace sluice::load
