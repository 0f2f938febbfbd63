// The least an FTP server can do: the floor of each path that the real server is compared with.
//
// Fixed replies, one thread, passive ports that listen from the start and are told apart by the
// client's address, inline sendfile in slices, recv and write for uploads, listings out of files
// that were written before. No path checks, no limits, no timeouts, no split lines (a command
// arrives whole or is lost): do not serve anybody with it. Owned by: main. Thread: the only one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine.hpp"

namespace sluice::bench {

struct FloorOptions {
    std::uint16_t port = 2199;
    std::uint16_t passive_ports = 64;       // these follow `port`
    std::uint32_t slice_bytes = 512 << 10;  // what one session may send per turn
    std::uint32_t unsent_bytes_max = 0;     // TCP_NOTSENT_LOWAT; 0: the system's
    std::string root = ".";
    bool copies = false;  // downloads by pread and send: the floor of what looks at each byte
};

class Floor final : public Handler {
public:
    Floor(const FloorOptions& options, Engine& engine);
    ~Floor() override;
    Floor(const Floor&) = delete;
    Floor& operator=(const Floor&) = delete;

    // Opens the listeners. False, with the reason in errno, when a port is taken.
    bool listen();
    // Serves until a signal ends the process.
    void run();

    void on_accept(std::uint32_t listener, int fd, std::uint32_t peer_ip) override;
    void on_control(SlotId slot, std::string_view input) override;
    void on_data_ready(SlotId slot) override;

private:
    enum class Job : std::uint8_t { None, Download, Upload };

    struct Session {
        int control = -1;
        int data = -1;
        int file = -1;
        std::uint32_t generation = 0;
        std::uint32_t peer_ip = 0;
        std::uint16_t port_index = 0;
        Job job = Job::None;
        bool started = false;  // "150" has been sent
        bool armed = false;    // the engine watches `data`
        bool queued = false;   // waits in run_queue_ for its next slice
        std::int64_t offset = 0;
        std::int64_t size = 0;
    };

    void execute(std::uint32_t index, std::string_view line);
    void reserve_port(std::uint32_t index, bool extended);
    void send_size(const Session& session, const char* path);
    void send_listing(std::uint32_t index, std::string_view verb, std::string_view folder);
    void start(std::uint32_t index, Job job, const char* path);
    void move_data(std::uint32_t index);
    void send_slice(std::uint32_t index);
    ssize_t copy_slice(const Session& session, std::size_t slice);
    void receive_slice(std::uint32_t index);
    void wait(std::uint32_t index);
    void finish(std::uint32_t index);
    void end_session(std::uint32_t index);
    [[nodiscard]] SlotId id_of(std::uint32_t index) const;

    FloorOptions options_;
    Engine& engine_;
    int root_fd_ = -1;
    std::vector<int> listeners_;
    std::vector<std::string> extended_replies_;
    std::vector<std::string> passive_replies_;
    std::vector<Session> sessions_;
    std::vector<std::uint32_t> free_slots_;
    // (client address, port) -> the session that asked for it last.
    std::unordered_map<std::uint64_t, std::uint32_t> reservations_;
    std::deque<std::uint32_t> run_queue_;
    std::vector<char> buffer_;
};

}  // namespace sluice::bench
