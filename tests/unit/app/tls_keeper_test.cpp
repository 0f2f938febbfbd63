// Who looks after certificates: when files are read again, what becomes of those that cannot be
// used, and what the log hears of their end. The clocks run ahead as the
// test wants it, the files are real.
#include "app/tls_keeper.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "../tls/test_authority.hpp"
#include "../vfs/fault_kernel.hpp"

namespace sluice::app {
namespace {

class Lines final : public obs::Log {
public:
    bool wants(obs::EventKind, obs::Level) const override { return true; }
    void emit(const obs::Event& event) override {
        std::string line(event.level == obs::Level::Error  ? "error "
                         : event.level == obs::Level::Warn ? "warn "
                                                           : "info ");
        if (event.kind == obs::EventKind::Certificate) {
            line += std::to_string(event.days_left) + " " + std::string(event.target) + " ";
        }
        lines_.push_back(line + std::string(event.reason));
    }
    std::vector<std::string> take() { return std::exchange(lines_, {}); }

private:
    std::vector<std::string> lines_;
};

class CountingTaker final : public TlsTaker {
public:
    void take(server::TlsContexts contexts) override {
        ++count;
        last = std::move(contexts);
    }
    int count = 0;
    server::TlsContexts last;
};

const std::string kReread =
    "info the files of TLS were read again; sessions that begin now use them";

class TlsKeeperTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "sluice-tls-keeper-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        config_.tls.mode = config::TlsMode::Optional;
        config_.tls.certificate = folder_ + "/fullchain.pem";
        config_.tls.key = folder_ + "/privkey.pem";
        put(first_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    // A new file each time, as everybody who is careful does it.
    void write(const std::string& name, const std::string& content) {
        const std::string path = folder_ + "/" + name;
        std::FILE* const file = std::fopen((path + ".new").c_str(), "wb");
        ASSERT_NE(file, nullptr);
        EXPECT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
        std::fclose(file);
        ASSERT_EQ(::chmod((path + ".new").c_str(), 0600), 0);
        ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
    }
    void put(const tls::IdentityText& text) {
        write("fullchain.pem", text.chain_pem);
        write("privkey.pem", text.key_pem);
    }
    void begin() {
        tls::Findings findings;
        ASSERT_EQ(keeper_.read(findings).size(), 2u);
        keeper_.tell(findings);
    }
    void pass(Duration time) { kernel_.ahead = kernel_.ahead + time; }
    // So many looks, as the thread would have them.
    void look(int times = 1) {
        for (int i = 0; i < times; ++i) {
            pass(TlsWatch::kLookTime);
            keeper_.look(taker_, false);
        }
    }

    vfs::FaultKernel kernel_;
    tls::TestAuthority authority_{"Authority", kernel_.wall_time()};
    tls::IdentityText first_ = authority_.issue({.name = "first", .days = 60});
    tls::IdentityText second_ = authority_.issue({.name = "second", .days = 90});
    std::string folder_;
    config::Snapshot config_;
    Lines log_;
    TlsKeeper keeper_{kernel_, config_, 2, log_};
    CountingTaker taker_;
};

TEST_F(TlsKeeperTest, TellsOfEachCertificateAtStart) {
    begin();
    const std::vector<std::string> lines = log_.take();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].substr(0, 25), "info 60 first good until ");
}

TEST_F(TlsKeeperTest, LeavesFilesAloneThatDoNotChange) {
    begin();
    log_.take();
    look(100);
    EXPECT_EQ(taker_.count, 0);
    EXPECT_TRUE(log_.take().empty());
}

TEST_F(TlsKeeperTest, TakesAChangeWhenItHasComeToRest) {
    begin();
    log_.take();
    write("fullchain.pem", second_.chain_pem);
    look();
    EXPECT_EQ(taker_.count, 0);
    write("privkey.pem", second_.key_pem);  // between two looks: half a pair was never read
    look();
    EXPECT_EQ(taker_.count, 0);
    look();
    EXPECT_EQ(taker_.count, 1);
    EXPECT_EQ(taker_.last.size(), 2u);
    const std::vector<std::string> lines = log_.take();
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0], kReread);
    EXPECT_EQ(lines[1].substr(0, 26), "info 90 second good until ");
}

