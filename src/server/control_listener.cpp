#include "sluice/server/control_listener.hpp"

namespace sluice::server {

ControlListener::ControlListener(io::Reactor& reactor, ConnectionSink& sink, std::uint32_t place)
    : reactor_(reactor),
      sink_(sink),
      place_(place),
      resume_([](void* self) { static_cast<ControlListener*>(self)->start(); }, this) {}

Status ControlListener::listen(const sys::SocketAddress& address, bool shared) {
    sys::ListenOptions options;
    options.reuse_port = shared;
    options.v6_only = true;  // "[::]" and "0.0.0.0" are two listeners, whoever asks for both
    const Result<int> socket = reactor_.kernel().listen(address, options);
    if (!socket) { return fail(socket.error()); }
    socket_ = net::Socket(reactor_, *socket);
    const Result<sys::SocketAddress> bound = reactor_.kernel().local_address(*socket);
    if (!bound) { return fail(bound.error()); }
    address_ = *bound;
    // Accepted sockets inherit these, so they cost nothing per connection. Replies are small and
    // whole: waiting to fill a segment (Nagle) only delays them. ABOR's urgent byte stays in line.
    (void)reactor_.kernel().set_option(*socket, sys::SocketOption::NoDelay, 1);
    (void)reactor_.kernel().set_option(*socket, sys::SocketOption::UrgentInline, 1);
    (void)reactor_.kernel().set_option(*socket, sys::SocketOption::KeepAlive, 60);
    start();
    return {};
}

void ControlListener::start() {
    if (stopping_) { return; }
    accepting_.kind = io::OpKind::Accept;
    accepting_.fd = socket_.fd();
    accepting_.sink = this;
    accepting_.batch_max = kBatchMax;
    reactor_.backend().start(accepting_);
}

void ControlListener::on_accept(int socket) {
    sink_.on_connection(net::Socket(reactor_, socket), place_);
}

void ControlListener::on_accept_end(Error) {
    if (stopping_) {
        socket_.close();
    } else {
        reactor_.set_timer(resume_, kPause);
    }
}

void ControlListener::stop() {
    stopping_ = true;
    resume_.drop();
    if (accepting_.in_flight()) {
        reactor_.backend().stop(accepting_);
    } else {
        socket_.close();
    }
}

}  // namespace sluice::server
