#include "drive_session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace sluice::bench {
namespace {

constexpr std::size_t kReceiveBytes = 1 << 20;
constexpr std::size_t kSendBytes = 256 << 10;
// How often one event may read or write before the other sessions get their turn.
constexpr int kMovesPerEventMax = 4;

std::vector<char>& scratch() {
    static std::vector<char> buffer(kReceiveBytes, 'x');
    return buffer;
}

sockaddr_in address_of(std::uint32_t ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(ip);
    address.sin_port = htons(port);
    return address;
}

// "229 text (|||port|)": the delimiter is whatever follows the parenthesis (RFC 2428).
std::uint16_t extended_port(std::string_view line) {
    const std::size_t open = line.rfind('(');
    if (open == std::string_view::npos || open + 4 >= line.size()) {
        return 0;
    }
    return static_cast<std::uint16_t>(std::atoi(std::string(line.substr(open + 4)).c_str()));
}

// "227 text (h1,h2,h3,h4,p1,p2)": the host is the one of the control connection anyway.
std::uint16_t passive_port(std::string_view line) {
    const std::string text(line);
    const char* digits = std::strpbrk(text.c_str() + 4, "0123456789");
    unsigned h1 = 0, h2 = 0, h3 = 0, h4 = 0, p1 = 0, p2 = 0;
    if (digits == nullptr ||
        std::sscanf(digits, "%u,%u,%u,%u,%u,%u", &h1, &h2, &h3, &h4, &p1, &p2) != 6) {
        return 0;
    }
    return static_cast<std::uint16_t>(p1 << 8 | p2);
}

}  // namespace

Session::~Session() {
    close_all();
}

void Session::close_all() {
    if (data_ >= 0) {
        close(data_);
    }
    if (control_ >= 0) {
        close(control_);
    }
    data_ = control_ = -1;
}

