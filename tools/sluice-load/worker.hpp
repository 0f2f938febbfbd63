// One thread of the generator: its engine, its sessions, its share of the load and of the counting.
//
// Shares nothing with other threads while it runs, but a counter of claimed transfers and, once a
// second, a sample. Lives on the stack of its thread; what main may touch is the WorkerReport.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "alarms.hpp"
#include "ftp_client.hpp"
#include "load_profile.hpp"
#include "session.hpp"
#include "sluice/io/frame_pool.hpp"
#include "sluice/io/select_backend.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "sluice/tls/client_context.hpp"
#include "source_pool.hpp"
#include "stand_still.hpp"

namespace sluice::load {

// What all workers of a run share. Outlives them.
struct RunContext {
    const Options& options;
    const LoadProfile& profile;
    const Content& content;
    const Manifest* manifest;
    const SourcePool& sources;
    const tls::ClientSettings* tls;  // null: in clear
    sys::SocketAddress server;
    io::EngineKind engine;
    Instant begin;
    StandStill stand_still;
    bool wants_totals = false;              // in each sample
    std::atomic<std::uint64_t> claimed{0};  // of Options::transfers_max
    std::atomic<bool> end_asked{false};     // by a signal
};

// A second of one worker.
struct Sample {
    std::int64_t index = 0;  // negative in the warm-up
    Second second;
    Histogram actions;
    std::array<std::uint32_t, static_cast<std::size_t>(FtpClient::State::Count)> states{};
    double cpu_share = 0;
    std::unique_ptr<Tally> total;  // of this thread so far, if RunContext::wants_totals
};

// What a worker hands to main.
struct WorkerReport {
    std::mutex mutex;
    std::vector<Sample> samples;  // taken by main; guarded
    // The rest is main's once the thread has ended.
    Tally tally;
    std::string error;
    std::string banner;
    std::string features;
    TlsFacts tls;
    std::int64_t measured_ns = 0;
    double cpu_share = 0;
    std::uint64_t lag_ns = 0;
};

class Worker {
public:
    Worker(RunContext& run, std::uint32_t index, WorkerReport& report);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // The whole life of the thread. False: report.error says why nothing was done.
    bool work();

    // For its sessions.
    ClientContext& context() { return *context_; }
    io::Reactor& reactor() { return *reactor_; }
    const Options& options() const { return run_.options; }
    std::int64_t now() { return kernel_.now().ns; }
    bool is_open_loop() const { return run_.options.arrivals != Arrivals::Closed; }
    bool is_ending() const { return ending_; }
    // All transfers have been claimed: what waits stays open until the last of them is done.
    bool is_exhausted() const { return exhausted_; }
    bool only_logs_in() const { return only_logs_in_; }
    bool moves_data() const { return moves_data_; }
    // True once: the first session of the first thread asks for everybody.
    bool wants_features() { return index_ == 0 && !std::exchange(features_asked_, true); }
    std::string& features() { return report_.features; }

    // False: this session is one too many now, and ends.
    bool may_go_on(Session& session);
    bool claim();
    // A session that cannot be opened uses up one of a counted run's actions: a server that is gone
    // ends such a run, too.
    void forfeit();
    std::size_t draw_work(Prng& random) const;
    bool take_due(std::size_t& work, std::int64_t& intended_ns);
    // Waits for an arrival: assign() or wake() will come. False when there will be none.
    bool park(Session& session);
    void opening_began() { ++opening_; }
    void opening_ended() { --opening_; }
    void action_began();
    void action_ended(bool good, std::int64_t intended_ns);
    void session_ended(Session& session);

    // Is the path uploaded to by some part of the mix? Then its size is no constant.
    bool is_uploaded(std::size_t work, std::size_t path) const;
    bool has_number(std::size_t work, std::size_t path) const;
    bool known_size(std::uint64_t key, std::uint64_t& size) const;
    void remember_size(std::uint64_t key, std::uint64_t size);

private:
    // Logins at once while a run begins: listen queues of peers are short.
    static constexpr std::uint32_t kOpeningMax = 64;
    static constexpr std::int64_t kTickNs = 100'000'000;
    // Sessions get this long to say good-bye when the run is over.
    static constexpr std::int64_t kFarewellNs = 1'000'000'000;
    static constexpr std::size_t kKnownSizesMax = 1u << 20;
    static constexpr std::size_t kScratchBytes = 256 * 1024;

    // worker.cpp: its life, and how many sessions it has.
    bool set_up();
    bool set_up_tls();
    void loop();
    void tick(std::int64_t now_ns);
    void fill();
    void exhaust();
    bool is_done() const { return exhausted_ && acting_ == 0 && claimed_ == 0; }
    std::uint32_t count_open() const;
    void serve_arrivals(std::int64_t now_ns);
    void begin_measuring();
    void begin_end(std::int64_t at_ns);
    void take_sample(std::int64_t now_ns);
    std::uint32_t share_of(std::uint32_t all) const;
    const std::string& path_of(std::size_t work, std::size_t path) const;

    RunContext& run_;
    const std::uint32_t index_;
    WorkerReport& report_;
    const std::int64_t begin_ns_;
    const std::int64_t measure_ns_;  // when the warm-up is over
    const std::int64_t end_ns_;
    io::FramePool frames_;
    sys::LinuxKernel kernel_;
    io::ReadyQueue ready_;
    std::unique_ptr<io::HelperPool> helpers_;
    std::unique_ptr<io::Backend> backend_;
    std::unique_ptr<io::Reactor> reactor_;
    std::unique_ptr<Alarms> alarms_;
    std::unique_ptr<std::uint8_t[]> scratch_;
    std::unique_ptr<std::uint8_t[]> plaintext_;
    // One for each thread: OpenSSL counts references with atomics.
    std::unique_ptr<tls::ClientContext> tls_;
    Tally tally_;
    std::unique_ptr<ClientContext> context_;
    ArrivalSchedule arrivals_;
    std::vector<double> weights_;  // running sums
    mutable Prng random_;
    Alarm tick_alarm_;
    Alarm arrival_alarm_;
    std::vector<std::unique_ptr<Session>> sessions_;
    std::vector<Session*> free_;  // slots whose session has ended
    IntrusiveList<Session> parked_;
    std::unordered_map<std::uint64_t, std::uint64_t> sizes_;
    std::uint32_t target_ = 0;   // sessions there shall be
    std::uint32_t staying_ = 0;  // sessions that have not been told to end
    std::uint32_t live_ = 0;     // sessions whose coroutine runs
    std::uint32_t opening_ = 0;
    std::uint32_t claimed_ = 0;  // actions that a session has and has not begun
    std::uint32_t acting_ = 0;
    bool only_logs_in_ = false;
    bool moves_data_ = false;
    bool measuring_ = false;
    bool exhausted_ = false;  // all transfers have been claimed
    bool features_asked_ = false;
    bool ending_ = false;
    std::int64_t last_action_ns_ = 0;
    std::int64_t next_second_ns_;
    Histogram second_actions_;
    std::uint64_t bytes_before_ = 0;  // totals at the last sample
    std::uint64_t actions_before_ = 0;
    std::uint64_t troubles_before_ = 0;
    double cpu_before_ = 0;
    double cpu_at_measure_ = 0;
};

}  // namespace sluice::load
