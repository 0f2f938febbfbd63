// Whole transfers over real sockets and files, on both engines: every byte arrives, and what breaks
// off ends with its own error. The client is a thread of the test.
#include "sluice/xfer/pumps.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "../io/loop_fixture.hpp"
#include "../vfs/temp_tree.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/tree.hpp"

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
                     Status& outcome) {
    outcome = co_await target.begin(request);
    if (!outcome) { co_return; }
    outcome = co_await transfer.open_connection();
    if (outcome) { outcome = co_await receive_file(transfer, target); }
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
                        Status& outcome) {
    outcome = co_await transfer.open_connection();
    if (outcome) { outcome = co_await send_file(transfer, file, offset); }
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

INSTANTIATE_ON_BOTH_ENGINES(PumpTest);

}  // namespace
}  // namespace sluice::xfer