TEST_F(TlsKeeperTest, SaysOnceWhatItCannotUseAndGoesOnTrying) {
    begin();
    log_.take();
    write("fullchain.pem", second_.chain_pem);
    look(200);  // some tries without a change among them
    EXPECT_EQ(taker_.count, 0);
    std::vector<std::string> lines = log_.take();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0],
              "error the files of TLS are not taken, and the former ones stay in use: " + folder_ +
                  "/privkey.pem: this private key is not that of the "
                  "certificate in " +
                  folder_ + "/fullchain.pem");
    write("privkey.pem", "garbage");  // another mistake is another line
    look(2);
    EXPECT_EQ(log_.take().size(), 1u);
    write("privkey.pem", second_.key_pem);
    look(2);
    EXPECT_EQ(taker_.count, 1);
    EXPECT_EQ(log_.take().front(), kReread);
}

TEST_F(TlsKeeperTest, AnOrderReadsAtOnceAndIsAnswered) {
    begin();
    log_.take();
    keeper_.look(taker_, true);
    EXPECT_EQ(taker_.count, 1);
    EXPECT_EQ(log_.take().front(), kReread);
    write("fullchain.pem", "");
    for (int i = 0; i < 2; ++i) {
        keeper_.look(taker_, true);
        const std::vector<std::string> lines = log_.take();
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_EQ(lines[0].substr(0, 6), "error ");
    }
    EXPECT_EQ(taker_.count, 1);
}

TEST_F(TlsKeeperTest, AFileThatWasAwayIsTakenWhenItIsBack) {
    begin();
    std::filesystem::remove(folder_ + "/privkey.pem");
    look(2);
    log_.take();
    put(first_);
    look(2);
    EXPECT_EQ(taker_.count, 1);
}

TEST_F(TlsKeeperTest, TellsOnceADayOfAnEndThatIsNear) {
    begin();
    log_.take();
    pass(Duration::seconds(38 * 24 * 3600));  // 22 days are left
    look();
    EXPECT_TRUE(log_.take().empty());
    pass(Duration::seconds(2 * 24 * 3600));
    look(1000);
    std::vector<std::string> lines = log_.take();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].substr(0, 14), "warn 20 first ");
    pass(Duration::seconds(24 * 3600));
    look(1000);
    EXPECT_EQ(log_.take().size(), 1u);
    pass(Duration::seconds(19 * 24 * 3600 + 2 * 3600));
    look(1000);
    lines = log_.take();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].substr(0, 15), "error -1 first ");
}

TEST_F(TlsKeeperTest, HearsOfFoldersThatCome) {
    config_.tls.certificate.clear();
    config_.tls.key.clear();
    config_.tls.certificates = {folder_ + "/live"};
    std::filesystem::create_directories(folder_ + "/live/a");
    write("live/a/fullchain.pem", first_.chain_pem);
    write("live/a/privkey.pem", first_.key_pem);
    begin();
    log_.take();
    std::filesystem::create_directories(folder_ + "/live/b");
    write("live/b/fullchain.pem", second_.chain_pem);
    write("live/b/privkey.pem", second_.key_pem);
    look(2);
    ASSERT_EQ(taker_.count, 1);
    EXPECT_EQ(taker_.last[0]->terms().size(), 2u);
    std::filesystem::remove_all(folder_ + "/live/a");
    look(2);
    ASSERT_EQ(taker_.count, 2);
    EXPECT_EQ(taker_.last[1]->terms().front().host, "second");
}

