// What waits to be resumed, in order of arrival.
//
// A completion, a signalled Event or a finished helper job puts its Waiter here; only the Reactor
// takes it out, at the top of the stack. Nothing ever resumes a coroutine from inside a completion:
// that is what keeps stacks flat and traces readable. Thread: one shard.
#pragma once

#include <coroutine>

#include "sluice/base/intrusive_list.hpp"

namespace sluice::io {

// One suspended coroutine and its place in a list. Embedded in what it waits for; never moves.
struct Waiter : ListHook<> {
    std::coroutine_handle<> handle;
};

class ReadyQueue {
public:
    void push(Waiter& waiter) { list_.push_back(waiter); }
    bool is_empty() const { return list_.is_empty(); }
    // Moves everything queued so far into `batch`: what becomes ready while the batch runs waits
    // for the next turn, so that no set of coroutines can keep the loop from the kernel.
    void take_all(IntrusiveList<Waiter>& batch) { batch.splice_back(list_); }

private:
    IntrusiveList<Waiter> list_;
};

}  // namespace sluice::io
