// Encryption of what a data connection sends, given to the kernel (kTLS): then sendfile(2) works on
// its socket as on a plain one.
//
// The keys come from OpenSSL. With SSL_OP_ENABLE_KTLS it offers them to its BIO, in the kernel's
// own structure, at the moment when it begins to use them. Our BIO notes them down and declines:
// OpenSSL goes on encrypting, sends the end of the handshake and the tickets, and whatever else is
// small. Only when much is to be sent does the kernel get the keys, with the number of the next
// record, and from then on OpenSSL must not send anything: each number is the nonce of one record
// only. So no key is derived here, and where OpenSSL offers none (other ciphers, shorter records by
// RFC 6066 section 4) nothing changes.
//
// Only what we send. What the client says during a download stays with OpenSSL, and is read behind
// the last byte: should it have asked for new keys (KeyUpdate), which kernels before 6.14 cannot
// take, then no answer is due any more, as none of our data follow (RFC 8446 section 4.6.3).
// Uploads stay in user space: helpers decrypt them where they were received, there is no sendfile
// to gain, and OpenSSL 3.0 offers no such keys for TLS 1.3.
// Owned by: Connection (SendKeys), Stream (KernelSender). Thread: theirs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::tls {

// In words, for the log: "AES-128-GCM, AES-256-GCM"; "" when `ciphers` (sys::Kernel::tls_ciphers)
// has none.
std::string names_of_ciphers(std::uint64_t ciphers);

// The keys of what OpenSSL sends, until somebody else does.
class SendKeys {
public:
    // The number of a BIO's call that offers keys: BIO_CTRL_SET_KTLS, which OpenSSL's headers
    // mention but do not define. Should it ever change, there are no offers, and no kernel TLS.
    static constexpr int kOffer = 72;

    SendKeys() = default;
    SendKeys(const SendKeys&) = delete;
    SendKeys& operator=(const SendKeys&) = delete;
    ~SendKeys() { forget(); }

    // `info` is a tls_crypto_info and what follows it. Ignored when it is of no kind we know.
    void offer(const void* info);
    bool is_set() const { return size_ != 0; }
    // Whether `ciphers` (sys::Kernel::tls_ciphers) has the one of these keys.
    bool is_among(std::uint64_t ciphers) const;
    void forget();
    // OpenSSL has sent a record with them.
    void count_record() { ++records_; }

    // The kernel's structure for the next record.
    Bytes for_next_record();
    // The same in parts, for who makes the records here; nothing for other ciphers than AES-GCM.
    struct AesGcm {
        bool is_newest;  // TLS 1.3, and not 1.2
        Bytes key;       // within this
        std::array<std::uint8_t, 12> nonce;
        std::uint64_t number;  // of the record
    };
    std::optional<AesGcm> gcm_for_next_record();
    // The record number in such a structure.
    static std::uint64_t record_number(Bytes info);
    // What each record adds to its plaintext.
    std::uint64_t record_overhead() const;

    // Of the largest of the structures.
    static constexpr std::size_t kSizeMax = 56;

private:
    std::uint16_t version() const;
    std::uint16_t cipher() const;

    std::array<std::uint8_t, kSizeMax> info_ = {};
    std::size_t size_ = 0;
    std::uint64_t records_ = 0;  // sent, and not yet in info_
};

// A socket whose output the kernel encrypts.
class KernelSender {
public:
    explicit KernelSender(sys::Kernel& kernel, int fd) : kernel_(kernel), fd_(fd) {}

    bool is_on() const { return is_on_; }
    // Nothing may wait to be sent. After an error the socket is as it was.
    Status begin(SendKeys& keys);
    // Before every wait for room: the kernel fills TCP without having it send, and sees only then
    // that there is no room for more. With nothing on its way nothing is acknowledged, and the wait
    // would not end (seen on Linux 6.1 with less than 64 KiB of room).
    void push() { (void)kernel_.set_option(fd_, sys::SocketOption::NoDelay, 1); }
    // Behind all that was sent. WouldBlock: when there is room again.
    Status send_close_notify();
    // After close_notify: whether TCP has all of it, `plaintext` bytes and close_notify. Before
    // that, a FIN would go ahead of records that the kernel still holds, and they would be lost.
    Result<bool> is_drained(std::uint64_t plaintext);

private:
    sys::Kernel& kernel_;
    int fd_;
    bool is_on_ = false;
    std::size_t info_size_ = 0;
    std::uint64_t overhead_ = 0;
    std::uint64_t first_record_ = 0;
    std::uint64_t taken_before_ = 0;  // by TCP
};

}  // namespace sluice::tls
