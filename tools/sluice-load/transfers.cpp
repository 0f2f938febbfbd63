// FtpClient: the bytes of a transfer and the reply that ends it.
#include <algorithm>
#include <cerrno>

#include "crc32c.hpp"
#include "ftp_client.hpp"
#include "socket_calls.hpp"

namespace sluice::load {
namespace {

// What one call may move: large, because nothing is copied; bounded, so that others get their turn.
constexpr std::uint64_t kReceiveBytesMax = 64u << 20;
constexpr std::uint64_t kSendBytesMax = 1u << 20;
// Calls in a row before the other sessions of the thread get their turn.
constexpr int kMovesPerTurnMax = 8;
// A slow reader reads this often.
constexpr std::int64_t kSlowStepNs = 100'000'000;

// A slow reader must not have a buffer that swallows the file at once: half a second's worth, not
// below what Linux allows (tcp(7), SO_RCVBUF) and not above what is still slow.
int receive_buffer_of(std::uint64_t slow_rate) {
    if (slow_rate == 0) {
        return 0;
    }
    return static_cast<int>(std::clamp<std::uint64_t>(slow_rate / 2, 4096, 256 * 1024));
}

}  // namespace

io::Task<bool> FtpClient::retrieve(Transfer& what) {
    co_return co_await download(what, "RETR");
}

io::Task<bool> FtpClient::list(Transfer& what, bool machine) {
    std::string_view verb = "LIST";
    if (machine) {
        verb = "MLSD";
    }
    co_return co_await download(what, verb);
}

io::Task<bool> FtpClient::download(Transfer& what, std::string_view verb) {
    const bool prepared = co_await prepare_data(receive_buffer_of(what.slow_rate));
    if (!prepared) {
        co_return false;
    }
    const bool begun = co_await begin_transfer(verb, *what.path);
    if (!begun) {
        co_return false;
    }
    if (protects_data()) {
        const bool secured = co_await secure_data(false);
        if (!secured) {
            co_return false;
        }
    }
    const DataEnd end = co_await move_all(what, Direction::Receive);
    if (end == DataEnd::First) {
        co_return co_await abort_transfer();
    }
    co_return co_await finish(what, end);
}

io::Task<bool> FtpClient::store(Transfer& what) {
    const bool prepared = co_await prepare_data(0);
    if (!prepared) {
        co_return false;
    }
    const bool begun = co_await begin_transfer("STOR", *what.path);
    if (!begun) {
        co_return false;
    }
    if (protects_data()) {
        const bool secured = co_await secure_data(true);
        if (!secured) {
            co_return false;
        }
    }
    DataEnd end = co_await move_all(what, Direction::Send);
    if (end == DataEnd::End && data_tls_ != nullptr) {
        end = co_await part_data();
    }
    co_return co_await finish(what, end);
}

// The command, the first reply and, in active mode, the server's connection.
io::Task<bool> FtpClient::begin_transfer(std::string_view verb, std::string_view path) {
    moved_ = 0;
    sum_ = 0;
    wrong_ = final_seen_ = has_said_end_ = false;
    start_ = Content::start_of(path);
    command_ns_ = now();
    const int code = co_await ask(verb, path);
    if (code < 0) {
        co_return unexpected(code);
    }
    if (code / 100 == 2) {
        final_seen_ = true;  // without a 150, as some servers do for what is empty
    } else if (code / 100 != 1) {
        close_data();
        if (state_ == State::Busy) {
            state_ = State::Ready;
        }
        co_return unexpected(code);
    }
    if (data_ < 0) {
        co_return co_await accept_data(command_ns_);
    }
    co_return true;
}

FtpClient::Moved FtpClient::receive_some(const Transfer& what) {
    std::uint64_t wanted = kReceiveBytesMax;
    if (what.slow_rate != 0) {
        wanted = std::max<std::uint64_t>(what.slow_rate * kSlowStepNs / 1'000'000'000, 1);
    }
    if (data_tls_ != nullptr) {
        return receive_secure(what, wanted);
    }
    Result<std::size_t> got = 0;
    if (what.verify) {
        wanted = context_.scratch.size();
        got = context_.reactor.kernel().receive(data_, context_.scratch);
    } else {
        got = discard(data_, static_cast<std::size_t>(wanted));
    }
    if (!got) {
        return got.error().code == Errc::WouldBlock ? Moved::Wait : Moved::Reset;
    }
    if (*got == 0) {
        return Moved::End;
    }
    if (what.verify) {
        check(Bytes(context_.scratch.data(), *got));
    }
    count_received(*got);
    // A short receive has emptied the socket. Asking again at once pays where the end is due, and
    // for small files, whose end comes with their bytes.
    const bool emptied = *got < wanted;
    const bool end_is_due = moved_ >= what.size || *got < 65536;
    return emptied && !end_is_due ? Moved::Wait : Moved::More;
}

void FtpClient::check(Bytes bytes) {
    if (context_.manifest != nullptr) {
        sum_ = crc32c(sum_, bytes);
    } else if (!context_.content.matches(start_, moved_, bytes)) {
        wrong_ = true;
    }
}

void FtpClient::count_received(std::size_t count) {
    if (moved_ == 0) {
        record(Step::FirstByte, command_ns_);
    }
    moved_ += count;
    context_.tally.bytes_received += count;
}

FtpClient::Moved FtpClient::send_some(const Transfer& what) {
    if (data_tls_ != nullptr) {
        return send_secure(what);
    }
    const std::uint64_t left = what.size - moved_;
    if (left == 0) {
        return Moved::End;
    }
    const Content::Piece piece = Content::piece(start_, moved_, std::min(left, kSendBytesMax));
    std::int64_t offset = static_cast<std::int64_t>(piece.position);
    const Result<std::size_t> sent = context_.reactor.kernel().send_file(
        data_, context_.content.file(), offset, static_cast<std::size_t>(piece.size));
    if (!sent) {
        return sent.error().code == Errc::WouldBlock ? Moved::Wait : Moved::Reset;
    }
    moved_ += *sent;
    context_.tally.bytes_sent += *sent;
    return moved_ == what.size ? Moved::End : Moved::More;
}

FtpClient::DataEnd FtpClient::end_of(Moved moved) {
    switch (moved) {
        case Moved::Reset:
            return DataEnd::Reset;
        case Moved::Cut:
            return DataEnd::Cut;
        case Moved::Broken:
            return DataEnd::Broken;
        case Moved::More:
        case Moved::Wait:
        case Moved::End:
            break;
    }
    return DataEnd::End;
}

// Moves bytes until they end. Large transfers give way to the other sessions of the thread, slow
// readers pause, and who must wait for the socket is bounded by the time-out.
io::Task<FtpClient::DataEnd> FtpClient::move_all(Transfer& what, Direction direction) {
    const bool sends = direction == Direction::Send;
    int moves = 0;
    std::int64_t next_ns = now();
    for (;;) {
        const Moved moved = sends ? send_some(what) : receive_some(what);
        if (moved != Moved::More && moved != Moved::Wait) {
            data_end_ns_ = now();
            if (moved == Moved::End) {
                record(Step::LastByte, command_ns_);
            }
            co_return end_of(moved);
        }
        if (what.abort && moved_ > 0) {
            co_return DataEnd::First;
        }
        if (what.slow_rate != 0 && moved == Moved::More) {
            next_ns += kSlowStepNs;
            const bool go_on = co_await pause(next_ns);
            if (!go_on) {
                co_return DataEnd::Stopped;
            }
            continue;
        }
        if (moved == Moved::More) {
            if (++moves < kMovesPerTurnMax) {
                continue;
            }
            moves = 0;
            co_await context_.reactor.yield();
            if (stop_.requested()) {
                co_return DataEnd::Stopped;
            }
            continue;
        }
        moves = 0;
        arm();
        op_.kind = sends ? io::OpKind::PollOut : io::OpKind::PollIn;
        op_.fd = data_;
        const Result<std::uint32_t> ready = co_await io::OpAwaiter(op_, stop_);
        if (!ready) {
            if (stop_.reason() == io::StopReason::IdleTimeout) {
                co_return DataEnd::TimedOut;
            }
            co_return DataEnd::Stopped;
        }
        next_ns = std::max(next_ns, now() - kSlowStepNs);
    }
}

// One trouble for one transfer, the one that explains most: what the data connection met, then
// what the server said, then what the bytes were.
io::Task<bool> FtpClient::finish(Transfer& what, DataEnd end) {
    close_data();
    if (end == DataEnd::Stopped) {
        close();
        co_return false;
    }
    // The control connection may hold any reply by now, so the session begins anew.
    if (end == DataEnd::TimedOut) {
        co_return break_off(Trouble::DataTimeout);
    }
    if (end == DataEnd::Reset) {
        co_return break_off(Trouble::DataReset);
    }
    if (end == DataEnd::Broken) {
        co_return break_off(Trouble::TlsBroken);
    }
    if (!final_seen_) {
        const bool good = co_await final_reply();
        if (!good) {
            co_return false;
        }
    }
    state_ = State::Ready;
    // Whoever is on the way can send a FIN: what came before it may be all, and nobody knows.
    if (end == DataEnd::Cut) {
        co_return count(Trouble::TlsTruncated);
    }
    if (what.size != Transfer::kSizeUnknown && moved_ < what.size) {
        co_return count(Trouble::Truncated);
    }
    if (what.size != Transfer::kSizeUnknown && moved_ > what.size) {
        co_return count(Trouble::TooLong);
    }
    if (what.verify && context_.manifest != nullptr) {
        // A file that the manifest does not name cannot be called right.
        wrong_ = what.entry == nullptr || what.entry->crc32c != sum_;
    }
    if (wrong_) {
        co_return count(Trouble::WrongBytes);
    }
    co_return true;
}

io::Task<bool> FtpClient::final_reply() {
    arm();
    const int code = co_await await_reply();
    if (code / 100 == 2) {
        record(Step::FinalReply, data_end_ns_);
        co_return true;
    }
    if (code == kClosed || code == kTimedOut) {
        co_return break_off(Trouble::MissingFinal);
    }
    if (code < 0) {
        co_return unexpected(code);
    }
    if (code == 421) {
        co_return break_off(Trouble::FinalFailed);
    }
    state_ = State::Ready;
    co_return count(Trouble::FinalFailed);
}

// ABOR has a reply of its own behind the one of the transfer (RFC 959 4.1.3): 426 and 226 when it
// came in time, 226 twice when not. The data connection is closed as well, because some servers
// read no commands while they send.
io::Task<bool> FtpClient::abort_transfer() {
    arm();
    (void)send_command("ABOR", "");
    close_data();
    int code = 226;
    if (!final_seen_) {
        code = co_await await_reply();
    }
    if (code < 0) {
        co_return unexpected(code);
    }
    code = co_await await_reply();
    if (code / 100 != 2) {
        co_return unexpected(code);
    }
    state_ = State::Ready;
    co_return true;
}

}  // namespace sluice::load
