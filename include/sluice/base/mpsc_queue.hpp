// Many producer threads, one consumer thread, links inside the messages, and the one protocol by
// which the consumer goes to sleep without missing a message.
//
// The whole state is one atomic word, `head_`:
//     null          nothing waits, the consumer is awake
//     &sleeper_     nothing waits, and the consumer has announced that it sleeps
//     a node        the newest message; its `next_` leads to the older ones
// A push is one compare-and-swap that puts its node there, and what it replaced tells the producer
// whether the consumer slept: exactly one push per announcement sees &sleeper_ and must wake. The
// announcement is a compare-and-swap from null: it fails if a message came first. There is no flag
// beside the queue, hence no moment between "looked at the queue" and "went to sleep" in which a
// message can hide (the missed wake-up that event loops with a separate flag keep rediscovering).
//
//     consumer, each turn:                          producer:
//         chain = queue.pop_all(); handle it            if (queue.push(message)) {
//         if (queue.prepare_sleep()) {                      wake();   // eventfd, MSG_RING
//             sleep until woken or something else       }
//             queue.awake();
//         }                                   // false: a message came, go round again
//
// The wake-up itself must be remembered if it comes before the sleep (an eventfd's count is), and
// one that comes late, after the consumer woke for another reason, must be harmless.
//
// There is no ABA problem: nobody takes a single node out of the shared list; the consumer takes
// the whole of it with one exchange. Order: messages come out in the order of their successful
// compare-and-swaps, so those of one producer come out as it pushed them.
// Bound: the nodes belong to the callers; there are never more messages than nodes. A push is
// lock-free: it repeats only when another thread's push, pop or announcement succeeded.
// Threads: push from any; pop_all, prepare_sleep and awake from the consumer.
// Checked by tests/model/mpsc_model.cpp and tests/model/wakeup.pml.
#pragma once

#include <type_traits>

#include "sluice/base/assert.hpp"
#include "sluice/base/atomics.hpp"

namespace sluice {

template <class T, class Atomics>
class MpscQueue;

// Base class of a message. It is in at most one queue; pushing it twice, or destroying it before
// the consumer took it out, is an assertion.
template <class Atomics>
class MpscNodeT {
public:
    MpscNodeT() : next_(this) {}
    MpscNodeT(const MpscNodeT&) = delete;
    MpscNodeT& operator=(const MpscNodeT&) = delete;
    ~MpscNodeT() { SLUICE_ASSERT(!is_queued()); }

    // Only the owner may ask: the producer before a push, the consumer after the pop.
    bool is_queued() const { return next_.get() != this; }

private:
    template <class T, class A>
    friend class MpscQueue;
    // The next older message, null for the oldest; the node itself while it is in no queue.
    typename Atomics::template Plain<MpscNodeT*> next_;
};

using MpscNode = MpscNodeT<RealAtomics>;

// T derives from MpscNodeT<Atomics>. The queue must be empty when it is destroyed.
template <class T, class Atomics = RealAtomics>
class MpscQueue {
    using Node = MpscNodeT<Atomics>;

public:
    // The messages of one pop_all, oldest first. The consumer may keep it across turns to handle
    // only so many messages in each; it must be emptied before it is destroyed or assigned.
    class Chain {
    public:
        Chain() = default;
        Chain(Chain&& other) noexcept : first_(other.first_) { other.first_ = nullptr; }
        Chain& operator=(Chain&& other) noexcept {
            SLUICE_ASSERT(first_ == nullptr);
            first_ = other.first_;
            other.first_ = nullptr;
            return *this;
        }
        ~Chain() { SLUICE_ASSERT(first_ == nullptr); }

        bool is_empty() const { return first_ == nullptr; }

        // The oldest message, or null. It may be pushed again, or destroyed, at once.
        T* pop_front() {
            Node* node = first_;
            if (node == nullptr) {
                return nullptr;
            }
            first_ = node->next_.get();
            node->next_.set(node);
            return static_cast<T*>(node);
        }

    private:
        friend class MpscQueue;
        explicit Chain(Node* first) : first_(first) {}
        Node* first_ = nullptr;
    };

    MpscQueue() = default;
    MpscQueue(const MpscQueue&) = delete;
    MpscQueue& operator=(const MpscQueue&) = delete;
    ~MpscQueue() {
        Node* head = head_.load(std::memory_order_acquire);
        SLUICE_ASSERT(head == nullptr || head == &sleeper_);
    }

    // Any thread. True: the consumer had announced sleep, and this caller must wake it.
    [[nodiscard]] bool push(T& message) {
        static_assert(std::is_base_of_v<Node, T>);
        Node& node = message;
        SLUICE_ASSERT(!node.is_queued());
        Node* head = head_.load(std::memory_order_relaxed);
        do {
            node.next_.set(head == &sleeper_ ? nullptr : head);
            // Release publishes the message. Acquire is for the caller that must wake: what the
            // consumer wrote before it announced sleep is visible to it.
        } while (!head_.compare_exchange_weak(head, &node, std::memory_order_acq_rel,
                                              std::memory_order_relaxed));
        return head == &sleeper_;
    }

    // Consumer. Takes all messages. It also ends an announced sleep.
    Chain pop_all() {
        // The common turn has no message: one load of a line that nobody writes.
        if (head_.load(std::memory_order_relaxed) == nullptr) {
            return Chain();
        }
        Node* newest = head_.exchange(nullptr, std::memory_order_acq_rel);
        if (newest == &sleeper_) {
            return Chain();
        }
        return Chain(reversed(newest));
    }

    // Consumer. Announces that it is about to sleep. False: a message has come; it must not sleep.
    [[nodiscard]] bool prepare_sleep() {
        Node* expected = nullptr;
        return head_.compare_exchange_strong(expected, &sleeper_, std::memory_order_acq_rel,
                                             std::memory_order_relaxed);
    }

    // Consumer, after the sleep, whatever ended it. Producers need not wake it any more.
    void awake() {
        Node* expected = &sleeper_;
        head_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel,
                                      std::memory_order_relaxed);
    }

private:
    // Turns newest-first into oldest-first. The list is bounded by the number of nodes.
    static Node* reversed(Node* newest) {
        Node* oldest = nullptr;
        while (newest != nullptr) {
            Node* older = newest->next_.get();
            newest->next_.set(oldest);
            oldest = newest;
            newest = older;
        }
        return oldest;
    }

    alignas(kCacheLineBytes) typename Atomics::template Atomic<Node*> head_{nullptr};
    // Never in a list: its address alone is a value of head_ that no message can have.
    alignas(kCacheLineBytes) Node sleeper_;
};

}  // namespace sluice
