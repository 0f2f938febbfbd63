// A connected or listening socket with one owner.
//
// Closing tells the Backend first (its table is indexed by descriptor) and asserts nothing is in
// flight there: io_uring looks descriptors up lazily, and a number that is closed too early may
// already be another session's (liburing#782).
// Thread: its shard.
#pragma once

#include <utility>

#include "sluice/io/reactor.hpp"

namespace sluice::net {

class Socket {
public:
    Socket() = default;
    Socket(io::Reactor& reactor, int fd) : reactor_(&reactor), fd_(fd) {}
    Socket(Socket&& other) noexcept
        : reactor_(other.reactor_), fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&& other) noexcept {
        if (this != &other) {
            close();
            reactor_ = other.reactor_;
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Socket() { close(); }

    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }
    int release() { return std::exchange(fd_, -1); }

    void close() {
        if (fd_ < 0) { return; }
        reactor_->backend().forget(fd_);
        reactor_->kernel().close(std::exchange(fd_, -1));
    }
    // Says `last`, as far as the socket takes it now, and then FIN.
    void close_with(Bytes last) {
        if (fd_ < 0) { return; }
        (void)reactor_->kernel().send(fd_, last, false);
        close();
    }
    // Sends RST instead of FIN: for strangers, and for transfers that failed, so that the peer
    // cannot take the end for a complete file.
    void close_abortively() {
        if (fd_ < 0) { return; }
        (void)reactor_->kernel().set_option(fd_, sys::SocketOption::AbortiveClose, 1);
        close();
    }

private:
    io::Reactor* reactor_ = nullptr;
    int fd_ = -1;
};

}  // namespace sluice::net
