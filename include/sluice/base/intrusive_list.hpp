// A doubly linked list whose links live in the elements.
//
// Removing an element needs neither the list nor a search, which is what a timer, a waiter and an
// operation in flight need. An element is in at most one list per hook; inserting it twice or
// destroying it while linked is an assertion. Not thread-safe.
#pragma once

#include "sluice/base/assert.hpp"

namespace sluice {

// Base class of an element (or of one of its several hooks, told apart by Tag).
template <class Tag = void>
class ListHook {
public:
    ListHook() = default;
    ListHook(const ListHook&) = delete;
    ListHook& operator=(const ListHook&) = delete;
    ~ListHook() { SLUICE_ASSERT(!is_linked()); }

    bool is_linked() const { return next_ != nullptr; }

    // Leaves whatever list it is in; nothing happens when it is in none.
    void unlink() {
        if (next_ == nullptr) { return; }
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

private:
    template <class T, class U>
    friend class IntrusiveList;
    ListHook* prev_ = nullptr;
    ListHook* next_ = nullptr;
};

// T derives from ListHook<Tag>. The list must be empty when it is destroyed.
template <class T, class Tag = void>
class IntrusiveList {
    using Hook = ListHook<Tag>;

public:
    IntrusiveList() { head_.prev_ = head_.next_ = &head_; }
    IntrusiveList(const IntrusiveList&) = delete;
    IntrusiveList& operator=(const IntrusiveList&) = delete;
    ~IntrusiveList() {
        SLUICE_ASSERT(is_empty());
        head_.prev_ = head_.next_ = nullptr;
    }

    bool is_empty() const { return head_.next_ == &head_; }
    void push_back(T& element) { insert_before(head_, element); }
    void push_front(T& element) { insert_before(*head_.next_, element); }

    // The first element, or null.
    T* front() { return is_empty() ? nullptr : static_cast<T*>(head_.next_); }
    // Takes the first element out, or null.
    T* pop_front() {
        T* first = front();
        if (first != nullptr) { static_cast<Hook*>(first)->unlink(); }
        return first;
    }
    // The element behind `element`, or null at the end.
    T* next(T& element) {
        Hook* hook = static_cast<Hook&>(element).next_;
        return hook == &head_ ? nullptr : static_cast<T*>(hook);
    }
    // Moves all elements of `other` to the end of this list.
    void splice_back(IntrusiveList& other) {
        if (other.is_empty()) { return; }
        Hook* first = other.head_.next_;
        Hook* last = other.head_.prev_;
        first->prev_ = head_.prev_;
        head_.prev_->next_ = first;
        last->next_ = &head_;
        head_.prev_ = last;
        other.head_.prev_ = other.head_.next_ = &other.head_;
    }

private:
    static void insert_before(Hook& position, T& element) {
        Hook& hook = element;
        SLUICE_ASSERT(!hook.is_linked());
        hook.prev_ = position.prev_;
        hook.next_ = &position;
        position.prev_->next_ = &hook;
        position.prev_ = &hook;
    }

    Hook head_;
};

}  // namespace sluice
