// Exact times: arrivals of an open loop, pauses between actions, the pace of slow readers.
//
// The reactor's timer wheel has a tick of 100 ms, which is right for time-outs and useless for a
// schedule of thousands a second. This is a heap and one timer of the kernel, which wakes the
// engine to the microsecond. How late it was is recorded: it is the generator's own lag.
// Bound: one alarm for each session and two of the worker. Owned by: Worker. Thread: its own.
#pragma once

#include <cstdint>
#include <vector>

#include "histogram.hpp"
#include "sluice/io/reactor.hpp"

namespace sluice::load {

struct Alarm {
    static constexpr std::size_t kUnset = ~std::size_t{0};
    std::int64_t at_ns = 0;
    std::size_t place = kUnset;  // in the heap
    bool fired = false;
    io::Event* event;  // notified when it fires; may be null

    explicit Alarm(io::Event* who) : event(who) {}
    bool is_set() const { return place != kUnset; }
};

class Alarms {
public:
    explicit Alarms(io::Reactor& reactor);
    ~Alarms();
    Alarms(const Alarms&) = delete;
    Alarms& operator=(const Alarms&) = delete;
    Status make();

    void set(Alarm& alarm, std::int64_t at_ns);
    void drop(Alarm& alarm);
    // Fires what is due.
    void fire(std::int64_t now_ns);
    // Before the engine waits: has the kernel wake it in time for the next alarm.
    void prepare_wait();
    // Asks the poll to end; the engine may be destroyed when is_idle().
    void stop();
    bool is_idle() const { return !poll_.in_flight(); }

    // How late alarms fired.
    Histogram& lag() { return lag_; }

private:
    void swap_places(std::size_t a, std::size_t b);
    void sift_up(std::size_t place);
    void sift_down(std::size_t place);

    io::Reactor& reactor_;
    io::Op poll_;
    int timer_ = -1;
    std::int64_t armed_ns_ = 0;
    bool stopping_ = false;
    std::vector<Alarm*> heap_;
    Histogram lag_;
};

}  // namespace sluice::load
