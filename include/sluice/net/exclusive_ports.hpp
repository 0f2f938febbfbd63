// Passive ports that are bound for one PASV and closed after it.
//
// For what pooled ports cannot do: a range with fewer ports than shards, and data connections that
// may come from any address (FXP), where only the port tells whose they are. The numbers come out
// of one atomic bitmap shared by all shards (base/atomic_bitmap.hpp, model-checked); nothing else
// is shared. A port that another program holds is skipped.
// Thread: its shard; the bitmap any.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/atomic_bitmap.hpp"
#include "sluice/base/prng.hpp"
#include "sluice/net/passive_ports.hpp"

namespace sluice::net {

class ExclusivePorts final : public PassivePorts {
public:
    struct Options {
        sys::SocketAddress host;       // to bind on; its port is not used
        std::uint16_t first = 0;       // the port of slot 0 of the bitmap
        bool allow_foreign = false;    // take the connection whoever makes it
        std::string_view congestion;   // TCP congestion control, empty for the system's
    };
    ExclusivePorts(io::Reactor& reactor, StrangerSink& strangers, AtomicBitmap& slots,
                   std::uint64_t seed, const Options& options);
    ~ExclusivePorts() override;

    Status reserve(Reservation& reservation, const sys::SocketAddress& peer) override;
    std::uint32_t pending() const override { return pending_; }
    void stop() override;
    bool is_stopped() const override { return held_.empty(); }

protected:
    void give_back(Reservation& reservation) override;
    void on_waiter() override;

private:
    // Numbers tried per PASV when other programs sit on some of ours.
    static constexpr int kBindTriesMax = 10;
    // A port just used rests before another client gets it, so that a late connection to the former
    // reservation cannot land in it; unless no other is left (security case O-DAT-7).
    static constexpr Duration kRestTime = Duration::seconds(1);
    // Another shard may free a number without telling: who waits looks again this often.
    static constexpr Duration kLookAgain = Duration::milliseconds(200);

    // One bound port, from its PASV until its listener is closed.
    struct Held final : io::AcceptSink {
        ExclusivePorts* ports = nullptr;
        Reservation* reservation = nullptr;  // null once fulfilled or given back
        Socket listener;
        std::uint32_t slot = 0;
        io::Op accepting;

        void on_accept(int socket) override { ports->match(*this, socket); }
        void on_accept_end(Error) override { ports->on_accept_end(*this); }
    };

    struct Resting {
        std::uint32_t slot;
        Instant until;
    };

    std::optional<std::uint32_t> take_slot();
    void end_rests();
    Result<int> bind_slot(std::uint32_t& slot);
    void match(Held& held, int socket);
    void let_go(Held& held);
    void on_accept_end(Held& held);
    void look_again();
    Held* find(std::uint32_t slot);

    io::Reactor& reactor_;
    StrangerSink& strangers_;
    AtomicBitmap& slots_;
    Prng random_;
    sys::SocketAddress host_;
    std::uint16_t first_;
    bool allow_foreign_;
    std::string congestion_;
    std::vector<std::unique_ptr<Held>> held_;
    std::deque<Resting> resting_;  // oldest first; at most the slots there are
    std::uint32_t pending_ = 0;
    bool stopping_ = false;
    io::Timer retry_;
    io::Timer rest_;
};

}  // namespace sluice::net
