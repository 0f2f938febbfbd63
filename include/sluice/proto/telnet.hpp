// Removes Telnet commands from the bytes of a control connection.
//
// RFC 959 makes the control connection a Telnet one; in practice clients send IAC IP and IAC DM
// before ABOR, IAC IAC inside names, and little else. The filter works in place on whatever
// fragment the socket gave, keeps two bytes between fragments, and gives the same result for every
// fragmentation:
//     IAC IAC          -> one byte 0xFF
//     IAC WILL x       -> removed, answered by IAC DONT x   (RFC 1123 4.1.2.12)
//     IAC DO x         -> removed, answered by IAC WONT x
//     IAC WONT/DONT x  -> removed; answering them could loop
//     IAC SB ... IAC SE -> removed, up to kSubnegotiationBytesMax bytes
//     IAC anything else -> removed: IP, DM, NOP, AYT and unassigned codes
// Owned by the session, its shard's thread, pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.hpp"

namespace sluice::proto {

// Negotiation answers that one call produced. Requests beyond the bound go unanswered: a peer that
// asks for more than this in one read is not a Telnet client but a flood.
struct TelnetAnswers {
    static constexpr std::size_t kAnswersMax = 8;
    std::array<std::uint8_t, 3 * kAnswersMax> bytes = {};
    std::size_t size = 0;

    Bytes view() const { return {bytes.data(), size}; }
};

class TelnetFilter {
public:
    // A subnegotiation longer than this is not one: the filter gives up on it and the bytes behind
    // are text again, so that IAC SB without IAC SE cannot mute the connection for ever.
    static constexpr std::uint8_t kSubnegotiationBytesMax = 255;

    // Filters `bytes` in place and returns how many of them remain, at the front. `answers` gets
    // what must be sent to the peer, appended to what it holds.
    std::size_t filter(MutableBytes bytes, TelnetAnswers& answers);

    // Something was cut in the middle of a Telnet command and waits for its next byte.
    bool is_inside_command() const { return state_ != State::Text; }

private:
    enum class State : std::uint8_t { Text, Iac, Will, Wont, Do, Dont, Sub, SubIac };
    State state_ = State::Text;
    std::uint8_t skipped_ = 0;  // bytes of the current subnegotiation
};
static_assert(sizeof(TelnetFilter) == 2, "every idle session carries one");

}  // namespace sluice::proto
