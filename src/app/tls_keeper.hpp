// Looks after certificates while the server runs: reads them again when they change, and says in
// the log when they will expire.
//
// A thread of its own, because files may be on a disk that hangs, and main must hear TERM then. It
// makes the Contexts of all shards and posts each its own, so no shard ever parses a certificate
// while it serves. What cannot be used changes nothing: the former ones stay, and a line says why.
// Owned by: main. Thread: main's; look() and what it calls the keeper's.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/tls_files.hpp"
#include "app/tls_watch.hpp"
#include "sluice/obs/event.hpp"

namespace sluice::app {

// Takes what is to be used from now on.
class TlsTaker {
public:
    virtual void take(server::TlsContexts contexts) = 0;

protected:
    ~TlsTaker() = default;
};

class TlsKeeper {
public:
    static constexpr Duration kTellTime = Duration::seconds(24 * 3600);
    // Then a thread that still runs ends the process (std::thread), as it should.
    static constexpr Duration kStopTime = Duration::seconds(60);

    TlsKeeper(sys::Kernel& kernel, const config::Snapshot& config, std::uint32_t shards,
              obs::Log& log);
    ~TlsKeeper() { (void)stop(kStopTime); }
    TlsKeeper(const TlsKeeper&) = delete;
    TlsKeeper& operator=(const TlsKeeper&) = delete;

    // At start: the first Contexts. None when something cannot be used: `findings` says what.
    server::TlsContexts read(tls::Findings& findings);
    // Lines about the certificates that read() has found, and what is odd about them.
    void tell(const tls::Findings& findings);
    // From now on, until stop().
    void watch(TlsTaker& taker);
    // Reads all that is on the disk again, as soon as it can (SIGHUP).
    void request();
    // False: it hangs on a disk, and only the end of the process ends it.
    bool stop(Duration limit);

    // One look, for the thread and for tests.
    void look(TlsTaker& taker, bool ordered);

private:
    void run(TlsTaker& taker);
    void read_again(TlsTaker& taker, const TlsWatch::Marks& marks, bool ordered);
    void tell_terms(bool all);
    void tell_if_due();
    bool is_own_old() const;
    std::vector<int> weights() const;
    void log_line(obs::EventKind kind, obs::Level level, std::string_view reason);

    sys::Kernel& kernel_;
    const config::Snapshot& config_;
    std::uint32_t shards_;
    obs::Log& log_;
    tls::TicketKeys keys_;
    TlsWatch watch_;
    std::vector<tls::Term> terms_;
    std::vector<int> told_;  // how serious each term was when it was told
    Instant told_at_;
    std::string last_refusal_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool ordered_ = false;
    bool stopping_ = false;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace sluice::app
