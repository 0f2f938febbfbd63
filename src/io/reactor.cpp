#include "sluice/io/reactor.hpp"

namespace sluice::io {

Reactor::Reactor(sys::Kernel& kernel, Backend& backend, ReadyQueue& ready, HelperPool& helpers)
    : kernel_(kernel),
      backend_(backend),
      ready_(ready),
      helpers_(helpers),
      mailbox_(backend),
      now_(kernel.now()),
      timers_(now_) {}

void Reactor::run_ready() {
    now_ = kernel_.now();
    budget_left_ = turn_budget_;
    IntrusiveList<Waiter> batch;
    unserved_.take_all(batch);
    ready_.take_all(batch);
    while (Waiter* waiter = batch.pop_front()) { waiter->handle.resume(); }
    mailbox_.deliver_all();
    timers_.advance(now_);
}

void Reactor::wait(Duration sleep_max) {
    Duration sleep(0);
    bool announced = false;
    if (ready_.is_empty() && unserved_.is_empty() && (announced = mailbox_.prepare_sleep())) {
        sleep = timers_.until_next(kernel_.now());
        if (sleep.ns < 0 || (sleep_max.ns >= 0 && sleep_max < sleep)) { sleep = sleep_max; }
    }
    backend_.wait(sleep);
    if (announced) { mailbox_.awake(); }
}

}  // namespace sluice::io
