// A simulated FTP client: logs in, does random things, and knows what the server may answer.
//
// It is a state machine on the simulated network. Its habits are drawn by the seed: some are
// polite, some send several commands at once, abort, vanish, read slowly, send garbage, or open the
// wrong data connections. Whatever its habits, each reply is matched with its command, and what a
// final reply promises is compared with the files of the world:
//   I1  one final reply per command, in order, with a code that is legal for it
//   I2  226 to an upload: the file is there with exactly the bytes sent
//   I3  226 to a download or listing that ended with the end of the stream and not with a reset:
//       exactly the bytes of the file, all entries; else a first part
//   I5  without 226 the file that was there before is as it was (or, for a resumed or appended one,
//       it plus a first part of the new bytes)
// What is not checked is what the client itself has made undecidable: a connection it has cut.
//
// client.cpp: the control connection. client_actions.cpp: what to do next. client_data.cpp: data
// connections and what came of them.
// Owned by: Scenario. Thread: the one of the simulation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sim/library.hpp"
#include "sim/network.hpp"
#include "sim/reply_reader.hpp"
#include "sim/world.hpp"

namespace sluice::sim {

// What the clients must know of the server's configuration to judge it.
struct ServerFacts {
    sys::SocketAddress address;
    bool writable = true;
    bool keeps_partial = true;
    bool full_durability = false;
    std::uint16_t ports_first = 0;
    std::uint16_t ports_last = 0;
};

class Client final : public SocketObserver {
public:
    // Chances in a hundred, per occasion.
    struct Habits {
        std::uint64_t pipelines = 0;
        std::uint64_t aborts = 0;        // a transfer, by ABOR
        std::uint64_t cuts = 0;          // a data connection half-way
        std::uint64_t vanishes = 0;      // closes or resets the control connection
        std::uint64_t no_connection = 0; // never opens the data connection
        std::uint64_t extras = 0;        // opens it twice, sends a stranger, talks into a download
        std::uint64_t wrong_port = 0;    // PORT to where it must not go
        std::uint64_t garbage = 0;
        std::uint64_t interjects = 0;    // NOOP or STAT during a transfer
        std::uint64_t idles = 0;         // says nothing for minutes
        bool slow_reader = false;
        static Habits draw(Prng& prng);
    };

    Client(World& world, Library& library, const ServerFacts& server,
           const sys::SocketAddress& host, std::uint32_t number, const Habits& habits);
    ~Client();

    void start();
    // Says good-bye after what it is doing.
    void finish() { finishing_ = true; }
    // The server has been told to stop: from here on its connections may end at any moment.
    void expect_end() { end_expected_ = true; }
    bool is_over() const { return stage_ == Stage::Over; }
    // Compares what an interrupted upload left. When nothing of the client's is in the server.
    void check_remains();
    // For the dump of a run that is stuck.
    std::string describe() const;

    struct Counts {
        std::uint64_t commands = 0;
        std::uint64_t downloads = 0;  // each with 226 and all bytes
        std::uint64_t uploads = 0;
        std::uint64_t listings = 0;
        std::uint64_t broken = 0;     // transfers without 226
        std::map<std::string, std::uint64_t> answers;  // "RETR 226"
    };
    const Counts& counts() const { return counts_; }
    // Uploads answered with 226 that nothing has touched since: name and contents.
    struct Stored {
        std::string path;
        std::string bytes;
    };
    const std::deque<Stored>& stored() const { return stored_; }

    void on_socket(SocketId socket) override;

private:
    enum class Stage : std::uint8_t { Connecting, LoggingIn, Ready, Quitting, Over };
    using OnFinal = std::function<void(const Reply&)>;
    struct Pending {
        std::string verb;
        OnFinal on_final;
        bool opened = false;
    };
    enum class Goal : std::uint8_t { Download, Upload, Listing };
    enum class Way : std::uint8_t { Passive, Active };

