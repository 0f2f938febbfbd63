#include "sluice/net/exclusive_ports.hpp"

#include <algorithm>
#include <optional>

#include "sluice/net/socket_tuning.hpp"

namespace sluice::net {

ExclusivePorts::ExclusivePorts(io::Reactor& reactor, StrangerSink& strangers, AtomicBitmap& slots,
                               std::uint64_t seed, const Options& options)
    : reactor_(reactor),
      strangers_(strangers),
      slots_(slots),
      random_(seed),
      host_(options.host),
      first_(options.first),
      allow_foreign_(options.allow_foreign),
      congestion_(options.congestion),
      retry_([](void* self) { static_cast<ExclusivePorts*>(self)->look_again(); }, this),
      rest_([](void* self) { static_cast<ExclusivePorts*>(self)->end_rests(); }, this) {}

ExclusivePorts::~ExclusivePorts() {
    SLUICE_ASSERT(held_.empty() && pending_ == 0);
    stop();  // gives back what rests
}

void ExclusivePorts::stop() {
    stopping_ = true;
    retry_.drop();
    rest_.drop();
    for (const Resting& resting : resting_) { slots_.release(resting.slot); }
    resting_.clear();
}

// A free number; the one that has rested longest if there is no other.
std::optional<std::uint32_t> ExclusivePorts::take_slot() {
    const std::optional<std::uint32_t> claimed = slots_.claim(random_.next());
    if (claimed || resting_.empty()) { return claimed; }
    const std::uint32_t slot = resting_.front().slot;
    resting_.pop_front();
    return slot;
}

void ExclusivePorts::end_rests() {
    while (!resting_.empty() && resting_.front().until <= reactor_.now()) {
        slots_.release(resting_.front().slot);
        resting_.pop_front();
        wake_one_waiter();
    }
    if (!resting_.empty()) { reactor_.timers().set(rest_, resting_.front().until); }
}

// A free number that can be bound. Those that other programs hold go back to the set at the end, so
// that this search does not meet one of them twice.
Result<int> ExclusivePorts::bind_slot(std::uint32_t& slot) {
    std::vector<std::uint32_t> taken_by_others;  // kBindTriesMax at most
    Result<int> listener = fail(Errc::LimitReached);
    for (int tries = 0; tries < kBindTriesMax; ++tries) {
        const std::optional<std::uint32_t> claimed = take_slot();
        if (!claimed) { break; }
        const std::uint16_t port = static_cast<std::uint16_t>(first_ + *claimed);
        sys::ListenOptions options;
        options.v6_only = true;
        options.backlog = 16;  // one connection is wanted; strangers need not queue
        listener = reactor_.kernel().listen(host_.with_port(port), options);
        if (listener) {
            slot = *claimed;
            break;
        }
        taken_by_others.push_back(*claimed);
        if (listener.error().code != Errc::AddressInUse) { break; }  // no number would do
    }
    for (const std::uint32_t other : taken_by_others) { slots_.release(other); }
    if (!listener && listener.error().code == Errc::AddressInUse) {
        return fail(Errc::LimitReached);  // what "none is left" is called by all PassivePorts
    }
    return listener;
}

Status ExclusivePorts::reserve(Reservation& reservation, const sys::SocketAddress& peer) {
    SLUICE_ASSERT(!reservation.is_pending());
    if (stopping_) { return fail(Errc::LimitReached); }
    std::uint32_t slot = 0;
    const Result<int> listener = bind_slot(slot);
    if (!listener) { return fail(listener.error()); }
    tune_data_socket(reactor_.kernel(), *listener, congestion_);
    auto held = std::make_unique<Held>();
    held->ports = this;
    held->reservation = &reservation;
    held->listener = Socket(reactor_, *listener);
    held->slot = slot;
    held->accepting.kind = io::OpKind::Accept;
    held->accepting.fd = *listener;
    held->accepting.sink = held.get();
    held->accepting.batch_max = 1;
    reactor_.backend().start(held->accepting);
    reservation.begin(*this, peer, static_cast<std::uint16_t>(first_ + slot), slot);
    held_.push_back(std::move(held));
    ++pending_;
    return {};
}

void ExclusivePorts::match(Held& held, int socket) {
    Socket connection(reactor_, socket);
    if (held.reservation == nullptr) {
        connection.close_abortively();  // a second one, while the listener is being closed
        return;
    }
    const Result<sys::SocketAddress> peer = reactor_.kernel().peer_address(socket);
    if (!peer) { return; }  // already gone
    if (!allow_foreign_ && !held.reservation->peer().same_host(*peer)) {
        strangers_.on_stranger(*peer, held.reservation->port(), held.reservation->peer());
        connection.close_abortively();
        return;
    }
    Reservation& reservation = *held.reservation;
    let_go(held);
    reservation.fulfil(std::move(connection));
}

// The port has served. Its listener is closed and its number free when the accept has ended.
void ExclusivePorts::let_go(Held& held) {
    held.reservation = nullptr;
    --pending_;
    if (held.accepting.in_flight()) {
        reactor_.backend().stop(held.accepting);
    } else {
        on_accept_end(held);
    }
}

void ExclusivePorts::give_back(Reservation& reservation) {
    Held* held = find(reservation.slot_);
    SLUICE_ASSERT(held != nullptr);
    let_go(*held);
}

ExclusivePorts::Held* ExclusivePorts::find(std::uint32_t slot) {
    for (const std::unique_ptr<Held>& held : held_) {
        if (held->slot == slot && held->reservation != nullptr) { return held.get(); }
    }
    return nullptr;
}

void ExclusivePorts::on_accept_end(Held& held) {
    // Out of descriptors while the client is still expected: it will be told 425 by its time-out.
    if (held.reservation != nullptr) { return; }
    const std::uint32_t slot = held.slot;
    const auto place =
        std::find_if(held_.begin(), held_.end(),
                     [&held](const std::unique_ptr<Held>& each) { return each.get() == &held; });
    SLUICE_ASSERT(place != held_.end());
    std::swap(*place, held_.back());
    held_.pop_back();
    if (stopping_) {
        slots_.release(slot);
        return;
    }
    resting_.push_back({slot, reactor_.now() + kRestTime});
    if (!rest_.is_set()) { reactor_.set_timer(rest_, kRestTime); }
    wake_one_waiter();
}

void ExclusivePorts::on_waiter() {
    if (!retry_.is_set()) { reactor_.set_timer(retry_, kLookAgain); }
}

void ExclusivePorts::look_again() {
    wake_one_waiter();
    if (has_waiters()) { reactor_.set_timer(retry_, kLookAgain); }
}

}  // namespace sluice::net
