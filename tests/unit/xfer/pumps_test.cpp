// Whole transfers over real sockets and files, on both engines: every byte arrives, and what breaks
// off ends with its own error. The client is a thread of the test.
#include "sluice/xfer/pumps.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../io/loop_fixture.hpp"
#include "../vfs/temp_tree.hpp"
#include "run_filter.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/tree.hpp"
#include "xfer/filters.hpp"

namespace sluice::xfer {
namespace {

std::string some_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 12345;
    for (char& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

void send_everything(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) { return; }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string receive_everything(int socket) {
    std::string bytes;
    char block[65536];
    while (true) {
        const ssize_t got = ::recv(socket, block, sizeof block, 0);
        if (got <= 0) { return bytes; }
        bytes.append(block, static_cast<std::size_t>(got));
    }
}

io::Task<void> store(Transfer& transfer, vfs::UploadTarget& target, vfs::UploadRequest& request,
                     Status& outcome, Encoding encoding = {}) {
    outcome = co_await target.begin(request);
    if (!outcome) { co_return; }
    outcome = co_await transfer.open_connection();
    if (outcome && encoding.is_plain()) { outcome = co_await receive_file(transfer, target); }
    if (outcome && !encoding.is_plain()) {
        outcome = co_await receive_file_decoded(transfer, target, encoding);
    }
    if (outcome) {
        outcome = co_await target.commit();
    } else {
        co_await target.abandon();
    }
}

io::Task<void> open_file(vfs::Tree& tree, vfs::File& file) {
    Result<vfs::File> opened = co_await tree.open_for_reading("/file");
    if (opened) { file = std::move(*opened); }
}

io::Task<void> retrieve(Transfer& transfer, vfs::File& file, std::int64_t offset,
                        Status& outcome, Encoding encoding = {}) {
    outcome = co_await transfer.open_connection();
    if (outcome && encoding.is_plain()) { outcome = co_await send_file(transfer, file, offset); }
    if (outcome && !encoding.is_plain()) {
        outcome = co_await send_file_encoded(transfer, file, encoding, offset);
    }
    if (outcome) { outcome = co_await transfer.finish_sending(); }
    transfer.socket().close();
}

class PumpTest : public io::LoopTest {
protected:
    void SetUp() override {
        io::LoopTest::SetUp();
        if (IsSkipped()) { return; }
        listener_ = listen_somewhere(address_);
        auto root = vfs::Root::open(kernel_, files_.c_str(), vfs::RootRules());
        ASSERT_TRUE(root);
        root_ = std::move(*root);
        tree_ = std::make_unique<vfs::Tree>(*root_, *reactor_);
        auto setup = std::make_unique<DataSetup>(DataSetup::Mode::Active);
        setup->target = address_;
        setup->source = sys::SocketAddress::v4(127, 0, 0, 1, 0);
        transfer_ = std::make_unique<Transfer>(*reactor_, config_, buffers_, std::move(setup),
                                               [](void*) {}, nullptr);
    }
    void TearDown() override {
        transfer_.reset();
        tree_.reset();
        if (listener_ >= 0) { ::close(listener_); }
        io::LoopTest::TearDown();
    }
    // The client's end, blocking.
    int accept_client() const {
        while (true) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket >= 0) { return socket; }
            std::this_thread::yield();
        }
    }
    bool run(io::Task<void>& task) {
        task.start();
        return turn_until([&] { return task.done(); });
    }

    vfs::File opened() {
        vfs::File file;
        io::Task<void> task = open_file(*tree_, file);
        EXPECT_TRUE(run(task));
        EXPECT_TRUE(file.fd.is_open());
        return file;
    }

    vfs::TempTree files_;
    config::Snapshot config_;
    BufferPools buffers_{4 << 20, 1 << 20};
    sys::SocketAddress address_;
    int listener_ = -1;
    std::unique_ptr<vfs::Root> root_;
    std::unique_ptr<vfs::Tree> tree_;
    std::unique_ptr<Transfer> transfer_;
};

TEST_P(PumpTest, StoresEveryByteOverManyRounds) {
    const std::string bytes = some_bytes((5 << 20) + 17);
    std::thread client([&] {
        const int socket = accept_client();
        send_everything(socket, bytes);
        ::close(socket);
    });
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome);
    EXPECT_TRUE(run(task));
    client.join();
    EXPECT_TRUE(outcome);
    EXPECT_EQ(transfer_->bytes(), bytes.size());
    EXPECT_TRUE(files_.read("file") == bytes);
    EXPECT_EQ(buffers_.upload.out(), 0u);
}