    struct Transfer {
        Goal goal = Goal::Download;
        Way way = Way::Passive;
        std::string verb;
        std::string path;
        bool ascii = false;
        char mode = 'S';              // the letter of MODE
        std::int64_t restart = 0;
        std::uint16_t port = 0;       // Passive: where to connect
        SocketId listener = 0;        // Active
        SocketId socket = 0;
        SocketId stranger = 0;        // another host's connection to our port
        SocketId second = 0;          // one of ours too many
        bool had_second = false;
        bool never_connects = false;
        bool uncertain = false;       // a connection of an earlier one may be taken for ours
        bool dialled = false;         // we have begun to connect
        bool connected = false;       // `socket` is
        bool was_connected = false;   // some socket was
        bool commanded = false;
        bool opened = false;          // 150 has come
        bool answered = false;        // the final reply has come
        Reply answer;
        bool ended = false;           // the data connection is over
        bool was_reset = false;
        bool cut_by_us = false;
        std::size_t cut_at = SIZE_MAX;
        bool abort_planned = false;
        bool aborted = false;
        // Upload
        std::string wire;             // bytes to send
        std::size_t announced = 0;    // how many they are before MODE changes them
        bool misannounced = false;    // ALLO was taken and said something else
        bool lacks_end = false;       // the wire is not all of its stream
        std::string content;          // what the file is to hold of them
        std::size_t sent = 0;
        bool sending_over = false;
        bool existed = false;
        std::string before;
        // Download, Listing
        std::string received;
        std::size_t version_since = 0;
    };

    // client.cpp
    void plan_step(Duration from_now);
    void step();
    void read_control();
    void write_control();
    void on_reply(const Reply& reply);
    Pending* match(const Reply& reply);
    // A command with this verb waits for its answer.
    bool is_pending(std::string_view verb) const {
        return std::any_of(pending_.begin(), pending_.end(),
                           [verb](const Pending& one) { return one.verb == verb; });
    }
    void on_control_end(bool was_reset);
    void command(std::string_view verb, std::string_view argument = {}, OnFinal on_final = {});
    void log_in();
    void quit();
    void vanish();
    void end();
    bool chance(std::uint64_t percent) { return world_.prng.chance(percent, 100); }

    // client_actions.cpp
    void act();
    void act_batch();
    void act_garbage();
    void act_on_names();
    void act_digest();
    void check_digest(const std::string& path, std::size_t version_since, std::int64_t first,
                      std::int64_t last, const std::string& answer);
    void act_transfer();
    void draw_download();
    void draw_upload();
    void draw_listing();
    void encode_upload();
    std::string own_path();
    void check_change(const std::string& verb, const std::string& path, const Reply& reply);

    // client_data.cpp
    void set_up_passive();
    void set_up_active();
    void set_up_wrong_port();
    void on_passive_reply(const Reply& reply);
    void send_transfer_command();
    void connect_data();
    void pump_data();
    void pump_in();
    void pump_out();
    void look_for_stranger();
    void interject();
    void abort();
    void close_data(bool abortive);
    void finish_transfer();
    bool decode_received();
    void check_download();
    void check_upload();
    void check_listing();
    // Whether the tree can be as it is after an upload that succeeded, or that failed.
    bool is_stored(const Transfer& t);
    bool is_left_by_failure(const Transfer& t);
    void later(Duration from_now, void (Client::*what)());

    World& world_;
    Library& library_;
    ServerFacts server_;
    sys::SocketAddress host_;
    std::uint32_t number_;
    Habits habits_;
    std::string home_;  // "/up/c<number>"
    SocketId control_ = 0;
    Stage stage_ = Stage::Connecting;
    ReplyReader replies_;
    std::string output_;
    std::deque<Pending> pending_;
    std::optional<Transfer> transfer_;
    std::optional<Transfer> interrupted_;  // an upload whose reply never came
    std::deque<Stored> stored_;
    Instant next_action_;
    // Until when an abandoned data connection may be taken for another: where ports must be used
    // again at once, and anywhere.
    Instant stray_until_;
    Instant stray_anywhere_until_;
    Duration patience_;    // between two looks at the data connection, for slow readers
    bool step_planned_ = false;
    Instant step_at_;
    bool banner_seen_ = false;
    bool goodbye_seen_ = false;  // 221 or 421
    bool end_expected_ = false;  // by garbage, or because the server stops
    bool ascii_ = true;          // the TYPE in force (RFC 959: A at first)
    char mode_ = 'S';            // the MODE in force
    bool finishing_ = false;
    std::uint64_t transfer_number_ = 0;
    Counts counts_;
};

}  // namespace sluice::sim
