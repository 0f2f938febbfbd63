// FtpClient: the bytes of a transfer over TLS.
//
// Received ciphertext goes through two pieces of memory that all sessions of the thread share, and
// which never leave its caches: decrypting is all that a download costs beside the kernel. What is
// sent has memory of its own while the upload lasts, since a socket may not take it all.
#include <algorithm>

#include "ftp_client.hpp"

namespace sluice::load {
namespace {

// Four records leave in one send.
constexpr std::size_t kSendRecords = 4;
constexpr std::size_t kSendMemory =
    kSendRecords * (tls::Connection::kRecordBytesMax + tls::Connection::kRecordOverheadMax) +
    tls::Connection::kReserveBytes;
// What a server may still say into a connection that has brought it a file: tickets.
constexpr std::size_t kUnwantedBytesMax = 256 * 1024;

}  // namespace

// After 150, as clients do: before it, a server may not yet know that the connection is wanted.
io::Task<bool> FtpClient::secure_data(bool sends) {
    data_tls_ = make_tls(context_.options.tls.resume != TlsResume::None);
    const bool shaken = co_await shake_hands(*data_tls_, data_, Step::TlsData);
    if (!shaken) {
        co_return false;
    }
    if (sends) {
        take_unwanted(as_bytes(wire_));
        wire_.clear();
        send_memory_.reset(new std::uint8_t[kSendMemory]);
        if (!data_tls_->has_output()) {
            data_tls_->lend_output(MutableBytes(send_memory_.get(), kSendMemory));
        }
    }
    co_return true;
}

void FtpClient::drop_data_tls() {
    if (data_tls_ != nullptr) {
        data_tls_->drop_output();
        data_tls_.reset();
    }
    send_memory_.reset();
    encrypted_ = 0;
    wire_.clear();
}

FtpClient::Moved FtpClient::receive_secure(const Transfer& what, std::uint64_t wanted) {
    // What came with the end of the handshake.
    if (!wire_.empty()) {
        data_tls_->feed(as_bytes(wire_));
        const Moved moved = decrypt(what);
        wire_.clear();
        return moved;
    }
    const MutableBytes room = context_.scratch.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(wanted, context_.scratch.size())));
    const Result<std::size_t> got = context_.reactor.kernel().receive(data_, room);
    if (!got) {
        return got.error().code == Errc::WouldBlock ? Moved::Wait : Moved::Reset;
    }
    if (*got == 0) {
        return Moved::Cut;
    }
    data_tls_->feed(Bytes(room.data(), *got));
    const Moved moved = decrypt(what);
    // As without TLS: the end of a small file comes with its bytes.
    const bool end_is_due = moved_ >= what.size || *got < 65536;
    return moved == Moved::More && *got < room.size() && !end_is_due ? Moved::Wait : moved;
}

// All that was fed.
FtpClient::Moved FtpClient::decrypt(const Transfer& what) {
    tls::Connection& tls = *data_tls_;
    for (;;) {
        const Result<std::size_t> got = tls.read(context_.plaintext);
        if (got && *got > 0) {
            if (what.verify) {
                check(Bytes(context_.plaintext.data(), *got));
            }
            count_received(*got);
            continue;
        }
        (void)tls.take_unread();
        if (got) {
            say_end(tls, data_);
            return Moved::End;
        }
        if (got.error().code == Errc::WouldBlock) {
            return Moved::More;
        }
        note_failure(tls.failure());
        return Moved::Broken;
    }
}

FtpClient::Moved FtpClient::send_secure(const Transfer& what) {
    tls::Connection& tls = *data_tls_;
    const Status sent = send_output(tls, data_);
    if (!sent) {
        return sent.error().code == Errc::WouldBlock ? Moved::Wait : Moved::Reset;
    }
    moved_ += encrypted_;
    context_.tally.bytes_sent += encrypted_;
    encrypted_ = 0;
    if (has_said_end_) {
        return Moved::End;
    }
    const std::uint64_t left = what.size - moved_;
    if (left == 0) {
        has_said_end_ = true;
        return tls.close() ? Moved::More : Moved::Broken;
    }
    const Content::Piece piece =
        Content::piece(start_, moved_, std::min<std::uint64_t>(left, tls.write_room()));
    const Result<std::size_t> taken = tls.write(context_.content.bytes(piece));
    if (!taken) {
        note_failure(tls.failure());
        return Moved::Broken;
    }
    encrypted_ = *taken;
    return Moved::More;
}

// FIN, and then the server's end. A socket that is closed with something unread in it, and a server
// of TLS 1.3 may have sent tickets, throws away what it has not sent yet (RFC 2525 section 2.17).
io::Task<FtpClient::DataEnd> FtpClient::part_data() {
    sys::Kernel& kernel = context_.reactor.kernel();
    std::size_t unwanted = 0;
    (void)kernel.shutdown_sending(data_);
    arm();
    while (unwanted < kUnwantedBytesMax) {
        const Result<std::size_t> got = kernel.receive(data_, context_.scratch);
        if (got && *got > 0) {
            unwanted += *got;
            take_unwanted(Bytes(context_.scratch.data(), *got));
            continue;
        }
        // How it ends is the server's affair: the file is there, or its reply says that it is not.
        if (got || got.error().code != Errc::WouldBlock) {
            break;
        }
        const Result<std::uint32_t> ready = co_await io::poll_in(op_, data_, stop_);
        if (ready) {
            continue;
        }
        if (stop_.reason() == io::StopReason::IdleTimeout) {
            co_return DataEnd::TimedOut;
        }
        co_return DataEnd::Stopped;
    }
    co_return DataEnd::End;
}

// Tickets, which the next data connection can use.
void FtpClient::take_unwanted(Bytes ciphertext) {
    data_tls_->feed(ciphertext);
    Result<std::size_t> got = 1;
    while (got && *got > 0) {
        got = data_tls_->read(context_.plaintext);
    }
    (void)data_tls_->take_unread();
}

}  // namespace sluice::load