// Active connections are tuned like passive ones, and more may wait for a reader that is slow.
TEST_P(PumpTest, WidensTheSocketOfASlowReaderAndSendsEveryByte) {
    const std::string bytes = some_bytes(24 << 20);
    files_.write("file", bytes);
    vfs::File file = opened();
    Status outcome;
    io::Task<void> task = retrieve(*transfer_, file, 0, outcome);
    task.start();
    const auto unsent_max = [&] {
        int value = 0;
        socklen_t length = sizeof value;
        ::getsockopt(transfer_->socket().fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &length);
        return value;
    };
    int client = -1;
    ASSERT_TRUE(turn_until([&] {
        if (client < 0) { client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
        return client >= 0 && transfer_->socket().is_open();
    }));
    EXPECT_EQ(unsent_max(), net::kNotSentLowatBytes);
    ASSERT_TRUE(turn_until([&] { return unsent_max() == UnsentRoom::kWideBytes; }));
    std::string received;
    std::thread reader([&] { received = receive_everything(client); });
    EXPECT_TRUE(turn_until([&] { return task.done(); }));
    reader.join();
    ::close(client);
    EXPECT_TRUE(outcome);
    EXPECT_TRUE(received == bytes);
}

TEST_P(PumpTest, AResetEndsAnUploadAndLeavesNoBuffer) {
    std::thread client([&] {
        const int socket = accept_client();
        send_everything(socket, some_bytes(100'000));
        const linger at_once{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(socket);
    });
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    request.partial = config::PartialUpload::Discard;
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome);
    EXPECT_TRUE(run(task));
    client.join();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::ConnectionReset);
    EXPECT_FALSE(files_.exists("file"));
    EXPECT_EQ(buffers_.upload.out(), 0u);
}

TEST_P(PumpTest, AnUploadThatWaitsInLineForABufferHearsTheStop) {
    std::vector<Buffer> all;
    while (true) {
        Buffer buffer = buffers_.upload.try_take();
        if (!buffer.is_set()) { break; }
        all.push_back(std::move(buffer));
    }
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome);
    task.start();
    int client = -1;
    ASSERT_TRUE(turn_until([&] {
        if (client < 0) { client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
        return client >= 0 && transfer_->socket().is_open();
    }));
    transfer_->stop().request(io::StopReason::Kill);
    EXPECT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
    ::close(client);
    all.clear();
    EXPECT_TRUE(buffers_.upload.try_take().is_set());
}

TEST_P(PumpTest, SendsEveryByteFromAnOffset) {
    const std::string bytes = some_bytes((3 << 20) + 5);
    files_.write("file", bytes);
    std::string received;
    std::thread client([&] {
        const int socket = accept_client();
        received = receive_everything(socket);
        ::close(socket);
    });
    vfs::File file = opened();
    Status outcome;
    io::Task<void> task = retrieve(*transfer_, file, 1000, outcome);
    EXPECT_TRUE(run(task));
    client.join();
    EXPECT_TRUE(outcome);
    EXPECT_TRUE(received == bytes.substr(1000));
}

TEST_P(PumpTest, AFileThatBecameShorterIsNeverCalledWhole) {
    files_.write("file", some_bytes(1 << 20));
    vfs::File file = opened();
    EXPECT_EQ(::truncate(files_.at("file").c_str(), 1000), 0);
    std::string received;
    std::thread client([&] {
        const int socket = accept_client();
        received = receive_everything(socket);
        ::close(socket);
    });
    Status outcome;
    io::Task<void> task = retrieve(*transfer_, file, 0, outcome);
    EXPECT_TRUE(run(task));
    client.join();
    EXPECT_LE(received.size(), 1000u);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Truncated);
}

Encoding encoding_of(bool ascii, proto::TransferMode mode) {
    Encoding encoding;
    encoding.ascii = ascii;
    encoding.mode = mode;
    return encoding;
}

// What a peer of ours makes of a file, by the same filters; filters_test looks at the bytes.
std::string encoded(std::string_view file, const Encoding& encoding) {
    std::vector<std::uint8_t> memory(BufferPools::kDeflateBytes);
    FilterChain chain;
    add_encoders(chain, encoding, divide(memory, encoding), 0);
    return run_filter(chain, file).bytes;
}

std::string decoded(std::string_view wire, const Encoding& encoding) {
    std::vector<std::uint8_t> memory(BufferPools::kDeflateBytes);
    FilterChain chain;
    add_decoders(chain, encoding, divide(memory, encoding));
    const Outcome outcome = run_filter(chain, wire);
    EXPECT_TRUE(outcome.ended);
    EXPECT_EQ(outcome.behind_the_end, "");
    return outcome.bytes;
}

std::string some_lines(std::size_t size) {
    std::string bytes = some_bytes(size);
    for (char& byte : bytes) {
        byte = static_cast<char>(byte % 50 == 0 ? '\n' : 'a' + (byte & 15));
    }
    return bytes;
}

constexpr proto::TransferMode kModes[] = {
    proto::TransferMode::Stream, proto::TransferMode::Block, proto::TransferMode::Deflate};

class EncodedPumpTest : public PumpTest {
protected:
    // Uploads what the client thread sends; the outcome, and no buffer is left anywhere.
    Status upload(const Encoding& encoding, std::string_view wire, bool resets = false) {
        std::thread client([&] {
            const int socket = accept_client();
            send_everything(socket, wire);
            const linger at_once{1, 0};
            if (resets) { ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); }
            ::close(socket);
        });
        Status outcome;
        {
            vfs::UploadTarget target(*tree_);
            vfs::UploadRequest request;
            request.path = "/file";
            request.partial = config::PartialUpload::Discard;
            io::Task<void> task = store(*transfer_, target, request, outcome, encoding);
            EXPECT_TRUE(run(task));
        }
        transfer_->socket().close();
        client.join();
        EXPECT_EQ(buffers_.text.out(), 0u);
        EXPECT_EQ(buffers_.deflate.out(), 0u);
        return outcome;
    }
    std::string download(const Encoding& encoding, std::int64_t offset) {
        std::string received;
        std::thread client([&] {
            const int socket = accept_client();
            received = receive_everything(socket);
            ::close(socket);
        });
        vfs::File file = opened();
        Status outcome;
        io::Task<void> task = retrieve(*transfer_, file, offset, outcome, encoding);
        EXPECT_TRUE(run(task));
        client.join();
        EXPECT_TRUE(outcome);
        EXPECT_EQ(buffers_.text.out(), 0u);
        EXPECT_EQ(buffers_.deflate.out(), 0u);
        return received;
    }
    void make_another_transfer() {
        auto setup = std::make_unique<DataSetup>(DataSetup::Mode::Active);
        setup->target = address_;
        setup->source = sys::SocketAddress::v4(127, 0, 0, 1, 0);
        transfer_ = std::make_unique<Transfer>(*reactor_, config_, buffers_, std::move(setup),
                                               [](void*) {}, nullptr);
    }
};

