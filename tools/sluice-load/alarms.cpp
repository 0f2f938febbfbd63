#include "alarms.hpp"

#include <algorithm>
#include <utility>

#include "socket_calls.hpp"

namespace sluice::load {

Alarms::Alarms(io::Reactor& reactor) : reactor_(reactor) {}

Alarms::~Alarms() {
    SLUICE_ASSERT(is_idle());
    if (timer_ >= 0) {
        reactor_.backend().forget(timer_);
        reactor_.kernel().close(timer_);
    }
}

Status Alarms::make() {
    const Result<int> made = make_timer();
    if (!made) {
        return fail(made.error());
    }
    timer_ = *made;
    return {};
}

void Alarms::swap_places(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->place = a;
    heap_[b]->place = b;
}

void Alarms::sift_up(std::size_t place) {
    while (place > 0) {
        const std::size_t parent = (place - 1) / 2;
        if (heap_[parent]->at_ns <= heap_[place]->at_ns) {
            return;
        }
        swap_places(parent, place);
        place = parent;
    }
}

void Alarms::sift_down(std::size_t place) {
    for (;;) {
        std::size_t least = place;
        const std::size_t left = 2 * place + 1;
        const std::size_t right = left + 1;
        if (left < heap_.size() && heap_[left]->at_ns < heap_[least]->at_ns) {
            least = left;
        }
        if (right < heap_.size() && heap_[right]->at_ns < heap_[least]->at_ns) {
            least = right;
        }
        if (least == place) {
            return;
        }
        swap_places(place, least);
        place = least;
    }
}

void Alarms::set(Alarm& alarm, std::int64_t at_ns) {
    drop(alarm);
    alarm.at_ns = at_ns;
    alarm.fired = false;
    alarm.place = heap_.size();
    heap_.push_back(&alarm);
    sift_up(alarm.place);
}

void Alarms::drop(Alarm& alarm) {
    if (!alarm.is_set()) {
        return;
    }
    const std::size_t place = alarm.place;
    const std::size_t last = heap_.size() - 1;
    if (place != last) {
        swap_places(place, last);
    }
    heap_.pop_back();
    alarm.place = Alarm::kUnset;
    if (place < heap_.size()) {
        sift_up(place);
        sift_down(place);
    }
}

void Alarms::fire(std::int64_t now_ns) {
    while (!heap_.empty() && heap_.front()->at_ns <= now_ns) {
        Alarm& due = *heap_.front();
        drop(due);
        due.fired = true;
        lag_.record(static_cast<std::uint64_t>(now_ns - due.at_ns));
        if (due.event != nullptr) {
            due.event->notify();
        }
    }
}

void Alarms::prepare_wait() {
    if (poll_.is_done()) {
        (void)poll_.take_result();  // woken, or stopped: the heap says what is due
        armed_ns_ = 0;
    }
    if (stopping_ || heap_.empty()) {
        return;
    }
    if (heap_.front()->at_ns != armed_ns_) {
        armed_ns_ = heap_.front()->at_ns;
        arm_timer(timer_, armed_ns_);
    }
    if (poll_.is_idle()) {
        poll_.kind = io::OpKind::PollIn;
        poll_.fd = timer_;
        reactor_.backend().start(poll_);
    }
}

void Alarms::stop() {
    stopping_ = true;
    if (poll_.in_flight()) {
        reactor_.backend().stop(poll_);
    }
}

}  // namespace sluice::load
