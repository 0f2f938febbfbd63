// One real Shard over a real engine and a temporary directory, turned step by step by the test, and
// clients that never block: so a test sees each turn, and a reply that does not come is a failure
// instead of a hang. Each test runs on both engines (INSTANTIATE_SHARD_TESTS).
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/io/select_backend.hpp"
#include "sluice/server/shard.hpp"
#include "sluice/sys/linux_kernel.hpp"

namespace sluice::server {

#define INSTANTIATE_SHARD_TESTS(fixture)                                                  \
    INSTANTIATE_TEST_SUITE_P(                                                             \
        Engines, fixture, testing::Values(io::EngineKind::IoUring, io::EngineKind::Epoll), \
        [](const testing::TestParamInfo<io::EngineKind>& engine) {                        \
            return engine.param == io::EngineKind::IoUring ? "IoUring" : "Epoll";           \
        })

// A socket of a client on loopback. What it sends and has received is looked at by pump().
class Client {
public:
    Client() = default;
    explicit Client(std::uint16_t port, int receive_buffer = 0) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (receive_buffer > 0) {
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        }
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
            errno != EINPROGRESS) {
            ADD_FAILURE() << "connect: " << errno;
        }
    }
    Client(Client&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)),
          unsent_(std::move(other.unsent_)),
          received_(std::move(other.received_)),
          ended_(other.ended_),
          was_reset_(other.was_reset_) {}
    Client& operator=(Client&&) = delete;
    ~Client() { close(); }

    void send(std::string_view bytes) { unsent_.append(bytes); }
    // "PWD" with its CRLF.
    void say(std::string_view line) {
        send(line);
        send("\r\n");
    }
    // Moves what can be moved. `reads` false: a client that does not read.
    void pump(bool reads = true) {
        if (fd_ < 0) { return; }
        while (!unsent_.empty()) {
            const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
            if (sent <= 0) { break; }
            unsent_.erase(0, static_cast<std::size_t>(sent));
        }
        char buffer[16384];
        for (std::size_t taken = 0; reads && !ended_ && taken < read_max_;) {
            const ssize_t got = ::recv(fd_, buffer, std::min(sizeof buffer, read_max_ - taken), 0);
            if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) { break; }
            if (got <= 0) {
                ended_ = true;
                was_reset_ = got < 0;
                break;
            }
            received_.append(buffer, static_cast<std::size_t>(got));
            taken += static_cast<std::size_t>(got);
        }
    }
    // From now on a slow reader: at most that much in each pump().
    void read_at_most(std::size_t bytes) { read_max_ = bytes; }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }
    void close() {
        if (fd_ >= 0) { ::close(std::exchange(fd_, -1)); }
    }
    void reset() {
        const linger hard = {1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }

    const std::string& received() const { return received_; }
    void forget_received() { received_.clear(); }
    bool has_ended() const { return ended_; }
    bool was_reset() const { return was_reset_; }
    bool has_sent_all() const { return unsent_.empty(); }
    // The codes of the final lines received so far: "220 331 230".
    std::string codes() const {
        std::string found;
        std::size_t at = 0;
        while (at < received_.size()) {
            const std::size_t end = received_.find("\r\n", at);
            if (end == std::string::npos) { break; }
            const std::string line = received_.substr(at, end - at);
            if (line.size() >= 4 && line[3] == ' ' && std::isdigit(line[0]) != 0) {
                found.append(found.empty() ? "" : " ").append(line, 0, 3);
            }
            at = end + 2;
        }
        return found;
    }
    std::size_t replies() const {
        const std::string all = codes();
        const auto blanks = std::count(all.begin(), all.end(), ' ');
        return all.empty() ? 0 : static_cast<std::size_t>(blanks) + 1;
    }

private:
    int fd_ = -1;
    std::string unsent_;
    std::string received_;
    std::size_t read_max_ = SIZE_MAX;
    bool ended_ = false;
    bool was_reset_ = false;
};

