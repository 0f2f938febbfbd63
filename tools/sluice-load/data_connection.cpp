// FtpClient: the data connection, from EPSV, PASV, EPRT or PORT to a connected socket.
#include <cerrno>

#include <fmt/format.h>

#include "ftp_client.hpp"
#include "socket_calls.hpp"

namespace sluice::load {

void FtpClient::close_data() {
    drop_data_tls();
    for (int* const fd : {&data_, &listener_}) {
        if (*fd < 0) {
            continue;
        }
        context_.reactor.backend().forget(*fd);
        context_.reactor.kernel().close(*fd);
        *fd = -1;
    }
}

io::Task<bool> FtpClient::prepare_data(int receive_bytes) {
    state_ = State::Busy;
    const DataMode mode = context_.options.data_mode;
    if (mode == DataMode::Eprt || mode == DataMode::Port) {
        co_return co_await prepare_active();
    }
    co_return co_await prepare_passive(receive_bytes);
}

io::Task<bool> FtpClient::prepare_passive(int receive_bytes) {
    const bool extended = context_.options.data_mode == DataMode::Epsv;
    const std::int64_t began = now();
    std::string_view verb = "PASV";
    if (extended) {
        verb = "EPSV";
    }
    const int code = co_await ask(verb, "");
    if (code != 227 && code != 229) {
        co_return unexpected(code);
    }
    if ((code == 229) != extended) {
        co_return break_off(Trouble::BadPassiveReply);
    }
    std::optional<std::uint16_t> port = port_of_227(reader_.last_line());
    if (extended) {
        port = port_of_229(reader_.last_line());
    }
    if (!port) {
        // The server listens somewhere, nobody knows where: the session stays as it is.
        co_return break_off(Trouble::BadPassiveReply);
    }
    record(Step::Setup, began);
    const std::uint16_t number = *port;
    co_return co_await connect_data(number, receive_bytes);
}

io::Task<bool> FtpClient::connect_data(std::uint16_t port, int receive_bytes) {
    SocketWish wish;
    wish.source = source_;
    wish.family = context_.server.family();
    wish.receive_bytes = receive_bytes;
    wish.congestion = context_.options.congestion.c_str();
    const Result<int> made = make_socket(wish);
    if (!made) {
        co_return count(Trouble::DataConnectFailed);
    }
    data_ = *made;
    const std::int64_t began = now();
    int error = begin_connect(data_, context_.server.with_port(port));
    if (error == EINPROGRESS) {
        arm();
        const Result<std::uint32_t> writable = co_await io::poll_out(op_, data_, stop_);
        const Status connected = context_.reactor.kernel().socket_error(data_);
        if (!writable) {
            error = ETIMEDOUT;
        } else if (!connected) {
            error = ECONNREFUSED;
        } else {
            error = 0;
        }
    }
    // The server now waits for a connection that will not come: a new session is cheaper than to
    // find out what it makes of that.
    if (error != 0) {
        co_return break_off(Trouble::DataConnectFailed);
    }
    record(Step::DataConnect, began);
    co_return true;
}

io::Task<bool> FtpClient::prepare_active() {
    sys::Kernel& kernel = context_.reactor.kernel();
    const Result<sys::SocketAddress> own = kernel.local_address(control_);
    if (!own) {
        co_return break_off(Trouble::DataConnectFailed);
    }
    sys::ListenOptions options;
    options.backlog = 1;
    const Result<int> listening = kernel.listen(own->with_port(0), options);
    if (!listening) {
        co_return count(Trouble::DataConnectFailed);
    }
    listener_ = *listening;
    const Result<sys::SocketAddress> address = kernel.local_address(listener_);
    if (!address) {
        co_return break_off(Trouble::DataConnectFailed);
    }
    const std::uint16_t port = address->port();
    const std::int64_t began = now();
    std::string argument;
    std::string_view verb = "EPRT";
    if (context_.options.data_mode == DataMode::Eprt) {
        argument = fmt::format("|{}|{}|{}|", own->is_v6() ? 2 : 1, own->host_text(), port);
    } else {
        const std::uint8_t* const ip = own->bytes();
        argument =
            fmt::format("{},{},{},{},{},{}", ip[0], ip[1], ip[2], ip[3], port >> 8, port & 0xFF);
        verb = "PORT";
    }
    const int code = co_await ask(verb, argument);
    if (code / 100 != 2) {
        close_data();
        co_return unexpected(code);
    }
    record(Step::Setup, began);
    co_return true;
}

// After the command: the server connects before or after its 150.
io::Task<bool> FtpClient::accept_data(std::int64_t since_ns) {
    sys::Kernel& kernel = context_.reactor.kernel();
    for (;;) {
        const Result<int> accepted = kernel.accept(listener_);
        if (accepted) {
            data_ = *accepted;
            context_.reactor.backend().forget(listener_);
            kernel.close(listener_);
            listener_ = -1;
            record(Step::DataConnect, since_ns);
            co_return true;
        }
        if (accepted.error().code != Errc::WouldBlock) {
            co_return break_off(Trouble::DataConnectFailed);
        }
        arm();
        const Result<std::uint32_t> ready = co_await io::poll_in(op_, listener_, stop_);
        if (!ready) {
            co_return break_off(Trouble::DataConnectFailed);
        }
    }
}

}  // namespace sluice::load
