// One simulated user: takes actions from its worker and does them, one after the other.
//
// Lives in a slot of its worker and is used again when a ramp brings users back. Thread: its
// worker's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ftp_client.hpp"
#include "size_draw.hpp"
#include "sluice/base/intrusive_list.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::load {

class Worker;

class Session : public ListHook<> {
public:
    Session(Worker& worker, std::uint64_t number, const sys::SocketAddress& source);

    void start();
    bool is_running() const { return main_.is_set() && !main_.done(); }
    // In the middle of an action that has an end of its own.
    bool is_acting() const { return acting_; }
    bool is_idling() const { return idling_; }
    // Told to end by its worker, which no longer counts it.
    bool is_leaving() const { return leaving_; }
    void leave() { leaving_ = true; }
    FtpClient::State state() const { return client_.state(); }

    // The worker's side of next_action(): hands over what is due, or nothing (look around again).
    void assign(std::size_t work, std::int64_t intended_ns);
    void wake() { assigned_.notify(); }
    // The run is over: ends an action at once, and lets a session that waits say good-bye.
    void end();
    void kill() { client_.stop(io::StopReason::Kill); }
    // Lets an Idle session go, in a ramp down.
    void let_go() { client_.stop(io::StopReason::Drain); }

private:
    io::Task<> run();
    io::Task<bool> ensure_open();
    io::Task<bool> next_action();
    io::Task<bool> perform(std::size_t work);
    io::Task<bool> log_in_and_out();
    io::Task<bool> learn_size(std::size_t work, std::size_t path_index, Transfer& transfer);
    io::Task<bool> learn_features();
    const std::string& next_path(std::size_t work, std::size_t& index);
    std::int64_t draw_think(std::size_t work);

    Worker& worker_;
    const std::uint64_t number_;
    FtpClient client_;
    io::Event assigned_;
    io::Task<> main_;
    Prng random_;
    std::vector<std::uint32_t> turns_;  // per work: which path comes next
    std::vector<SizeDraw> sizes_;       // per work
    std::string path_;
    std::size_t work_ = 0;
    std::int64_t intended_ns_ = 0;
    bool has_action_ = false;
    bool leaving_ = false;
    bool acting_ = false;
    bool idling_ = false;
    std::uint32_t failures_ = 0;  // to open, in a row
};

}  // namespace sluice::load
