// When to read the files of TLS again: after an order, or when they have changed and come to rest.
//
// Certificate and key are two files, and nobody replaces two at once. So a change is waited out: it
// counts when two looks have seen the same. A pair that does not fit even then (the key comes in a
// minute, or never) is tried again at every further change, and now and then without one.
// Pure: who asks brings the time and the marks. Owned by: TlsKeeper. Thread: its own.
#pragma once

#include <utility>
#include <vector>

#include "app/tls_files.hpp"
#include "sluice/base/time.hpp"

namespace sluice::app {

class TlsWatch {
public:
    // A few calls per look. Looks go on whatever links, bind mounts and network file systems do,
    // which inotify does not see.
    static constexpr Duration kLookTime = Duration::seconds(1);
    // What was refused is tried again after this.
    static constexpr Duration kRetryTime = Duration::seconds(60);

    using Marks = std::vector<FileMark>;

    // `taken`: of the files that were read at start.
    explicit TlsWatch(Marks taken) : taken_(std::move(taken)), seen_(taken_) {}

    // Whether to read them now; who does says how that went.
    bool is_due(const Marks& marks, Instant now) {
        const bool at_rest = marks == seen_;
        seen_ = marks;
        if (marks == taken_) {
            return refused_ && now - tried_ >= kRetryTime;
        }
        return at_rest;
    }
    // `marks` were taken before they were read: what changes meanwhile is seen as a change.
    void note(const Marks& marks, bool is_good, Instant now) {
        taken_ = marks;
        seen_ = marks;
        refused_ = !is_good;
        tried_ = now;
    }

private:
    Marks taken_;
    Marks seen_;
    bool refused_ = false;
    Instant tried_;
};

}  // namespace sluice::app
