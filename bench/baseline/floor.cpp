#include "floor.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace sluice::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kBufferBytes = 256 << 10;
// How many slices run before the engine is asked for events again: the bound on a turn.
constexpr std::size_t kSlicesPerTurnMax = 8;

constexpr std::string_view kGreeting = "220 floor\r\n";
constexpr std::string_view kOkay = "200 ok\r\n";
constexpr std::string_view kPasswordPlease = "331 password\r\n";
constexpr std::string_view kLoggedIn = "230 in\r\n";
constexpr std::string_view kGoodbye = "221 bye\r\n";
constexpr std::string_view kUnknown = "502 no\r\n";
constexpr std::string_view kNoFile = "550 no file\r\n";
constexpr std::string_view kOpening = "150 data\r\n";
constexpr std::string_view kDone = "226 done\r\n";
// Small files: both replies in one send once the data are out.
constexpr std::string_view kOpeningAndDone = "150 data\r\n226 done\r\n";

std::uint64_t reservation_key(std::uint32_t ip, std::uint32_t port_index) {
    return static_cast<std::uint64_t>(ip) << 16 | port_index;
}

enum class Carries : std::uint8_t { Commands, Data };

int listening_socket(std::uint16_t port, Carries what, std::uint32_t unsent_bytes_max) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    const int one = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    // Accepted sockets inherit all of these. BBR would pace even the loopback.
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    // A "226" must not wait for the acknowledgement of the "150". Data, on the other hand, go out
    // in full segments only: sendfile hands over 64 KiB at a time, a few bytes more than the
    // loopback's segment holds, and each rest sent by itself costs a quarter of all CPU. Closing
    // sends the last.
    const int option = what == Carries::Commands ? TCP_NODELAY : TCP_CORK;
    (void)setsockopt(fd, IPPROTO_TCP, option, &one, sizeof(one));
    if (unsent_bytes_max > 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max,
                         sizeof(unsent_bytes_max));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(fd, kBacklog) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

}  // namespace

Floor::Floor(const FloorOptions& options, Engine& engine)
    : options_(options), engine_(engine), buffer_(kBufferBytes) {}

Floor::~Floor() {
    for (const int fd : listeners_) {
        close(fd);
    }
    if (root_fd_ >= 0) {
        close(root_fd_);
    }
}

bool Floor::listen() {
    root_fd_ = open(options_.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd_ < 0) {
        return false;
    }
    for (std::uint32_t i = 0; i <= options_.passive_ports; ++i) {
        const auto port = static_cast<std::uint16_t>(options_.port + i);
        const int fd = listening_socket(port, i == 0 ? Carries::Commands : Carries::Data,
                                        options_.unsent_bytes_max);
        if (fd < 0) {
            return false;
        }
        listeners_.push_back(fd);
        engine_.add_listener(i, fd);
        if (i > 0) {
            std::array<char, 64> text;
            std::snprintf(text.data(), text.size(), "229 ready (|||%u|)\r\n", unsigned{port});
            extended_replies_.emplace_back(text.data());
            std::snprintf(text.data(), text.size(), "227 ready (127,0,0,1,%d,%d)\r\n", port >> 8,
                          port & 255);
            passive_replies_.emplace_back(text.data());
        }
    }
    return true;
}

void Floor::run() {
    while (engine_.turn(*this, !run_queue_.empty())) {
        const std::size_t slices = std::min(run_queue_.size(), kSlicesPerTurnMax);
        for (std::size_t i = 0; i < slices; ++i) {
            const std::uint32_t index = run_queue_.front();
            run_queue_.pop_front();
            sessions_[index].queued = false;
            move_data(index);
        }
    }
}

SlotId Floor::id_of(std::uint32_t index) const {
    return {.index = index, .generation = sessions_[index].generation};
}

