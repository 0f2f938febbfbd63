#include "socket_world.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "local_tree.hpp"

namespace sluice::conform {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNarrowBytes = 4096;
// How often `eventually` looks again.
constexpr int kMomentMilliseconds = 10;

struct Native {
    sockaddr_storage storage = {};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Native> to_native(const Endpoint& endpoint) {
    Native out;
    in_addr v4 = {};
    in6_addr v6 = {};
    if (::inet_pton(AF_INET, endpoint.host.c_str(), &v4) == 1) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(endpoint.port);
        address.sin_addr = v4;
        std::memcpy(&out.storage, &address, sizeof address);
        out.size = sizeof address;
        return out;
    }
    if (::inet_pton(AF_INET6, endpoint.host.c_str(), &v6) == 1) {
        sockaddr_in6 address = {};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(endpoint.port);
        address.sin6_addr = v6;
        std::memcpy(&out.storage, &address, sizeof address);
        out.size = sizeof address;
        return out;
    }
    return fail(Errc::BadArgument);
}

Endpoint from_native(const Native& native) {
    char host[NI_MAXHOST] = {};
    char port[NI_MAXSERV] = {};
    Endpoint out;
    if (::getnameinfo(native.get(), native.size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        out.host = host;
        out.port = static_cast<std::uint16_t>(std::atoi(port));
    }
    return out;
}

Endpoint own_endpoint(int fd) {
    Native native;
    native.size = sizeof native.storage;
    if (::getsockname(fd, native.get(), &native.size) != 0) {
        return {};
    }
    return from_native(native);
}

void set_option(int fd, int level, int name, int value) {
    (void)::setsockopt(fd, level, name, &value, sizeof value);  // a wish, not a need
}

UniqueFd open_socket(const Native& native) {
    return UniqueFd(
        ::socket(native.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

SocketWorld::SocketWorld(Options options)
    : options_(std::move(options)),
      tree_(std::make_unique<LocalTree>(
          options_.root.empty() ? options_.folder + "/root" : options_.root,
          options_.folder + "/outside", options_.owner)) {}

int SocketWorld::left(Clock::time_point deadline) {
    const auto rest =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, rest.count()));
}

bool SocketWorld::wait(int fd, short events, Clock::time_point deadline) {
    pollfd entry = {.fd = fd, .events = events, .revents = 0};
    int ready = 0;
    do {
        ready = ::poll(&entry, 1, left(deadline));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

Result<Endpoint> SocketWorld::control_endpoint(Family family) {
    const Endpoint& endpoint = family == Family::Ipv4 ? options_.ipv4 : options_.ipv6;
    if (endpoint.port == 0) {
        return fail(Errc::NotSupported);
    }
    return endpoint;
}

ChannelId SocketWorld::keep(UniqueFd fd) {
    const auto id = ChannelId{next_id_++};
    channels_[id].fd = std::move(fd);
    return id;
}

Result<ChannelId> SocketWorld::dial(const DialOptions& options) {
    const Result<Native> target = to_native(options.target);
    if (!target) {
        return fail(target.error());
    }
    UniqueFd fd = open_socket(*target);
    if (!fd.is_open()) {
        return fail_errno(errno);
    }
    if (options.narrow) {
        set_option(fd.number(), SOL_SOCKET, SO_RCVBUF, kNarrowBytes);
    }
    // `split` means one segment for each piece.
    set_option(fd.number(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (!options.source_host.empty()) {
        const Result<Native> source = to_native({options.source_host, 0});
        if (!source) {
            return fail(source.error());
        }
        if (::bind(fd.number(), source->get(), source->size) != 0) {
            return fail_errno(errno);
        }
    }
    if (::connect(fd.number(), target->get(), target->size) != 0) {
        if (errno != EINPROGRESS) {
            return fail_errno(errno);
        }
        const auto deadline = Clock::now() + std::chrono::milliseconds(options_.step_milliseconds);
        if (!wait(fd.number(), POLLOUT, deadline)) {
            return fail(Errc::TimedOut);
        }
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(fd.number(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
            return fail_errno(error);
        }
    }
    return keep(std::move(fd));
}

Endpoint SocketWorld::local_endpoint(ChannelId id) {
    return own_endpoint(channel(id).fd.number());
}

Result<ListenerId> SocketWorld::listen(const std::string& host) {
    const Result<Native> address = to_native({host, 0});
    if (!address) {
        return fail(address.error());
    }
    UniqueFd fd = open_socket(*address);
    if (!fd.is_open() || ::bind(fd.number(), address->get(), address->size) != 0 ||
        ::listen(fd.number(), 8) != 0) {
        return fail_errno(errno);
    }
    const auto id = ListenerId{next_id_++};
    listeners_[id] = std::move(fd);
    return id;
}

Endpoint SocketWorld::listener_endpoint(ListenerId id) {
    return own_endpoint(listeners_.at(id).number());
}

Result<ChannelId> SocketWorld::accept(ListenerId id, bool narrow) {
    const int listener = listeners_.at(id).number();
    if (narrow) {
        set_option(listener, SOL_SOCKET, SO_RCVBUF, kNarrowBytes);
    }
    if (!wait(listener, POLLIN,
              Clock::now() + std::chrono::milliseconds(options_.step_milliseconds))) {
        return fail(Errc::TimedOut);
    }
    UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.is_open()) {
        return fail_errno(errno);
    }
    return keep(std::move(fd));
}

bool SocketWorld::has_pending(ListenerId id) {
    return wait(listeners_.at(id).number(), POLLIN, Clock::now());
}

void SocketWorld::close_listener(ListenerId id) {
    listeners_.erase(id);
}

Status SocketWorld::send(ChannelId id, std::string_view bytes, bool urgent) {
    Channel& c = channel(id);
    const auto deadline = Clock::now() + std::chrono::milliseconds(options_.step_milliseconds);
    if (c.tls != nullptr) {
        return send_tls(c, bytes, deadline);
    }
    while (!bytes.empty()) {
        const int flags = MSG_NOSIGNAL | (urgent ? MSG_OOB : 0);
        const ssize_t sent = ::send(c.fd.number(), bytes.data(), bytes.size(), flags);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN) {
            return fail_errno(errno);
        }
        // A server that answers each line stops reading when nobody reads its answers.
        pollfd entry = {.fd = c.fd.number(), .events = POLLOUT, .revents = 0};
        entry.events |= c.ended ? short{0} : short{POLLIN};
        if (::poll(&entry, 1, left(deadline)) <= 0) {
            return fail(Errc::TimedOut);
        }
        if ((entry.revents & POLLIN) != 0) {
            char piece[16384];
            const ssize_t got = ::recv(c.fd.number(), piece, sizeof piece, 0);
            if (got > 0) {
                c.early.append(piece, static_cast<std::size_t>(got));
            } else if (got == 0) {
                c.ended = true;
            }
        }
    }
    return {};
}

Status SocketWorld::send_tls(Channel& c, std::string_view bytes, Clock::time_point deadline) {
    while (!bytes.empty()) {
        const TlsChannel::Moved moved = c.tls->write(bytes);
        if (moved.want == TlsChannel::Want::Nothing) {
            bytes.remove_prefix(moved.count);
            continue;
        }
        if (moved.want == TlsChannel::Want::Broken || moved.want == TlsChannel::Want::End) {
            return fail(Errc::ConnectionReset);
        }
        pollfd entry = {.fd = c.fd.number(), .events = POLLOUT | POLLIN, .revents = 0};
        if (::poll(&entry, 1, left(deadline)) <= 0) {
            return fail(Errc::TimedOut);
        }
        char piece[16384];
        const TlsChannel::Moved got = c.tls->read(piece, sizeof piece);
        c.early.append(piece, got.count);
    }
    return {};
}

Status SocketWorld::begin_tls(ChannelId id, const TlsOptions& options) {
    Channel& c = channel(id);
    TlsChannel::Setup setup;
    setup.origin = options.resumes ? channel(*options.resumes).tls.get() : nullptr;
    setup.serves = options.serves;
    std::optional<Certificate> shown;
    if (!options.shows.empty()) {
        shown.emplace(options.shows, options.is_stranger ? nullptr : options_.authority);
        setup.shows = &*shown;
    }
    const auto deadline = Clock::now() + std::chrono::milliseconds(options_.step_milliseconds);
    c.tls = std::make_unique<TlsChannel>(c.fd.number(), setup);
    while (true) {
        switch (c.tls->handshake()) {
            case TlsChannel::Want::Nothing:
                return {};
            case TlsChannel::Want::Input:
                if (!wait(c.fd.number(), POLLIN, deadline)) {
                    return fail(Errc::TimedOut);
                }
                break;
            case TlsChannel::Want::Room:
                if (!wait(c.fd.number(), POLLOUT, deadline)) {
                    return fail(Errc::TimedOut);
                }
                break;
            case TlsChannel::Want::End:
            case TlsChannel::Want::Broken:
                return fail(Errc::Protocol);
        }
    }
}

Status SocketWorld::end_tls(ChannelId id) {
    Channel& c = channel(id);
    if (c.tls == nullptr) {
        return fail(Errc::BadArgument);
    }
    const auto deadline = Clock::now() + std::chrono::milliseconds(options_.step_milliseconds);
    c.tls->close();
    while (true) {
        char piece[4096];
        const TlsChannel::Moved got = c.tls->read(piece, sizeof piece);
        if (got.want == TlsChannel::Want::End) {
            c.tls.reset();
            return {};
        }
        if (got.want != TlsChannel::Want::Input) {
            return fail(Errc::Protocol);  // also bytes that no reply announced
        }
        if (!wait(c.fd.number(), POLLIN, deadline)) {
            return fail(Errc::TimedOut);
        }
    }
}

ReadEnd SocketWorld::read_until(ChannelId id, std::string& out, std::size_t bytes_max,
                                Clock::time_point deadline) {
    Channel& c = channel(id);
    if (!c.early.empty()) {
        const std::size_t size = std::min(bytes_max, c.early.size());
        out.append(c.early, 0, size);
        c.early.erase(0, size);
        return ReadEnd::Bytes;
    }
    if (c.ended) {
        return ReadEnd::Closed;
    }
    while (c.tls != nullptr) {
        const std::size_t before = out.size();
        out.resize(before + bytes_max);
        const TlsChannel::Moved got = c.tls->read(out.data() + before, bytes_max);
        out.resize(before + got.count);
        switch (got.want) {
            case TlsChannel::Want::Nothing:
                return ReadEnd::Bytes;
            case TlsChannel::Want::End:
                return ReadEnd::Closed;
            case TlsChannel::Want::Broken:
                return ReadEnd::Reset;
            case TlsChannel::Want::Input:
            case TlsChannel::Want::Room:
                break;
        }
        if (!wait(c.fd.number(), POLLIN, deadline)) {
            return ReadEnd::TimedOut;
        }
    }
    if (!wait(c.fd.number(), POLLIN, deadline)) {
        return ReadEnd::TimedOut;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes_max);
    const ssize_t got = ::recv(c.fd.number(), out.data() + before, bytes_max, 0);
    const int error = errno;
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    if (got > 0) {
        return ReadEnd::Bytes;
    }
    if (got < 0 && error == EAGAIN) {
        return ReadEnd::TimedOut;
    }
    return got == 0 ? ReadEnd::Closed : ReadEnd::Reset;
}

ReadEnd SocketWorld::read(ChannelId id, std::string& out, std::size_t bytes_max) {
    return read_until(id, out, bytes_max,
                      Clock::now() + std::chrono::milliseconds(options_.step_milliseconds));
}

ReadEnd SocketWorld::read_now(ChannelId id, std::string& out, std::size_t bytes_max) {
    return read_until(id, out, bytes_max, Clock::now());
}

void SocketWorld::finish_sending(ChannelId id) {
    if (channel(id).tls != nullptr) {
        channel(id).tls->close();
    }
    (void)::shutdown(channel(id).fd.number(), SHUT_WR);  // the peer may be gone already
}

void SocketWorld::close(ChannelId id) {
    if (channel(id).tls != nullptr) {
        channel(id).tls->close();
    }
    channels_.erase(id);
}

void SocketWorld::reset(ChannelId id) {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(channel(id).fd.number(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    channels_.erase(id);
}

void SocketWorld::begin_patience() {
    patience_end_ = Clock::now() + std::chrono::milliseconds(options_.step_milliseconds);
}

bool SocketWorld::pass_moment() {
    if (Clock::now() >= patience_end_) {
        return false;
    }
    (void)::poll(nullptr, 0, kMomentMilliseconds);
    return true;
}

bool SocketWorld::provides(std::string_view ability) {
    if (ability == "ipv6") {
        return options_.ipv6.port != 0;
    }
    if (ability == "remote-tree") {
        return tree_->is_remote();
    }
    if (ability == "xattr") {  // a file system for MFCT
        constexpr const char* kProbe = "user.sluice.probe";
        const std::string beside = tree_->outside_path();
        return ::setxattr(beside.c_str(), kProbe, "1", 1, 0) == 0 &&
               ::removexattr(beside.c_str(), kProbe) == 0;
    }
    if (ability == "tls") {
        return !tree_->is_remote();  // it takes settings, so the server must be ours
    }
    if (ability == "unprivileged") {
        return ::geteuid() != 0;
    }
    // Anything below a real socket's mercy: fragments, urgent data, foreign loopback addresses.
    return ability == "sockets" || ability == "local-server";
}

}  // namespace sluice::conform
