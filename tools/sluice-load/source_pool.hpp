// Source addresses for sessions: a network such as 127.0.0.0/16, taken in turn.
//
// Why: one address has some 28,000 ports to one target, and a closed connection keeps its own for a
// minute. A session keeps its address, for its data connections too, because servers compare them.
// Made once, then read by all threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/sys/socket_address.hpp"

namespace sluice::load {

class SourcePool {
public:
    // "" leaves the choice to the system. BadArgument for anything but an address of IPv4 or IPv6,
    // with or without a prefix length.
    static Result<SourcePool> parse(std::string_view network);

    // Unset when the system chooses. The first and the last address of an IPv4 network of more than
    // two are left out.
    sys::SocketAddress address(std::uint64_t session) const;
    int family() const { return first_.family(); }  // 0 when the system chooses
    std::uint64_t size() const { return count_; }

private:
    sys::SocketAddress first_;
    std::uint64_t count_ = 0;  // at most 2^32, also of larger networks
};

}  // namespace sluice::load
