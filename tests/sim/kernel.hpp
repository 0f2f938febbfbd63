// sys::Kernel answered from memory: descriptors over sim::Network and sim::Files.
//
// Numbers are given as Linux gives them, the lowest free one first, so that a descriptor used after
// its close meets its successor at once. A call on a number that is not open, or of the wrong kind,
// ends the test: on a real machine it would hit somebody else's file. So does closing a descriptor
// while an operation is in flight on it (rule L4), or before Backend::forget.
//
// It knows whether a helper or the shard is calling, and counts each call of the shard that may
// sleep: a cold sendfile, an open without RESOLVE_CACHED, a rename (invariant I7).
// Owned by: World. Thread: the one of the simulation.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "sim/clock.hpp"
#include "sim/faults.hpp"
#include "sim/files.hpp"
#include "sim/network.hpp"
#include "sim/trace.hpp"
#include "sluice/base/prng.hpp"
#include "sluice/sys/kernel.hpp"

namespace sluice::sim {

// What hears of descriptors: the backends.
class DescriptorSink {
public:
    virtual void on_edge(int fd) = 0;
    // Before the number becomes free. Ends the test if the descriptor is still in use.
    virtual void on_close(int fd) = 0;

protected:
    ~DescriptorSink() = default;
};

// Calls that may sleep, where the shard made them.
enum class Sleep : std::uint8_t {
    Open,
    StatusAt,
    ReadCold,
    SendCold,
    Write,
    Entries,
    Names,       // link, rename, unlink, mkdir, rmdir, readlink
    Attributes,  // chmod, utimens, truncate
    Sync,
    Count_,
};
constexpr std::size_t kSleepCount = static_cast<std::size_t>(Sleep::Count_);
const char* name_of(Sleep sleep);

class Kernel final : public sys::Kernel, public SocketObserver {
public:
    Kernel(Clock& clock, Prng& prng, Faults& faults, Trace& trace, Network& network, Files& files);

    // ---- for the other parts of the world
    void attach(DescriptorSink& sink) { sinks_.push_back(&sink); }
    void detach(DescriptorSink& sink);
    void set_in_helper(bool on) { in_helper_ = on; }
    // From here on calls that may sleep are counted when the shard makes them.
    void count_sleeps() { counting_ = true; }
    std::uint64_t sleeps(Sleep kind) const { return sleeps_[static_cast<std::size_t>(kind)]; }
    void set_descriptors_max(std::size_t count) { descriptors_max_ = count; }
    std::size_t open_descriptors() const;
    SocketId socket_of(int fd) { return socket(fd).socket; }
    Network& network() { return network_; }
    void on_socket(SocketId socket) override;
    // Every descriptor is void: the machine went down.
    void forget_all();

    Instant now() override { return clock_.now(); }
    WallTime wall_time() override { return clock_.wall(); }
    std::uint64_t entropy() override { return prng_.next(); }
    void close(int fd) override;

    Result<int> listen(const sys::SocketAddress& address,
                       const sys::ListenOptions& options) override;
    Result<int> connecting_socket(const sys::SocketAddress& source) override;
    Result<int> accept(int listener) override;
    Result<std::size_t> receive(int socket, MutableBytes into) override;
    Result<std::size_t> send(int socket, Bytes from, bool more) override;
    Result<std::size_t> send_file(int socket, int file, std::int64_t& offset,
                                  std::size_t count) override;
    Status shutdown_sending(int socket) override;
    Status shutdown_both(int socket) override;
    Result<std::size_t> unacknowledged(int socket) override;
    Result<std::size_t> unsent(int socket) override;
    Status socket_error(int socket) override;
    Status set_option(int socket, sys::SocketOption option, int value) override;
    Status set_congestion(int socket, const char* name) override;
    Result<sys::SocketAddress> local_address(int socket) override;
    Result<sys::SocketAddress> peer_address(int socket) override;
    // A kernel without TLS.
    std::uint64_t tls_ciphers() override { return 0; }
    Status set_tls_keys(int, Bytes) override { return fail_errno(ENOPROTOOPT); }
    Status tls_keys(int, MutableBytes) override { return fail_errno(ENOPROTOOPT); }
    Status send_tls_record(int, std::uint8_t, Bytes) override { return fail_errno(ENOPROTOOPT); }
    Result<std::uint64_t> taken_by_tcp(int) override { return fail_errno(ENOPROTOOPT); }

