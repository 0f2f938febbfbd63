// The keys that session tickets are sealed with, shared by all shards.
//
// A ticket made on one shard must open on every other, because the data connection of a session may
// be the next one of a client whose control connection was elsewhere, and after a restart of one of
// several nodes. So the keys are one object for the process. They are either our own, random and
// replaced once per lifetime of a ticket, with the former kept for another lifetime (a ticket stays
// good as long as it says; afterwards nothing can open it any more), or those of a file that all
// nodes have: then the administrator rotates, by putting a new line first.
// The lock is held for the copy of a key (160 bytes); the handshake that asks costs 1,000 times
// that.
// Owned by: Server. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"

namespace sluice::tls {

struct TicketKey {
    std::array<std::uint8_t, 16> name = {};    // travels with the ticket, in clear
    std::array<std::uint8_t, 32> cipher = {};  // AES-256-CBC
    std::array<std::uint8_t, 32> mac = {};     // HMAC-SHA-256

    // One copy less in a core file.
    ~TicketKey();
};

class TicketKeys {
public:
    // In a file; older ones are of no use to anybody.
    static constexpr std::size_t kKeysMax = 16;

    // Random keys. `lifetime` is that of the tickets.
    TicketKeys(Duration lifetime, Instant now);

    // Takes the keys of a file instead, for good: a line of 160 hexadecimal digits each (`openssl
    // rand -hex 80`), "#" begins a comment. The first one seals, all open. On an error everything
    // stays as it was, and `refusal` says which line it is.
    Status load(std::string_view text, std::string& refusal);

    // The one to seal with.
    TicketKey newest(Instant now);
    // The one of that name, while there may be good tickets of it.
    std::optional<TicketKey> find(Bytes name, Instant now);
    Duration lifetime() const { return lifetime_; }

private:
    void rotate_if_due(Instant now);

    Duration lifetime_;
    std::mutex mutex_;
    std::vector<TicketKey> keys_;  // the newest first
    Instant made_;                 // of keys_.front()
    bool rotates_ = true;
};

}  // namespace sluice::tls
