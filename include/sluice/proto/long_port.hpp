// LPRT and LPSV (RFC 1639): addresses with their lengths, from before EPRT. Old devices still probe
// for them. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/proto/host_port.hpp"

namespace sluice::proto {

// LPRT af,hal,h1,h2,...,pal,p1,p2,...: decimals of 0-255 without blanks.
// BadArgument -> 501; NotSupported (an address family that is neither 4 nor 6) -> 521.
Result<HostPort> parse_long_port(std::string_view argument);

// "4,4,127,0,0,1,2,200,1" or "6,16,...,2,200,1".
std::string print_long_port(const HostPort& host_port);

// "228 Entering Long Passive Mode (4,4,127,0,0,1,2,200,1)"
void append_long_passive_reply(ReplyBuffer& out, const HostPort& host_port);
// "521 Supported address families are (4)": of the address of the control connection.
void append_family_refusal(ReplyBuffer& out, bool is_v6);

}  // namespace sluice::proto