    Result<int> open(int directory, const char* path, const sys::OpenHow& how) override;
    Result<sys::FileStatus> status(int fd) override;
    Result<sys::FileStatus> status_at(int directory, const char* name) override;
    Result<sys::FileStatus> full_status_at(int directory, const char* name) override;
    // The files of the simulation belong to whom they serve.
    Status may(int fd, unsigned wanted) override;
    sys::Credentials credentials() override;
    Result<std::size_t> load(int file, std::int64_t offset, std::size_t count) override;
    Result<std::size_t> read_at(int file, MutableBytes into, std::int64_t offset) override;
    Result<std::size_t> write_at(int file, Bytes from, std::int64_t offset) override;
    Result<std::size_t> read_entries(int directory, MutableBytes into) override;
    Result<std::size_t> read_link(int directory, const char* name, MutableBytes into) override;
    Status link_unnamed(int file, int directory, const char* name) override;
    Status rename(int from_directory, const char* from, int to_directory, const char* to,
                  bool replace) override;
    Status unlink(int directory, const char* name) override;
    Status remove_directory(int directory, const char* name) override;
    Status make_directory(int directory, const char* name, std::uint32_t mode) override;
    Status change_mode(int fd, std::uint32_t mode) override;
    Status set_modified(int fd, WallTime modified) override;
    Status set_attribute(int fd, const char* attribute, Bytes value) override;
    Result<std::size_t> attribute_at(int directory, const char* name, const char* attribute,
                                     MutableBytes into) override;
    Status change_group(int fd, std::uint32_t group) override;
    Status make_symlink(const char* target, int directory, const char* name) override;
    Result<std::size_t> copy_range(int from, std::int64_t from_offset, int to,
                                   std::int64_t to_offset, std::size_t count) override;
    Status truncate(int file, std::int64_t size) override;
    Status sync(int fd, bool data_only) override;
    Status try_lock(int file) override;
    Status advise(int file, std::int64_t offset, std::int64_t length, sys::Advice advice) override;
    Result<std::uint64_t> cached_pages(int file, std::int64_t offset, std::int64_t length) override;
    Result<bool> is_cached(int file, std::int64_t offset) override;
    Result<std::int64_t> free_bytes(int fd) override;
    Result<std::uint64_t> file_system_magic(int fd) override;

private:
    struct Descriptor {
        enum class Kind : std::uint8_t { Free, Socket, File } kind = Kind::Free;
        SocketId socket = 0;
        InodeId inode = 0;
        std::uint64_t flags = 0;     // File: as opened
        std::uint64_t position = 0;  // File: of read_entries
        bool abortive = false;       // Socket: close with a reset
        bool locked = false;           // File: holds the lock of its inode
    };

    int install(const Descriptor& descriptor);
    bool is_full() const { return open_descriptors() >= descriptors_max_; }
    Descriptor& descriptor(int fd);
    Descriptor& socket(int fd);
    Descriptor& file(int fd);
    Descriptor& contents(int fd, bool writing);
    InodeId directory(int fd);
    void may_sleep(Sleep kind);
    // Sleeps (in a helper) or stalls (on the shard) for cold pages, which are hot afterwards.
    void touch_pages(FileData& data, std::int64_t offset, std::int64_t length, Sleep kind);
    // 0, or the errno of a fault that strikes a call which changes the tree.
    int changing_fault();
    // Notes a call in the trace and hands its result on.
    Status noted(const char* what, int fd, Status status);
    template <class T>
    Result<T> noted(const char* what, int fd, Result<T> result) {
        trace_.note(what, static_cast<std::uint64_t>(fd),
                    result ? static_cast<std::uint64_t>(*result) : 0,
                    result ? 0 : static_cast<std::uint64_t>(result.error().sys_errno));
        return result;
    }
    // The same for an errno.
    Result<std::size_t> noted_errno(const char* what, int fd, int error) {
        return noted(what, fd, Result<std::size_t>(fail_errno(error)));
    }

    Clock& clock_;
    Prng& prng_;
    Faults& faults_;
    Trace& trace_;
    Network& network_;
    Files& files_;
    std::vector<DescriptorSink*> sinks_;
    std::vector<Descriptor> descriptors_;
    std::size_t open_count_ = 0;
    std::size_t descriptors_max_ = 4096;
    std::map<SocketId, int> descriptor_of_;
    bool in_helper_ = false;
    bool counting_ = false;
    std::array<std::uint64_t, kSleepCount> sleeps_ = {};
};

}  // namespace sluice::sim
