// The Kernel of a real machine: each method is one system call, or the two or three that belong
// together. No state but a descriptor of /dev/null; any thread.
#pragma once

#include "sluice/sys/kernel.hpp"

namespace sluice::sys {

class LinuxKernel final : public Kernel {
public:
    LinuxKernel();
    ~LinuxKernel() override;
    LinuxKernel(const LinuxKernel&) = delete;
    LinuxKernel& operator=(const LinuxKernel&) = delete;

    Instant now() override;
    WallTime wall_time() override;
    std::uint64_t entropy() override;
    void close(int fd) override;

    Result<int> listen(const SocketAddress& address, const ListenOptions& options) override;
    Result<int> connecting_socket(const SocketAddress& source) override;
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
    Status set_option(int socket, SocketOption option, int value) override;
    Status set_congestion(int socket, const char* name) override;
    Result<SocketAddress> local_address(int socket) override;
    Result<SocketAddress> peer_address(int socket) override;

    std::uint64_t tls_ciphers() override;
    Status set_tls_keys(int socket, Bytes keys) override;
    Status tls_keys(int socket, MutableBytes into) override;
    Status send_tls_record(int socket, std::uint8_t type, Bytes content) override;
    Result<std::uint64_t> taken_by_tcp(int socket) override;

    Result<int> open(int directory, const char* path, const OpenHow& how) override;
    Result<FileStatus> status(int fd) override;
    Result<FileStatus> status_at(int directory, const char* name) override;
    Result<FileStatus> full_status_at(int directory, const char* name) override;
    Status may(int fd, unsigned wanted) override;
    Credentials credentials() override;
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
    Status change_group(int fd, std::uint32_t group) override;
    Status set_attribute(int fd, const char* attribute, Bytes value) override;
    Result<std::size_t> attribute_at(int directory, const char* name, const char* attribute,
                                     MutableBytes into) override;
    Status make_symlink(const char* target, int directory, const char* name) override;
    Result<std::size_t> copy_range(int from, std::int64_t from_offset, int to,
                                   std::int64_t to_offset, std::size_t count) override;
    Status truncate(int file, std::int64_t size) override;
    Status sync(int fd, bool data_only) override;
    Status try_lock(int file) override;
    Status advise(int file, std::int64_t offset, std::int64_t length, Advice advice) override;
    Result<std::size_t> load(int file, std::int64_t offset, std::size_t count) override;
    Result<std::uint64_t> cached_pages(int file, std::int64_t offset,
                                       std::int64_t length) override;
    Result<bool> is_cached(int file, std::int64_t offset) override;
    Result<std::int64_t> free_bytes(int fd) override;
    Result<std::uint64_t> file_system_magic(int fd) override;

private:
    int null_;  // where load() sends what it reads; -1 where there is none (a bare chroot)
};

}  // namespace sluice::sys
