// obs::Log of the simulator: events must pair up. Every session that began ends once, and every
// transfer and change belongs to a session that lives; no event carries a raw control byte where a
// log line would break.
// Owned by: Server. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <set>

#include "sim/trace.hpp"
#include "sluice/obs/event.hpp"

namespace sluice::sim {

class EventLog final : public obs::Log {
public:
    explicit EventLog(Trace& trace) : trace_(trace) {}

    bool wants(obs::EventKind, obs::Level) const override { return true; }
    void emit(const obs::Event& event) override;

    std::size_t open_sessions() const { return sessions_.size(); }
    std::uint64_t transfers() const { return transfers_; }
    std::uint64_t complete_transfers() const { return complete_; }

private:
    Trace& trace_;
    std::set<std::uint64_t> sessions_;
    std::uint64_t transfers_ = 0;
    std::uint64_t complete_ = 0;
};

}  // namespace sluice::sim
