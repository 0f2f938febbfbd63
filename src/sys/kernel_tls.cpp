// LinuxKernel: TLS in the kernel. Apart from the other calls on sockets because the C library's
// header of TCP and the kernel's, which alone has what is asked here, cannot meet in one file.
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/linux_kernel.hpp"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

namespace sluice::sys {
namespace {

// How often taken_by_tcp() asks again because an acknowledgement came in between.
constexpr int kSnapshotTries = 8;

Status checked(int returned) {
    if (returned < 0) { return fail_errno(errno); }
    return {};
}

Result<std::uint64_t> acknowledged(int socket) {
    tcp_info info = {};
    socklen_t length = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) {
        return fail_errno(errno);
    }
    return info.tcpi_bytes_acked;  // Linux 4.1
}

// `Keys` is the kernel's structure for `cipher`. ChaCha20 could be used, but not asked about,
// before Linux 5.16.
template <class Keys>
std::uint64_t cipher_if_usable(LinuxKernel& kernel, std::uint16_t cipher) {
    const Fd listener(kernel, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Fd client(kernel, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in here = {};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr* const address = reinterpret_cast<sockaddr*>(&here);
    socklen_t length = sizeof here;
    // Nobody has to accept it.
    if (::bind(listener.number(), address, sizeof here) < 0 ||
        ::listen(listener.number(), 1) < 0 ||
        ::getsockname(listener.number(), address, &length) < 0 ||
        ::connect(client.number(), address, sizeof here) < 0) {
        return 0;
    }
    Keys keys = {};
    keys.info.version = TLS_1_3_VERSION;
    keys.info.cipher_type = cipher;
    std::uint8_t bytes[sizeof keys];
    std::memcpy(bytes, &keys, sizeof keys);
    const bool usable = kernel.set_tls_keys(client.number(), bytes).has_value() &&
                        kernel.tls_keys(client.number(), bytes).has_value();
    return usable ? std::uint64_t{1} << cipher : 0;
}

}  // namespace

std::uint64_t LinuxKernel::tls_ciphers() {
    return cipher_if_usable<tls12_crypto_info_aes_gcm_128>(*this, TLS_CIPHER_AES_GCM_128) |
           cipher_if_usable<tls12_crypto_info_aes_gcm_256>(*this, TLS_CIPHER_AES_GCM_256) |
           cipher_if_usable<tls12_crypto_info_chacha20_poly1305>(*this,
                                                                 TLS_CIPHER_CHACHA20_POLY1305);
}

Status LinuxKernel::set_tls_keys(int socket, Bytes keys) {
    // Alone this changes nothing yet. It loads the module where we may (CAP_NET_ADMIN).
    const Status attached =
        checked(::setsockopt(socket, IPPROTO_TCP, TCP_ULP, "tls", sizeof "tls"));
    if (!attached) { return attached; }
    return checked(::setsockopt(socket, SOL_TLS, TLS_TX, keys.data(),
                                static_cast<socklen_t>(keys.size())));
}

Status LinuxKernel::tls_keys(int socket, MutableBytes into) {
    socklen_t length = static_cast<socklen_t>(into.size());
    return checked(::getsockopt(socket, SOL_TLS, TLS_TX, into.data(), &length));
}

Status LinuxKernel::send_tls_record(int socket, std::uint8_t type, Bytes content) {
    alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof type)] = {};
    iovec piece = {const_cast<std::uint8_t*>(content.data()), content.size()};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_TLS;
    header->cmsg_type = TLS_SET_RECORD_TYPE;
    header->cmsg_len = CMSG_LEN(sizeof type);
    std::memcpy(CMSG_DATA(header), &type, sizeof type);
    const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) { return fail_errno(errno); }
    // The kernel takes a record of a few bytes whole or not at all.
    if (static_cast<std::size_t>(sent) != content.size()) { return fail_errno(EIO); }
    return {};
}

// What is acknowledged and what waits in the queue are two questions to the kernel: between two
// equal answers to the first one, both belong to the same moment.
Result<std::uint64_t> LinuxKernel::taken_by_tcp(int socket) {
    Result<std::uint64_t> before = acknowledged(socket);
    for (int i = 0; before && i < kSnapshotTries; ++i) {
        const Result<std::size_t> queued = unacknowledged(socket);
        if (!queued) { return fail(queued.error()); }
        const Result<std::uint64_t> after = acknowledged(socket);
        if (!after) { return fail(after.error()); }
        if (*after == *before) { return *after + *queued; }
        before = after;
    }
    if (!before) { return fail(before.error()); }
    return fail_errno(EAGAIN);
}

}  // namespace sluice::sys