int Session::connect_to(std::uint16_t port, std::uint32_t tag, std::uint32_t events) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    const int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    // The port is chosen by connect, which knows the server: otherwise each port serves once.
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
    const sockaddr_in source = address_of(source_ip_, 0);
    const sockaddr_in target = address_of(options_->server_ip, port);
    epoll_event event{};
    event.events = events;
    event.data.u32 = index_ * 2 + tag;
    if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) != 0 ||
        (connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

void Session::open(const DriveOptions& options, SessionOwner& owner, int epoll, std::uint32_t index,
                   std::uint32_t source_ip) {
    close_all();
    options_ = &options;
    owner_ = &owner;
    epoll_ = epoll;
    index_ = index;
    source_ip_ = source_ip;
    step_ = Step::Banner;
    input_size_ = 0;
    control_ = connect_to(options.port, 0, EPOLLIN);
    if (control_ < 0) {
        fail("connect");
        return;
    }
    if (options.scenario == Scenario::Latency) {
        const int one = 1;
        (void)setsockopt(control_, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
    }
}

void Session::fail(const std::string& what) {
    close_all();
    owner_->on_error(*this, what);
}

void Session::command(std::string_view text, Step step) {
    step_ = step;
    const ssize_t n = send(control_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(text.size())) {
        fail("send");
    }
}

std::string Session::path() const {
    std::string result = options_->path;
    const std::size_t mark = result.find('%');
    if (mark != std::string::npos) {
        result.replace(mark, 1, std::to_string(index_));
    }
    return result;
}

// Reads replies and, for Latency, when they arrived: the kernel's time does not contain how long
// this client then waited for its CPU.
ssize_t Session::receive_control() {
    iovec part{.iov_base = input_.data() + input_size_, .iov_len = input_.size() - input_size_};
    alignas(cmsghdr) std::array<char, 256> extra;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = extra.data();
    message.msg_controllen = extra.size();
    const ssize_t n = recvmsg(control_, &message, 0);
    for (cmsghdr* header = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
            timespec time{};
            std::memcpy(&time, CMSG_DATA(header), sizeof(time));
            arrived_ns_ = time.tv_sec * 1'000'000'000 + time.tv_nsec;
        }
    }
    return n;
}

void Session::on_control_event() {
    if (control_ < 0) {
        return;
    }
    const ssize_t n = receive_control();
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    if (n <= 0) {
        if (step_ == Step::Quit) {
            close_all();
            owner_->on_closed(*this);
        } else {
            fail(n < 0 ? std::string("control: ") + std::strerror(errno) : "control closed");
        }
        return;
    }
    input_size_ = static_cast<std::uint16_t>(input_size_ + n);
    std::size_t taken = 0;
    while (control_ >= 0) {
        const std::string_view rest(input_.data() + taken, input_size_ - taken);
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) {
            break;
        }
        const std::string_view line = rest.substr(0, end);
        taken += end + 1;
        // The last line of a reply is the one with a space after its code (RFC 959 4.2).
        if (line.size() >= 3 && line[0] >= '1' && line[0] <= '5' &&
            (line.size() == 3 || line[3] == ' ' || line[3] == '\r')) {
            on_reply((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'), line);
        }
    }
    std::memmove(input_.data(), input_.data() + taken, input_size_ - taken);
    input_size_ = static_cast<std::uint16_t>(input_size_ - taken);
    if (input_size_ == input_.size()) {
        fail("reply line too long");
    }
}

void Session::on_reply(int code, std::string_view line) {
    const int kind = code / 100;
    if (step_ == Step::Transfer) {
        on_transfer_reply(code, line);
    } else if (step_ == Step::Banner && code == 220) {
        command("USER " + options_->user + "\r\n", Step::User);
    } else if (step_ == Step::User && code == 331) {
        command("PASS " + options_->password + "\r\n", Step::Password);
    } else if ((step_ == Step::User || step_ == Step::Password) && code == 230) {
        logged_in();
    } else if (step_ == Step::Type && kind == 2) {
        if (options_->scenario == Scenario::Download && options_->type == "I") {
            command("SIZE " + path() + "\r\n", Step::Size);
        } else {
            expected_ = options_->bytes;
            step_ = Step::Ready;
            owner_->on_ready(*this);
        }
    } else if (step_ == Step::Size && code == 213) {
        expected_ = std::strtoull(std::string(line.substr(4)).c_str(), nullptr, 10);
        step_ = Step::Ready;
        owner_->on_ready(*this);
    } else if (step_ == Step::Noop && kind == 2) {
        step_ = Step::Ready;
        owner_->on_operation(*this);
    } else if (step_ == Step::Passive && code == 229) {
        connect_data(extended_port(line));
    } else if (step_ == Step::Passive && code == 227) {
        connect_data(passive_port(line));
    } else if (step_ == Step::Passive && kind == 5 && !plain_passive_) {
        plain_passive_ = true;
        command("PASV\r\n", Step::Passive);
    } else if (step_ == Step::Quit && code == 221) {
        // The server closes now; the end of the stream ends the operation.
    } else {
        fail("reply " + std::to_string(code) + " in step " +
             std::to_string(static_cast<int>(step_)));
    }
}

void Session::logged_in() {
    const bool moves_data =
        options_->scenario == Scenario::Download || options_->scenario == Scenario::Upload;
    if (options_->scenario == Scenario::Login) {
        command("QUIT\r\n", Step::Quit);
    } else if (moves_data) {
        command("TYPE " + options_->type + "\r\n", Step::Type);
    } else {
        step_ = Step::Ready;
        owner_->on_ready(*this);
    }
}

void Session::begin() {
    if (options_->scenario == Scenario::Noop || options_->scenario == Scenario::Latency) {
        command("NOOP\r\n", Step::Noop);
    } else {
        command(plain_passive_ ? "PASV\r\n" : "EPSV\r\n", Step::Passive);
    }
}

void Session::connect_data(std::uint16_t port) {
    const bool download = options_->scenario == Scenario::Download;
    moved_ = 0;
    may_send_ = data_done_ = reply_done_ = false;
    if (!download) {
        expected_ = options_->bytes;
    }
    // An upload waits for its 150 before it asks for room to write.
    data_ = port == 0 ? -1 : connect_to(port, 1, download ? EPOLLIN : 0U);
    if (data_ < 0) {
        fail("data connect");
        return;
    }
    if (download && options_->wake_bytes > 0) {
        (void)setsockopt(data_, SOL_SOCKET, SO_RCVLOWAT, &options_->wake_bytes,
                         sizeof(options_->wake_bytes));
    }
    command((download ? "RETR " : "STOR ") + path() + "\r\n", Step::Transfer);
}

void Session::on_transfer_reply(int code, std::string_view /*line*/) {
    const int kind = code / 100;
    if (kind == 1) {
        if (options_->scenario == Scenario::Upload && !may_send_) {
            may_send_ = true;
            epoll_event event{};
            event.events = EPOLLOUT;
            event.data.u32 = index_ * 2 + 1;
            (void)epoll_ctl(epoll_, EPOLL_CTL_MOD, data_, &event);
        }
        return;
    }
    if (kind != 2) {
        fail("reply " + std::to_string(code) + " in a transfer");
        return;
    }
    reply_done_ = true;
    transfer_step_finished();
}

void Session::on_data_event() {
    if (data_ < 0 || step_ != Step::Transfer) {
        return;
    }
    if (options_->scenario == Scenario::Download) {
        receive_data();
    } else if (may_send_) {
        send_data();
    }
}

void Session::receive_data() {
    for (int i = 0; i < kMovesPerEventMax; ++i) {
        // MSG_TRUNC: the kernel throws the bytes away, so the client does not become the limit.
        const ssize_t n = recv(data_, scratch().data(), kReceiveBytes, MSG_TRUNC);
        if (n == 0) {
            data_finished();
            return;
        }
        if (n < 0) {
            if (errno != EAGAIN) {
                fail(std::string("data: ") + std::strerror(errno));
            }
            return;
        }
        moved_ += static_cast<std::uint64_t>(n);
        owner_->on_bytes(static_cast<std::uint64_t>(n));
    }
}

void Session::send_data() {
    for (int i = 0; i < kMovesPerEventMax && moved_ < expected_; ++i) {
        const auto chunk =
            static_cast<std::size_t>(std::min<std::uint64_t>(kSendBytes, expected_ - moved_));
        const ssize_t n = send(data_, scratch().data(), chunk, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) {
                fail(std::string("data: ") + std::strerror(errno));
            }
            return;
        }
        moved_ += static_cast<std::uint64_t>(n);
        owner_->on_bytes(static_cast<std::uint64_t>(n));
    }
    if (moved_ == expected_) {
        data_finished();
    }
}

void Session::data_finished() {
    close(data_);
    data_ = -1;
    data_done_ = true;
    transfer_step_finished();
}

void Session::transfer_step_finished() {
    if (!data_done_ || !reply_done_) {
        return;
    }
    if (moved_ != expected_) {
        fail("wrong byte count");
        return;
    }
    step_ = Step::Ready;
    owner_->on_operation(*this);
}

}  // namespace sluice::bench
