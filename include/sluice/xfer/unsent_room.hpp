// What downloads may have waiting in their sockets beyond net::kNotSentLowatBytes.
//
// A client slower than the server is woken for once per half of what may wait unsent: at 2 MiB each
// the CPU of 100 readers of 2 MiB/s fell by a fifth (bench/README.md), and clients that keep up do
// not change. But it pins page cache and counts as the kernel's TCP memory (tcp_mem), so the
// downloads of a shard share a bounded room: who finds it full stays with what all have.
// Owned by: Shard (in BufferPools). Thread: the shard's.
#pragma once

#include <cstdint>

#include "sluice/net/socket_tuning.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::xfer {

class UnsentRoom {
public:
    static constexpr std::int64_t kWideBytes = 2 << 20;
    // 170 downloads of a shard.
    static constexpr std::int64_t kRoomBytes = 256 << 20;

    explicit UnsentRoom(std::int64_t bytes = kRoomBytes) : left_(bytes) {}
    UnsentRoom(const UnsentRoom&) = delete;
    UnsentRoom& operator=(const UnsentRoom&) = delete;

    // A download's part of the room, while the download lasts.
    class Share {
    public:
        explicit Share(UnsentRoom& room) : room_(room) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() {
            if (taken_) { room_.left_ += kExtraBytes; }
        }

        // When `socket` is full and `unsent` bytes follow: lets more of them wait there. True
        // once, when the socket takes more now; false when few follow, or there is no room.
        bool widen(sys::Kernel& kernel, int socket, std::int64_t unsent) {
            if (taken_ || unsent < kWideBytes || room_.left_ < kExtraBytes) { return false; }
            taken_ = true;
            room_.left_ -= kExtraBytes;
            return kernel.set_option(socket, sys::SocketOption::NotSentLowat, kWideBytes)
                .has_value();
        }

    private:
        UnsentRoom& room_;
        bool taken_ = false;
    };

private:
    static constexpr std::int64_t kExtraBytes = kWideBytes - net::kNotSentLowatBytes;
    std::int64_t left_;
};

}  // namespace sluice::xfer