TEST_P(EncodedPumpTest, StoresEveryByteInEveryMode) {
    const std::string file = some_lines((3 << 20) + 17);
    for (const proto::TransferMode mode : kModes) {
        make_another_transfer();
        const Encoding encoding = encoding_of(true, mode);
        EXPECT_TRUE(upload(encoding, encoded(file, encoding)));
        EXPECT_TRUE(files_.read("file") == file) << static_cast<int>(mode);
    }
}

TEST_P(EncodedPumpTest, SendsEveryByteInEveryMode) {
    const std::string file = some_lines((3 << 20) + 5);
    files_.write("file", file);
    for (const proto::TransferMode mode : kModes) {
        make_another_transfer();
        const Encoding encoding = encoding_of(true, mode);
        EXPECT_TRUE(decoded(download(encoding, 0), encoding) == file) << static_cast<int>(mode);
    }
}

TEST_P(EncodedPumpTest, AnOffsetInModeZCountsBytesOfTheFile) {
    const std::string file = some_lines(1 << 20);
    files_.write("file", file);
    const Encoding encoding = encoding_of(false, proto::TransferMode::Deflate);
    EXPECT_TRUE(decoded(download(encoding, 700'001), encoding) == file.substr(700'001));
}

TEST_P(EncodedPumpTest, AStreamWithoutItsEndIsNoUpload) {
    const std::string file = some_lines(300'000);
    for (const proto::TransferMode mode :
         {proto::TransferMode::Block, proto::TransferMode::Deflate}) {
        const Encoding encoding = encoding_of(false, mode);
        const std::string wire = encoded(file, encoding);
        for (const std::size_t missing : {std::size_t{1}, std::size_t{10}, wire.size()}) {
            make_another_transfer();
            const Status outcome =
                upload(encoding, std::string_view(wire).substr(0, wire.size() - missing));
            ASSERT_FALSE(outcome);
            EXPECT_EQ(outcome.error().code, Errc::EndOfStream);
            EXPECT_FALSE(files_.exists("file"));
        }
    }
}

TEST_P(EncodedPumpTest, BytesBehindTheEndAreNoUpload) {
    for (const proto::TransferMode mode :
         {proto::TransferMode::Block, proto::TransferMode::Deflate}) {
        make_another_transfer();
        const Encoding encoding = encoding_of(false, mode);
        const Status outcome = upload(encoding, encoded("short", encoding) + "x");
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, Errc::Protocol);
        EXPECT_FALSE(files_.exists("file"));
    }
}

TEST_P(EncodedPumpTest, AResetIsNoUploadInAnyMode) {
    const std::string file = some_lines(300'000);
    for (const proto::TransferMode mode : kModes) {
        make_another_transfer();
        const Encoding encoding = encoding_of(true, mode);
        const std::string wire = encoded(file, encoding);
        const Status outcome = upload(encoding, wire.substr(0, wire.size() / 2), true);
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().code, Errc::ConnectionReset);
        EXPECT_FALSE(files_.exists("file"));
    }
}

// MODE B may leave the connection open for more (RFC 959 3.3): its end of file is enough.
TEST_P(EncodedPumpTest, AnEndOfFileBlockNeedsNoClose) {
    const Encoding encoding = encoding_of(false, proto::TransferMode::Block);
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome, encoding);
    task.start();
    int client = -1;
    ASSERT_TRUE(turn_until([&] {
        if (client < 0) { client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
        return client >= 0 && transfer_->socket().is_open();
    }));
    send_everything(client, encoded("all of it", encoding));
    EXPECT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_TRUE(outcome);
    EXPECT_EQ(files_.read("file"), "all of it");
    ::close(client);
}

TEST_P(EncodedPumpTest, ASilentClientHoldsNoTextBuffer) {
    const Encoding encoding = encoding_of(true, proto::TransferMode::Block);
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome, encoding);
    task.start();
    int client = -1;
    const std::string wire = encoded("one\ntwo\n", encoding);
    const std::string_view bytes = wire;
    ASSERT_TRUE(turn_until([&] {
        if (client < 0) { client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
        return client >= 0 && transfer_->socket().is_open();
    }));
    // Cut in the header, between CR and LF, and before the last byte.
    for (const std::size_t at : {std::size_t{1}, std::size_t{7}, bytes.size() - 1}) {
        send_everything(client, bytes.substr(transfer_->bytes(), at - transfer_->bytes()));
        EXPECT_TRUE(turn_until(
            [&] { return transfer_->bytes() == at && buffers_.text.out() == 0; }));
    }
    send_everything(client, bytes.substr(bytes.size() - 1));
    EXPECT_TRUE(turn_until([&] { return task.done(); }));
    EXPECT_TRUE(outcome);
    EXPECT_EQ(files_.read("file"), "one\ntwo\n");
    ::close(client);
}

TEST_P(EncodedPumpTest, AtTheBoundOfMemoryModeZWaitsInLineAndHearsTheStop) {
    std::vector<Buffer> all;
    while (true) {
        Buffer buffer = buffers_.deflate.try_take();
        if (!buffer.is_set()) { break; }
        all.push_back(std::move(buffer));
    }
    EXPECT_EQ(all.size(), (1u << 20) / BufferPools::kDeflateBytes);
    const Encoding encoding = encoding_of(false, proto::TransferMode::Deflate);
    vfs::UploadTarget target(*tree_);
    vfs::UploadRequest request;
    request.path = "/file";
    Status outcome;
    io::Task<void> task = store(*transfer_, target, request, outcome, encoding);
    task.start();
    int client = -1;
    ASSERT_TRUE(turn_until([&] {
        if (client < 0) { client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }
        return client >= 0 && transfer_->socket().is_open();
    }));
    transfer_->stop().request(io::StopReason::Kill);
    EXPECT_TRUE(turn_until([&] { return task.done(); }));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::Stopped);
    ::close(client);
}

INSTANTIATE_ON_BOTH_ENGINES(PumpTest);
INSTANTIATE_ON_BOTH_ENGINES(EncodedPumpTest);

}  // namespace
}  // namespace sluice::xfer