TEST_F(TlsKeeperTest, MakesItsOwnCertificateAnewBeforeItsEndOnly) {
    config_.tls.certificate.clear();
    config_.tls.key.clear();
    config_.tls.self_signed = true;
    begin();
    keeper_.look(taker_, true);
    pass(Duration::seconds(22 * 24 * 3600));
    look(100);
    EXPECT_EQ(taker_.count, 0);
    pass(Duration::seconds(2 * 24 * 3600));
    look(100);
    EXPECT_EQ(taker_.count, 1);
}

TEST_F(TlsKeeperTest, AThreadLooksUntilItIsStopped) {
    begin();
    keeper_.watch(taker_);
    keeper_.request();
    EXPECT_TRUE(keeper_.stop(TlsKeeper::kStopTime));
    EXPECT_TRUE(keeper_.stop(TlsKeeper::kStopTime));
    EXPECT_LE(taker_.count, 1);
}

// For ThreadSanitizer: main orders and stops while the thread looks, hands over and writes lines.
TEST_F(TlsKeeperTest, OrdersAndTheEndMayComeAtAnyTime) {
    struct Waiting final : TlsTaker {
        void take(server::TlsContexts contexts) override {
            EXPECT_EQ(contexts.size(), 2u);
            const std::lock_guard<std::mutex> lock(mutex);
            ++count;
            changed.notify_all();
        }
        std::mutex mutex;
        std::condition_variable changed;
        int count = 0;
    } taker;
    begin();
    keeper_.watch(taker);
    for (int i = 1; i <= 5; ++i) {
        keeper_.request();
        std::unique_lock<std::mutex> lock(taker.mutex);
        taker.changed.wait(lock, [&] { return taker.count >= i; });
    }
    keeper_.request();
    EXPECT_TRUE(keeper_.stop(TlsKeeper::kStopTime));
    EXPECT_LE(taker.count, 6);
}

// "modprobe tls" and HUP: what the kernel can is asked at each reading, and tls.kernel decides.
TEST_F(TlsKeeperTest, AsksTheKernelAgainWhatItCanEncrypt) {
    struct Learning final : vfs::FaultKernel {
        std::uint64_t known = 0;
        std::uint64_t tls_ciphers() override { return known; }
    } kernel;
    const auto read = [&] {
        tls::Findings findings;
        const std::optional<TlsFiles> files = read_tls_files(kernel, config_, findings);
        return files ? files->settings.kernel_ciphers : ~std::uint64_t{0};
    };
    EXPECT_EQ(read(), 0u);
    kernel.known = 5;
    EXPECT_EQ(read(), 5u);
    config_.tls.kernel = config::KernelTls::Off;
    EXPECT_EQ(read(), 0u);
}

// A disk that hangs must not keep the process from ending.
TEST_F(TlsKeeperTest, AThreadThatHangsIsNotWaitedForForEver) {
    struct Hanging final : TlsTaker {
        void take(server::TlsContexts) override {
            entered.set_value();
            released.get_future().wait();
        }
        std::promise<void> entered;
        std::promise<void> released;
    } hanging;
    begin();
    keeper_.watch(hanging);
    keeper_.request();
    hanging.entered.get_future().wait();
    EXPECT_FALSE(keeper_.stop(Duration::milliseconds(10)));
    hanging.released.set_value();
    EXPECT_TRUE(keeper_.stop(TlsKeeper::kStopTime));
}

TEST(TlsWatch, DoesNotTakeARefusalForTheLastWord) {
    FileMark mark;
    TlsWatch watch({mark});
    Instant now = Instant() + Duration::seconds(1000);
    watch.note({mark}, false, now);
    EXPECT_FALSE(watch.is_due({mark}, now + Duration::seconds(59)));
    EXPECT_TRUE(watch.is_due({mark}, now + TlsWatch::kRetryTime));
    watch.note({mark}, true, now);
    EXPECT_FALSE(watch.is_due({mark}, now + Duration::seconds(3600)));
}

}  // namespace
}  // namespace sluice::app
