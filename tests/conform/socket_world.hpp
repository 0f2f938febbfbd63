// A World of real sockets and, unless told otherwise, a real directory of this machine.
//
// Every wait has one deadline of its own; nothing sleeps, everything polls descriptors.
// Channels and listeners live in tables and are freed with the World.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "authority.hpp"
#include "tls_channel.hpp"
#include "tree.hpp"
#include "unique_fd.hpp"
#include "world.hpp"

namespace sluice::conform {

class SocketWorld final : public World {
public:
    struct Options {
        Endpoint ipv4;
        Endpoint ipv6;                           // port 0: the server has no IPv6 listener
        std::string folder;                      // holds "root", which is served, and "outside"
        std::string root;                        // the served directory when it is not folder/root
        std::optional<std::uint32_t> owner;      // who owns what is made there
        const Certificate* authority = nullptr;  // vouches for what clients show
        // For each wait: longer than any time-out that a transcript configures, short enough for a
        // person to wait.
        int step_milliseconds = 10'000;
    };
    explicit SocketWorld(Options options);

    Result<Endpoint> control_endpoint(Family family) override;
    Result<ChannelId> dial(const DialOptions& options) override;
    Endpoint local_endpoint(ChannelId channel) override;
    Result<ListenerId> listen(const std::string& host) override;
    Endpoint listener_endpoint(ListenerId listener) override;
    Result<ChannelId> accept(ListenerId listener, bool narrow) override;
    bool has_pending(ListenerId listener) override;
    void close_listener(ListenerId listener) override;
    Status send(ChannelId channel, std::string_view bytes, bool urgent) override;
    ReadEnd read(ChannelId channel, std::string& out, std::size_t bytes_max) override;
    ReadEnd read_now(ChannelId channel, std::string& out, std::size_t bytes_max) override;
    Status begin_tls(ChannelId channel, const TlsOptions& options) override;
    Status end_tls(ChannelId channel) override;
    void finish_sending(ChannelId channel) override;
    void close(ChannelId channel) override;
    void reset(ChannelId channel) override;

    Tree& tree() override { return *tree_; }

    void begin_patience() override;
    bool pass_moment() override;
    bool provides(std::string_view ability) override;

    // From now on the tree is `tree`: for a server whose folder is out of reach.
    void use_tree(std::unique_ptr<Tree> tree) { tree_ = std::move(tree); }

private:
    struct Channel {
        UniqueFd fd;
        std::unique_ptr<TlsChannel> tls;  // gone before the socket
        std::string early;                // what came while a send waited for room
        bool ended = false;               // the end came behind `early`
    };

    Channel& channel(ChannelId id) { return channels_.at(id); }
    ChannelId keep(UniqueFd fd);
    // Milliseconds left, 0 when the deadline has passed.
    static int left(std::chrono::steady_clock::time_point deadline);
    static bool wait(int fd, short events, std::chrono::steady_clock::time_point deadline);
    Status send_tls(Channel& channel, std::string_view bytes,
                    std::chrono::steady_clock::time_point deadline);
    ReadEnd read_until(ChannelId id, std::string& out, std::size_t bytes_max,
                       std::chrono::steady_clock::time_point deadline);

    Options options_;
    std::unique_ptr<Tree> tree_;
    std::map<ChannelId, Channel> channels_;
    std::map<ListenerId, UniqueFd> listeners_;
    std::uint32_t next_id_ = 1;
    std::chrono::steady_clock::time_point patience_end_;
};

}  // namespace sluice::conform
