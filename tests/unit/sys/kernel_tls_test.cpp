// What holds with and without TLS in the kernel: a socket that it refuses is as good as before, and
// what TCP has taken is counted. tests/vm encrypts.
#include <gtest/gtest.h>
#include <linux/tls.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>
#include <vector>

#include "sluice/sys/fd.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::sys {
namespace {

class KernelTls : public testing::Test {
protected:
    void SetUp() override {
        listener_ = Fd(kernel_, *kernel_.listen(SocketAddress::v4(127, 0, 0, 1, 0), {}));
        ours_ = Fd(kernel_, ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_storage native;
        const socklen_t length = kernel_.local_address(listener_.number())->to_native(native);
        ASSERT_EQ(::connect(ours_.number(), reinterpret_cast<const sockaddr*>(&native), length), 0);
        theirs_ = Fd(kernel_, *kernel_.accept(listener_.number()));
    }
    void send(std::string_view text) {
        ASSERT_EQ(*kernel_.send(ours_.number(), as_bytes(text), false), text.size());
    }

    LinuxKernel kernel_;
    Fd listener_;
    Fd ours_;
    Fd theirs_;
};

TEST_F(KernelTls, ASocketWhoseKeysAreRefusedSendsAsBefore) {
    std::vector<std::uint8_t> keys(sizeof(tls12_crypto_info_aes_gcm_128), 0);  // of no version
    EXPECT_FALSE(kernel_.set_tls_keys(ours_.number(), keys));
    EXPECT_FALSE(kernel_.set_tls_keys(ours_.number(), keys));
    send("in clear");
    std::uint8_t room[100];
    const Result<std::size_t> got = kernel_.receive(theirs_.number(), room);
    ASSERT_TRUE(got);
    EXPECT_EQ(as_text(Bytes(room, *got)), "in clear");
}

TEST_F(KernelTls, WhatItSaysOfItsCiphersIsTrue) {
    tls12_crypto_info_aes_gcm_128 info = {};
    info.info.version = TLS_1_3_VERSION;
    info.info.cipher_type = TLS_CIPHER_AES_GCM_128;
    std::uint8_t keys[sizeof info];
    std::memcpy(keys, &info, sizeof info);
    const bool has_cipher = (kernel_.tls_ciphers() >> TLS_CIPHER_AES_GCM_128 & 1) != 0;
    EXPECT_EQ(kernel_.set_tls_keys(ours_.number(), keys).has_value(), has_cipher);
}

TEST_F(KernelTls, CountsWhatTcpHasTaken) {
    const Result<std::uint64_t> before = kernel_.taken_by_tcp(ours_.number());
    ASSERT_TRUE(before);
    std::uint64_t sent = 0;
    for (const std::size_t size : {1u, 1000u, 100'000u}) {
        const std::vector<char> text(size, 'x');
        send(std::string_view(text.data(), size));
        sent += size;
        const Result<std::uint64_t> now = kernel_.taken_by_tcp(ours_.number());
        ASSERT_TRUE(now);
        EXPECT_EQ(*now - *before, sent);
    }
}

}  // namespace
}  // namespace sluice::sys
