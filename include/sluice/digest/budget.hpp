// How much of the machine the digests of one client may take.
//
// A digest costs a CPU and a disk what a download costs, and the client nothing; with many sessions
// one client could keep every helper busy for ever. So a client, which is an IPv4 address or an
// IPv6 /64 (all that one customer of a provider has), computes a bounded number of digests at a
// time, and reads a bounded number of bytes for them in an hour. Answers from the cache are free.
//
// The hour begins with the first digest. What a digest will read is taken before it begins and
// given back as far as it was not read.
// Bound: kClientsMax clients are remembered. Where a new one finds its places taken, the one that
// has used the least and computes nothing is forgotten; when all of them compute, it is busy.
// Owned by: Server. Thread: any; asked by helpers, so that no shard waits for the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "sluice/base/time.hpp"

namespace sluice::digest {

// Made by the caller, who knows addresses: `network` is unique for each client within its family.
struct ClientKey {
    std::uint64_t network = 0;
    bool is_v6 = false;

    friend bool operator==(ClientKey, ClientKey) = default;
};

enum class Verdict : std::uint8_t {
    Granted,
    Busy,   // as many as may run at a time are running: later
    Spent,  // the bytes of this hour are used up, or the file is larger than what is left of them
};

class Budget {
public:
    static constexpr std::size_t kClientsMax = 4096;
    static constexpr Duration kWindow = Duration::seconds(3600);

    struct Rules {
        std::uint32_t at_once = 0;         // 0: no digest at all (Busy); the caller says so earlier
        std::uint64_t bytes_per_hour = 0;  // 0: any
    };
    explicit Budget(Rules rules);
    Budget(const Budget&) = delete;
    Budget& operator=(const Budget&) = delete;
    ~Budget();

    Verdict enter(ClientKey client, std::uint64_t bytes, Instant now);
    // Once for each Granted, with the `now` of its enter() and the bytes that were granted and not
    // read: those of an hour that has ended come back to nobody.
    void leave(ClientKey client, std::uint64_t bytes_unread, Instant entered);

private:
    static constexpr std::size_t kProbes = 8;
    struct Place;
    Place* find(ClientKey client);
    Place* make_place(ClientKey client, Instant now);

    const Rules rules_;
    std::mutex mutex_;
    std::unique_ptr<Place[]> places_;  // with the first digest
};

}  // namespace sluice::digest
