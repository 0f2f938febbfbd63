// Messages to a shard from other threads: finished helper jobs, a socket handed over, "drain".
//
// Posting is lock-free and never fails: a Message is embedded in what it reports, so there is
// nothing to allocate and no bound to hit. The shard takes all that arrived once per turn. Who
// posts to a shard that sleeps wakes it; the handshake is base/mpsc_queue.hpp's and is
// model-checked. Owned by: Reactor. Thread: post() any; the rest the shard's.
#pragma once

#include "sluice/base/mpsc_queue.hpp"
#include "sluice/io/backend.hpp"

namespace sluice::io {

// `deliver` runs on the receiving shard, outside any coroutine. The Message may be gone after it.
struct Message : MpscNode {
    using Deliver = void (*)(Message&);
    Deliver deliver;

    explicit Message(Deliver how) : deliver(how) {}
};

class Mailbox {
public:
    explicit Mailbox(Backend& backend) : backend_(backend) {}

    // Any thread. The message belongs to the shard until it was delivered.
    void post(Message& message) {
        if (queue_.push(message)) { backend_.wake(); }
    }

    // Delivers what has arrived; true if there was anything.
    bool deliver_all();
    // Announces sleep; false when something has arrived, and then the shard must not sleep.
    bool prepare_sleep() { return queue_.prepare_sleep(); }
    void awake() { queue_.awake(); }

private:
    Backend& backend_;
    MpscQueue<Message> queue_;
};

}  // namespace sluice::io