class SilentLog final : public obs::Log {
public:
    bool wants(obs::EventKind, obs::Level) const override { return false; }
    void emit(const obs::Event&) override {}
};

class ShardTest : public testing::TestWithParam<io::EngineKind> {
protected:
    static constexpr int kTurnsMax = 2000;

    ShardTest() {
        config_.anonymous.writable = true;
        config_.server.listen = {config::ListenAddress("127.0.0.1", 0)};
        config_.server.passive_wait = Duration::milliseconds(200);
    }
    void SetUp() override {
        // A thousand sessions and their clients in one process.
        rlimit files = {};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        std::string pattern = testing::TempDir() + "sluice-shard-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        Result<std::unique_ptr<io::Backend>> made = io::make_backend(GetParam(), kernel_, ready_);
        if (!made && GetParam() == io::EngineKind::IoUring) {
            std::string refusal;
            (void)io::probe_io_uring(kernel_, refusal);
            GTEST_SKIP() << refusal;
        }
        ASSERT_TRUE(made);
        backend_ = std::move(*made);
    }
    void TearDown() override {
        clients_.clear();  // the test's own, and gone by now
        if (shard_ != nullptr) { end_shard(); }
        backend_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    // Starts the shard with config_ as the test has made it.
    void start() {
        // Eight numbers from one that the kernel has just found free; PooledPorts leaves out those
        // that somebody else has taken meanwhile.
        const std::uint16_t first = free_port();
        config_.server.passive_ports =
            config::PortRange(first, static_cast<std::uint16_t>(first + passive_count_ - 1));
        placement_ = std::make_unique<Placement>(1);
        hosts_ = std::make_unique<HostCounts>(config_.limits.max_sessions_per_ip);
        slots_ = std::make_unique<AtomicBitmap>(config_.server.passive_ports.count());
        digests_ = std::make_unique<digest::Shared>(
            config_.limits.hash_cache,
            digest::Budget::Rules{.at_once = config_.limits.hash_at_once,
                                  .bytes_per_hour = config_.limits.hash_hourly});
        listings_ = std::make_unique<vfs::ListingMemory>(
            config_.listing.cache, config_.listing.cache_ttl, config_.listing.memory_total);
        Result<std::unique_ptr<vfs::Root>> root =
            vfs::Root::open(kernel_, directory_.c_str(), vfs::RootRules());
        ASSERT_TRUE(root);
        root_ = std::move(*root);
        if (listings_->cache.is_on()) { root_->marks().turn_on(); }
        const Surroundings around = {kernel_, *backend_, ready_,      pool_,    config_, *root_,
                                     log_,    *placement_, *hosts_, *slots_,  *digests_,
                                     *listings_, 0};
        shard_ = std::make_unique<Shard>(around);
        placement_->set_shard(0, shard_.get());
        const sys::SocketAddress address = sys::SocketAddress::v4(127, 0, 0, 1, 0);
        Shard::Refusal refusal;
        ASSERT_TRUE(shard_->listen({address}, refusal)) << text_of(refusal.error);
        port_ = shard_->control_addresses()[0].port();
    }
    // Kills what runs and proves that nothing is left of it.
    void end_shard() {
        if (!kill_posted_) { shard_->post_kill(); }
        kill_posted_ = true;
        EXPECT_TRUE(turn_until([this] { return shard_->has_ended(); }));
        shard_->run_ready();  // the order itself, where nothing was left for it to do
        helpers_.settle();
        EXPECT_EQ(shard_->session_count(), 0u);
        EXPECT_EQ(shard_->frames().live(), 0u);
        EXPECT_EQ(backend_->in_flight(), 0u);
        placement_->set_shard(0, nullptr);
        shard_.reset();
    }

    void step() {
        for (Client* client : clients_) { client->pump(); }
        shard_->turn(Duration::milliseconds(5));
        for (Client* client : clients_) { client->pump(); }
    }
    // Turns until `done()`. False when it does not come about.
    template <class Done>
    bool turn_until(Done done) {
        for (int turn = 0; turn < kTurnsMax; ++turn) {
            if (done()) { return true; }
            step();
        }
        return done();
    }
    void turn_times(int count) {
        for (int i = 0; i < count; ++i) { step(); }
    }
    // Pumped by every step() as long as it lives in the test.
    std::unique_ptr<Client> connect(int receive_buffer = 0) {
        return std::make_unique<Client>(port_, receive_buffer);
    }
    void watch(Client& client) { clients_.push_back(&client); }
    void unwatch(Client& client) {
        clients_.erase(std::remove(clients_.begin(), clients_.end(), &client), clients_.end());
    }
    // Until the client has that many final replies.
    bool hears(Client& client, std::size_t replies) {
        return turn_until([&] { return client.replies() >= replies; });
    }
    std::unique_ptr<Client> login() {
        std::unique_ptr<Client> client = connect();
        watch(*client);
        client->send("USER anonymous\r\nPASS x\r\nTYPE I\r\n");
        EXPECT_TRUE(hears(*client, 4));
        EXPECT_EQ(client->codes(), "220 331 230 200");
        client->forget_received();
        return client;
    }
    // PASV, and the port it names.
    std::uint16_t passive_port(Client& client) {
        client.forget_received();
        client.say("EPSV");
        EXPECT_TRUE(hears(client, 1));
        const std::size_t bars = client.received().find("|||");
        EXPECT_NE(bars, std::string::npos) << client.received();
        if (bars == std::string::npos) { return 0; }
        const int number = std::atoi(client.received().c_str() + bars + 3);
        client.forget_received();
        return static_cast<std::uint16_t>(number);
    }
    void write_file(const std::string& name, std::size_t bytes, char fill = 'x') const {
        std::ofstream(directory_ + "/" + name, std::ios::binary) << std::string(bytes, fill);
    }
    static std::size_t open_descriptors() {
        std::size_t count = 0;
        DIR* directory = ::opendir("/proc/self/fd");
        while (::readdir(directory) != nullptr) { ++count; }
        ::closedir(directory);
        return count;
    }

    sys::LinuxKernel kernel_;
    io::ReadyQueue ready_;
    config::Snapshot config_;
    SilentLog log_;
    std::string directory_;
    std::uint16_t passive_count_ = 8;
    std::unique_ptr<Placement> placement_;
    std::unique_ptr<HostCounts> hosts_;
    std::unique_ptr<AtomicBitmap> slots_;
    std::unique_ptr<digest::Shared> digests_;
    std::unique_ptr<vfs::ListingMemory> listings_;
    std::unique_ptr<vfs::Root> root_;
    std::unique_ptr<io::Backend> backend_;
    std::unique_ptr<Shard> shard_;
    io::ThreadHelperPool helpers_{2};
    // Counts the jobs that go by.
    struct CountingPool final : io::HelperPool {
        io::HelperPool& behind;
        int jobs = 0;  // submitted by the one shard, which is the test's thread
        explicit CountingPool(io::HelperPool& pool) : behind(pool) {}
        void submit(io::HelperJob& job) override {
            ++jobs;
            behind.submit(job);
        }
    } pool_{helpers_};
    std::uint16_t port_ = 0;
    bool kill_posted_ = false;
    std::vector<Client*> clients_;

private:
    std::uint16_t free_port() {
        while (true) {
            const Result<int> probe =
                kernel_.listen(sys::SocketAddress::v4(127, 0, 0, 1, 0), sys::ListenOptions());
            EXPECT_TRUE(probe);
            const std::uint16_t port = kernel_.local_address(*probe)->port();
            kernel_.close(*probe);
            if (port <= 65535 - passive_count_) { return port; }
        }
    }
};

}  // namespace sluice::server
