// Sessions per client address, for limits.max_sessions_per_ip.
//
// One table for all shards under one lock: it is asked twice in the life of a session, at its
// beginning and its end, and only where the limit is set. Bounded by the number of sessions.
// Owned by: Server. Thread: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "sluice/sys/socket_address.hpp"

namespace sluice::server {

class HostCounts {
public:
    explicit HostCounts(std::uint32_t limit) : limit_(limit) {}

    // False: the host has its limit of sessions.
    bool enter(const sys::SocketAddress& host) {
        if (limit_ == 0) { return true; }
        const std::lock_guard<std::mutex> lock(mutex_);
        std::uint32_t& count = counts_[host.with_port(0)];
        if (count >= limit_) { return false; }
        ++count;
        return true;
    }
    void leave(const sys::SocketAddress& host) {
        if (limit_ == 0) { return; }
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = counts_.find(host.with_port(0));
        if (found != counts_.end() && --found->second == 0) { counts_.erase(found); }
    }

private:
    struct Hash {
        std::size_t operator()(const sys::SocketAddress& address) const {
            return address.host_hash();
        }
    };
    const std::uint32_t limit_;
    std::mutex mutex_;
    std::unordered_map<sys::SocketAddress, std::uint32_t, Hash> counts_;
};

}  // namespace sluice::server
