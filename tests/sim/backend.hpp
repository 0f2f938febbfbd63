// io::Backend for the simulated kernel: operations end in an order drawn by the seed.
//
// It is as hard on its callers as both real engines together. Like epoll (in seeds that choose so)
// it is edge-triggered: who polls again without having met EAGAIN waits for ever. Like io_uring it
// may deliver a result although stop() was asked for, and many turns late. Polls may end for
// nothing; no lent buffer may be free for a while.
//
// What it checks: an Op changes nothing of itself while in flight; a lent buffer is given back once
// and before the Op is started again, and is not written or read after that (it is filled with a
// pattern, and poisoned under AddressSanitizer); no descriptor is closed with an Op in flight on it
// or before forget().
//
// wait() moves the virtual clock to the next action or to its deadline when nothing is ready. Where
// several shards share the clock it does not (Options::moves_clock); their driver does, when all of
// them would sleep.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/clock.hpp"
#include "sim/faults.hpp"
#include "sim/kernel.hpp"
#include "sim/trace.hpp"
#include "sluice/base/prng.hpp"
#include "sluice/io/backend.hpp"

namespace sluice::sim {

class Backend final : public io::Backend, public DescriptorSink {
public:
    struct Options {
        bool edge_triggered = true;
        std::uint16_t input_buffers = 8;
        std::size_t input_bytes = 2048;
        bool moves_clock = true;
    };

    Backend(Clock& clock, Prng& prng, Faults& faults, Trace& trace, Kernel& kernel,
            io::ReadyQueue& ready, const Options& options);
    ~Backend() override;

    std::string_view name() const override { return "sim"; }
    void start(io::Op& op) override;
    void stop(io::Op& op) override;
    void wait(Duration timeout) override;
    void wake() override { woken_ = true; }
    void return_input(io::Op& op) override;
    void forget(int fd) override;
    std::uint32_t in_flight() const override { return static_cast<std::uint32_t>(flying_.size()); }

    void on_edge(int fd) override;
    void on_close(int fd) override;

    // The last wait() had nothing to wait for: no action is planned, no deadline given.
    bool is_stuck() const { return stuck_; }
    // Without moves_clock: the last wait() brought nothing, and sleeps_until() it may bring nothing
    // unless something happens.
    bool is_asleep() const { return asleep_ && !woken_ && due_.empty(); }
    Instant sleeps_until() const { return sleeps_until_; }
    std::uint32_t lent_inputs() const;
    std::uint64_t completions() const { return completions_; }

private:
    struct Interest {
        io::Op* in = nullptr;
        io::Op* out = nullptr;
        bool watched = false;
        bool readable = false;  // edge-triggered: an edge has come since the last end of a poll
        bool writable = false;
    };
    // What an Op said when it was started.
    struct Flying {
        io::OpKind kind;
        int fd;
        const void* argument;
        bool due = false;
        std::uint8_t delays = 0;
    };
    struct Input {
        std::unique_ptr<std::uint8_t[]> bytes;
        const io::Op* lent_to = nullptr;
    };

    Interest& interest_of(int fd);
    void make_due(io::Op& op);
    void serve_due();
    bool serve(io::Op& op);
    bool serve_poll(io::Op& op);
    bool serve_receive(io::Op& op);
    bool serve_accept(io::Op& op);
    bool serve_connect(io::Op& op);
    void end(io::Op& op, std::int32_t result);
    void end_accept(io::Op& op, Error error);
    void unpark(io::Op& op);
    void retry_starved();
    void poison(Input& input);
    void lend(Input& input);

    Clock& clock_;
    Prng& prng_;
    Faults& faults_;
    Trace& trace_;
    Kernel& kernel_;
    io::ReadyQueue& ready_;
    Options options_;
    std::map<io::Op*, Flying> flying_;  // looked up only, never walked: addresses are not seeded
    std::vector<Interest> interests_;
    std::vector<io::Op*> due_;
    std::vector<int> starved_;
    std::vector<Input> inputs_;
    std::uint64_t completions_ = 0;
    bool woken_ = false;
    bool stuck_ = false;
    bool asleep_ = false;
    Instant sleeps_until_;
};

}  // namespace sluice::sim