void Floor::on_accept(std::uint32_t listener, int fd, std::uint32_t peer_ip) {
    if (listener > 0) {
        const auto found = reservations_.find(reservation_key(peer_ip, listener - 1));
        if (found == reservations_.end() || sessions_[found->second].data >= 0) {
            close(fd);
            return;
        }
        Session& session = sessions_[found->second];
        session.data = fd;
        session.armed = false;
        if (session.job != Job::None) {
            move_data(found->second);
        }
        return;
    }
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(sessions_.size()));
        sessions_.emplace_back();
    }
    const std::uint32_t index = free_slots_.back();
    free_slots_.pop_back();
    Session& session = sessions_[index];
    session = {.control = fd, .generation = session.generation + 1, .peer_ip = peer_ip};
    // Neighbours take different ports, so one client address can have many sessions.
    session.port_index = static_cast<std::uint16_t>(index % options_.passive_ports);
    engine_.add_control(id_of(index), fd);
    engine_.send_reply(fd, kGreeting);
}

void Floor::on_control(SlotId slot, std::string_view input) {
    if (input.empty()) {
        end_session(slot.index);
        return;
    }
    while (!input.empty() && sessions_[slot.index].control >= 0) {
        const std::size_t end = input.find('\n');
        if (end == std::string_view::npos) {
            return;
        }
        std::string_view line = input.substr(0, end);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        execute(slot.index, line);
        input.remove_prefix(end + 1);
    }
}

void Floor::execute(std::uint32_t index, std::string_view line) {
    const int fd = sessions_[index].control;
    const std::string_view verb = line.substr(0, 4);
    // The argument needs a terminating NUL for openat.
    std::array<char, 256> path{};
    if (line.size() > 5) {
        line.substr(5).copy(path.data(), path.size() - 1);
    }
    const char* name = path[0] == '/' ? &path[1] : path.data();
    if (verb == "NOOP" || verb == "TYPE") {
        engine_.send_reply(fd, kOkay);
    } else if (verb == "EPSV" || verb == "PASV") {
        reserve_port(index, verb == "EPSV");
    } else if (verb == "RETR") {
        start(index, Job::Download, name);
    } else if (verb == "STOR") {
        start(index, Job::Upload, name);
    } else if (verb == "LIST" || verb == "MLSD") {
        send_listing(index, verb, name);
    } else if (verb == "USER") {
        engine_.send_reply(fd, kPasswordPlease);
    } else if (verb == "PASS") {
        engine_.send_reply(fd, kLoggedIn);
    } else if (verb == "SIZE") {
        send_size(sessions_[index], name);
    } else if (verb == "QUIT") {
        engine_.send_reply(fd, kGoodbye);
        end_session(index);
    } else {
        engine_.send_reply(fd, kUnknown);
    }
}

void Floor::reserve_port(std::uint32_t index, bool extended) {
    Session& session = sessions_[index];
    const std::uint16_t port = session.port_index;
    reservations_[reservation_key(session.peer_ip, port)] = index;
    engine_.send_reply(session.control,
                       extended ? extended_replies_[port] : passive_replies_[port]);
}

