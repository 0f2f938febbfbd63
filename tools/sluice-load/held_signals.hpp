// INT and TERM as a value: while one of these lives they come to the thread that made it, and to
// all it starts, as results of sigtimedwait(). Owned by perform_run(). Thread: main.
#pragma once

#include <signal.h>
#include <time.h>

#include <cstdint>

namespace sluice::load {

class HeldSignals {
public:
    HeldSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, &before_);
        // sendfile(2) to a connection that is gone raises it, and has no flag against that.
        struct sigaction ignore = {};
        ignore.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &ignore, nullptr);
    }
    ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;

    // True when one came within the time.
    bool wait(std::int64_t ns) {
        timespec limit = {};
        limit.tv_sec = ns / 1'000'000'000;
        limit.tv_nsec = ns % 1'000'000'000;
        return sigtimedwait(&set_, nullptr, &limit) > 0;
    }

private:
    sigset_t set_;
    sigset_t before_;
};

}  // namespace sluice::load
