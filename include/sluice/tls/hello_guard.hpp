// Bounds what a peer makes OpenSSL reserve before it has shown anything.
//
// OpenSSL 3.0 reserves the 128 KiB that a ClientHello may have as soon as its length was announced:
// nine bytes, and then silence. The largest hellos in use, with several tickets and the keys of
// post-quantum groups, have 4 KiB. A server that has no use for a client's keys asks for a second
// hello (HelloRetryRequest); that one is looked at like the first.
// Owned by: Connection. Thread: its.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/base/bytes.hpp"

namespace sluice::tls {

class HelloGuard {
public:
    static constexpr std::size_t kHelloBytesMax = 16 * 1024;

    // The bytes that OpenSSL is about to read, in their order. False: not to be read.
    bool pass(Bytes ciphertext) { return size_ == head_.size() || judge(ciphertext); }
    // Whether this handshake message of ours makes the client say hello once more.
    static bool asks_again(Bytes message);

private:
    bool judge(Bytes ciphertext);

    // The header of a record and that of the message in it (RFC 8446 sections 5.1 and 4).
    std::array<std::uint8_t, 9> head_ = {};
    std::uint8_t size_ = 0;
};

}  // namespace sluice::tls