void Floor::send_size(const Session& session, const char* path) {
    struct stat status {};
    if (fstatat(root_fd_, path, &status, 0) != 0) {
        engine_.send_reply(session.control, kNoFile);
        return;
    }
    // Outside every measured path, so it is sent at once and needs no lasting buffer.
    std::array<char, 40> text;
    const int size = std::snprintf(text.data(), text.size(), "213 %lld\r\n",
                                   static_cast<long long>(status.st_size));
    (void)send(session.control, text.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
}

// A listing is fixed bytes: LIST of "dir" sends the file "dir.LIST" that stands beside the folder.
void Floor::send_listing(std::uint32_t index, std::string_view verb, std::string_view folder) {
    std::array<char, 288> path{};  // what execute() takes, and the five bytes more
    const std::size_t bytes = folder.copy(path.data(), path.size() - 6);
    path[bytes] = '.';
    verb.copy(&path[bytes + 1], 4);
    start(index, Job::Download, path.data());
}

void Floor::start(std::uint32_t index, Job job, const char* path) {
    Session& session = sessions_[index];
    const int flags = job == Job::Download ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    session.file = session.file < 0 ? openat(root_fd_, path, flags | O_CLOEXEC, 0644) : -1;
    struct stat status {};
    if (session.file < 0 || fstat(session.file, &status) != 0) {
        engine_.send_reply(session.control, kNoFile);
        return;
    }
    session.job = job;
    session.offset = 0;
    session.size = status.st_size;
    session.started = false;
    if (job == Job::Upload) {
        engine_.send_reply(session.control, kOpening);
        session.started = true;
    }
    if (session.data >= 0) {
        move_data(index);
    }
}

void Floor::on_data_ready(SlotId slot) {
    const Session& session = sessions_[slot.index];
    if (session.generation == slot.generation && !session.queued) {
        move_data(slot.index);
    }
}

void Floor::move_data(std::uint32_t index) {
    const Session& session = sessions_[index];
    if (session.data < 0) {
        return;
    }
    if (session.job == Job::Download) {
        send_slice(index);
    } else if (session.job == Job::Upload) {
        receive_slice(index);
    }
}

void Floor::send_slice(std::uint32_t index) {
    Session& session = sessions_[index];
    const std::int64_t left = session.size - session.offset;
    const std::int64_t slice = std::min<std::int64_t>(left, options_.slice_bytes);
    off_t offset = session.offset;
    ssize_t sent = 0;
    if (slice > 0 && options_.copies) {
        sent = copy_slice(session, static_cast<std::size_t>(slice));
    } else if (slice > 0) {
        sent = sendfile(session.data, session.file, &offset, static_cast<std::size_t>(slice));
    }
    if (sent > 0) {
        session.offset += sent;
    }
    if (session.offset == session.size || (sent < 0 && errno != EAGAIN)) {
        finish(index);
        return;
    }
    if (!session.started) {
        engine_.send_reply(session.control, kOpening);
        session.started = true;
    }
    if (sent == slice) {
        session.queued = true;
        run_queue_.push_back(index);
    } else {
        // A short count says that the socket is full: asking it again would only return EAGAIN.
        wait(index);
    }
}

// As many buffers as the socket takes; what it does not take of the last one is read again.
ssize_t Floor::copy_slice(const Session& session, std::size_t slice) {
    std::size_t done = 0;
    while (done < slice) {
        const std::size_t wanted = std::min(slice - done, buffer_.size());
        const ssize_t n = pread(session.file, buffer_.data(), wanted,
                                session.offset + static_cast<off_t>(done));
        if (n <= 0) {
            break;
        }
        const ssize_t sent = send(session.data, buffer_.data(), static_cast<std::size_t>(n),
                                  MSG_NOSIGNAL);
        if (sent > 0) {
            done += static_cast<std::size_t>(sent);
        }
        if (sent != n) {
            break;
        }
    }
    return done > 0 ? static_cast<ssize_t>(done) : -1;
}

void Floor::receive_slice(std::uint32_t index) {
    Session& session = sessions_[index];
    const ssize_t n = recv(session.data, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) {
        wait(index);
        return;
    }
    if (n <= 0) {
        finish(index);
        return;
    }
    if (write(session.file, buffer_.data(), static_cast<std::size_t>(n)) != n) {
        finish(index);
        return;
    }
    session.offset += n;
    // Also after a short read: the end of the stream may be here already, and its edge has passed.
    session.queued = true;
    run_queue_.push_back(index);
}

void Floor::wait(std::uint32_t index) {
    Session& session = sessions_[index];
    engine_.wait_data(id_of(index), session.data, session.job == Job::Download, session.armed);
    session.armed = true;
}

void Floor::finish(std::uint32_t index) {
    Session& session = sessions_[index];
    close(session.file);
    session.file = -1;
    engine_.close_data(session.data);
    session.data = -1;
    session.job = Job::None;
    engine_.send_reply(session.control, session.started ? kDone : kOpeningAndDone);
}

void Floor::end_session(std::uint32_t index) {
    Session& session = sessions_[index];
    if (session.file >= 0) {
        close(session.file);
    }
    if (session.data >= 0) {
        (void)shutdown(session.data, SHUT_RDWR);
        engine_.close_data(session.data);
    }
    const auto found = reservations_.find(reservation_key(session.peer_ip, session.port_index));
    if (found != reservations_.end() && found->second == index) {
        reservations_.erase(found);
    }
    engine_.close_control(id_of(index), session.control);
    session = {.generation = session.generation + 1};
    free_slots_.push_back(index);
}

}  // namespace sluice::bench
