// conform::World over the simulator: the transcripts of tests/conform in virtual time.
//
// Each transcript gets a world, a server and a tree of its own. A wait runs the server turn by turn
// until what it waits for has happened or the virtual patience is spent, so a time-out of a minute
// costs microseconds. The faults of the world may cut, delay and reorder; a transcript must hold
// under all that a network and a kernel may do to an honest client.
// Owned by: whoever runs transcripts. Thread: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conform/world.hpp"
#include "sim/server.hpp"
#include "sim/transcript_tree.hpp"
#include "sim/world.hpp"
#include "sluice/config/snapshot.hpp"

namespace sluice::sim {

class TranscriptWorld final : public conform::World {
public:
    // `faults` draws from those that leave an honest client's session whole.
    TranscriptWorld(std::uint64_t seed, const config::Snapshot& config, bool faults,
                    const char* replay);

    void set_verbose(bool on) { world_.trace.set_verbose(on); }
    // Closes everything and stops the server; ends the test if anything of it is left.
    void finish();

    Result<conform::Endpoint> control_endpoint(conform::Family family) override;
    Result<conform::ChannelId> dial(const conform::DialOptions& options) override;
    conform::Endpoint local_endpoint(conform::ChannelId channel) override;
    Result<conform::ListenerId> listen(const std::string& host) override;
    conform::Endpoint listener_endpoint(conform::ListenerId listener) override;
    Result<conform::ChannelId> accept(conform::ListenerId listener, bool narrow) override;
    bool has_pending(conform::ListenerId listener) override;
    void close_listener(conform::ListenerId listener) override;
    Status send(conform::ChannelId channel, std::string_view bytes, bool urgent) override;
    conform::ReadEnd read(conform::ChannelId channel, std::string& out,
                          std::size_t bytes_max) override;
    conform::ReadEnd read_now(conform::ChannelId channel, std::string& out,
                              std::size_t bytes_max) override;
    void finish_sending(conform::ChannelId channel) override;
    void close(conform::ChannelId channel) override;
    void reset(conform::ChannelId channel) override;

    conform::Tree& tree() override { return tree_; }

    void begin_patience() override;
    bool pass_moment() override;
    bool provides(std::string_view ability) override {
        return ability == "ipv6" || ability == "xattr";
    }

private:
    // More than any single step of a transcript needs, less than the default time-outs.
    static constexpr Duration kPatience = Duration::seconds(25);

    // What arrived while a send waited for room.
    struct Channel {
        SocketId socket = 0;
        std::string early;
    };

    Channel& channel(conform::ChannelId id) { return channels_.at(id); }
    conform::ChannelId keep(SocketId socket);
    // Turns until `happened()` or the patience is spent; whether it happened.
    template <class Condition>
    bool run_until(Condition happened, Duration patience = kPatience);
    conform::ReadEnd take(conform::ChannelId id, std::string& out, std::size_t bytes_max);

    sim::World world_;
    TranscriptTree tree_;
    std::unique_ptr<Server> server_;
    std::map<conform::ChannelId, Channel> channels_;
    std::map<conform::ListenerId, SocketId> listeners_;
    std::uint32_t next_id_ = 1;
    Instant patience_end_;
};

}  // namespace sluice::sim
