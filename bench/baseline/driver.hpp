// The event loop of ftp_drive: opens the sessions, keeps them busy, measures one window.
//
// The window begins when every session is logged in and the warm-up is over, so that what is
// counted is the scenario and nothing else. With --count it spans all operations from the first
// command to the last byte, so that nothing in flight is left out.
// Owned by: main. Thread: the only one.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "drive_options.hpp"
#include "drive_session.hpp"

namespace sluice::bench {

class Driver final : public SessionOwner {
public:
    explicit Driver(const DriveOptions& options);
    ~Driver() override;
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    // Runs the scenario and prints the result. Returns the exit code.
    int run();

    void on_ready(Session& session) override;
    void on_operation(Session& session) override;
    void on_bytes(std::uint64_t bytes) override { bytes_ += bytes; }
    void on_error(Session& session, const std::string& what) override;
    void on_closed(Session& session) override;

private:
    enum class Phase : std::uint8_t { Opening, Warming, Measuring, Done };

    // What a session has to do beyond what it knows itself.
    struct Work {
        std::uint32_t done = 0;           // operations; for Latency also which due time comes next
        bool finished = false;            // has done its --count
        bool busy = false;                // Latency: waits for a reply
        std::int64_t counts_from_ns = 0;  // Latency: when the server could begin
        bool opening = false;             // between connect and ready
        bool ready_once = false;
    };

    struct Mark {
        std::int64_t time_ns = 0;
        std::uint64_t operations = 0;
        std::uint64_t bytes = 0;
        std::int64_t sample = 0;
        std::int64_t own_cpu_ns = 0;
    };

    void step();
    void open_some();
    void start();
    void advance_phase();
    void wait_for_events();
    void release_due();
    void record_latency(const Session& session);
    void leave_opening(Work& work);
    void hold_idle();
    void print_result() const;
    [[nodiscard]] std::int64_t due_ns(std::uint32_t session, std::uint32_t nth) const;
    [[nodiscard]] Mark mark() const;
    [[nodiscard]] std::int64_t wait_ns() const;

    DriveOptions options_;
    int epoll_ = -1;
    std::vector<Session> sessions_;
    std::vector<Work> work_;
    std::deque<std::uint32_t> to_open_;
    Phase phase_ = Phase::Opening;
    std::uint32_t opening_ = 0;  // sessions between connect and ready
    std::uint32_t ready_ = 0;
    std::uint32_t finished_ = 0;
    std::uint64_t next_source_ = 0;
    std::uint64_t operations_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t errors_ = 0;
    std::map<std::string, std::uint64_t> errors_by_name_;
    std::int64_t began_ns_ = 0;
    std::int64_t phase_ends_ns_ = 0;
    std::int64_t schedule_began_ns_ = 0;
    std::uint64_t next_tick_ = 0;
    bool timed_out_ = false;
    Mark first_;
    Mark last_;
    // Latency, three ways: what the server did (from the send, or from when it was due if the
    // server still owed a reply then, to the arrival in the kernel); all that a user of this client
    // would see (from when it was due); and how late the client itself sent.
    std::vector<float> server_us_;
    std::vector<float> latencies_us_;
    std::vector<float> lateness_us_;
    struct Slow {
        std::int64_t ended_ns;  // by the wall clock
        float server_us;
    };
    std::vector<Slow> slow_;
};

}  // namespace sluice::bench
