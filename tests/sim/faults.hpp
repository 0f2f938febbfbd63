// Which faults a seed has, and how often: drawn per seed in swarm style, so that most seeds have
// most faults wholly off and some have one of them wild. A mix of everything at once hides the bugs
// that need a clear run up to one rare event.
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <array>
#include <cstdint>

#include "sluice/base/prng.hpp"

namespace sluice::sim {

enum class Fault : std::uint8_t {
    // Network.
    SplitSegments,       // a send arrives in many pieces
    ShortSend,           // send and sendfile take less than there is room for
    ShortReceive,        // receive gives less than there is
    SpuriousWouldBlock,  // EAGAIN although there is something; a wake-up follows
    SlowNetwork,         // segments and connects take up to a second
    ResetConnection,     // a connection dies in flight
    ConnectRefused,
    ConnectUnreachable,
    ListenInUse,  // EADDRINUSE from listen
    // The loop.
    DelayCompletion,  // a finished operation is told a turn or more later
    LostStop,         // stop() comes too late
    SpuriousPoll,     // a poll ends although nothing is ready (epoll reports both directions)
    StarveInput,      // no lent buffer is free for a while
    SlowHelper,       // a helper job takes seconds
    // Files.
    CacheMiss,    // RESOLVE_CACHED answers EAGAIN; pages are cold
    RetryLookup,  // openat2 with `..` answers EAGAIN: a rename raced (openat2(2))
    ShortRead,
    ShortWrite,
    NoSpace,        // ENOSPC or EDQUOT
    InputOutput,    // EIO
    NoDescriptors,  // EMFILE, ENFILE
    NoMemory,
    ReadOnly,
    NoUnnamedFiles,  // O_TMPFILE is not supported: EOPNOTSUPP
    NoCacheStat,     // cachestat is missing
    ChangeFiles,     // files are truncated, replaced, removed by others
    JumpWallClock,
    Count_,
};
constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::Count_);

class Faults {
public:
    static constexpr std::uint64_t kScale = 10'000;

    // All off. For tests that set what they need.
    explicit Faults(Prng& prng) : prng_(prng) {}

    // Draws a swarm: about a third of the faults on, each rare, common or wild.
    void draw();
    void set(Fault fault, std::uint64_t per_ten_thousand) {
        rates_[static_cast<std::size_t>(fault)] = per_ten_thousand;
    }
    std::uint64_t rate(Fault fault) const { return rates_[static_cast<std::size_t>(fault)]; }
    bool is_on(Fault fault) const { return rate(fault) != 0 && !stopped_; }

    // Decides one case. Draws from the generator only when the fault is on.
    bool strikes(Fault fault) {
        if (stopped_ || rate(fault) == 0 || !prng_.chance(rate(fault), kScale)) { return false; }
        ++struck_[static_cast<std::size_t>(fault)];
        return true;
    }
    std::uint64_t struck(Fault fault) const { return struck_[static_cast<std::size_t>(fault)]; }
    // From here on nothing strikes: what is left must come to an end (liveness).
    void stop() { stopped_ = true; }
    bool stopped() const { return stopped_; }

private:
    Prng& prng_;
    std::array<std::uint64_t, kFaultCount> rates_ = {};
    std::array<std::uint64_t, kFaultCount> struck_ = {};
    bool stopped_ = false;
};

const char* name_of(Fault fault);

}  // namespace sluice::sim
