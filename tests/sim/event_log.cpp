#include "sim/event_log.hpp"

#include "sim/panic.hpp"

namespace sluice::sim {

void EventLog::emit(const obs::Event& event) {
    trace_.note("log", static_cast<std::uint64_t>(event.kind), event.session, event.code);
    switch (event.kind) {
        case obs::EventKind::Connect:
            if (!sessions_.insert(event.session).second) {
                panic("session %llx began twice", static_cast<unsigned long long>(event.session));
            }
            return;
        case obs::EventKind::Disconnect:
            if (sessions_.erase(event.session) == 0) {
                panic("session %llx ended without a beginning",
                      static_cast<unsigned long long>(event.session));
            }
            return;
        case obs::EventKind::Start:
        case obs::EventKind::Stop:
        case obs::EventKind::Refuse:
        case obs::EventKind::Notice: return;
        case obs::EventKind::Transfer:
            ++transfers_;
            if (event.complete) { ++complete_; }
            if (event.complete != (event.code == 226 || event.code == 250)) {
                panic("a transfer is logged as %s with code %d",
                      event.complete ? "complete" : "incomplete", event.code);
            }
            break;
        default: break;
    }
    if (event.session != 0 && sessions_.count(event.session) == 0) {
        panic("an event of session %llx, which is not there",
              static_cast<unsigned long long>(event.session));
    }
}

}  // namespace sluice::sim
