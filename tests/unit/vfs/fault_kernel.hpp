// A Kernel that does what it is asked through the real one, writes down each call on files, fails
// the one a test chooses, and knows which descriptors are still open. One thread.
#pragma once

#include <cerrno>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/sys/linux_kernel.hpp"

namespace sluice::vfs {

class FaultKernel : public sys::Kernel {
public:
    std::vector<std::string> calls;
    std::set<int> open_files;
    // The call with this number (from 0, counted since reset) fails with this errno.
    int fail_at = -1;
    int fail_errno = 0;
    std::string failed_call;
    // Every call of this name fails with this errno.
    std::string fail_name;
    int fail_name_errno = 0;
    // Runs before each call.
    std::function<void(const std::string&)> before;
    // Changes what an open asks for, or refuses it with an errno.
    std::function<int(const sys::OpenHow&)> refuse_open;

    std::int64_t clock_ahead_seconds = 0;
    Duration ahead;  // of both clocks

    void reset() {
        calls.clear();
        failed_call.clear();
        fail_at = -1;
        fail_name.clear();
        before = nullptr;
        refuse_open = nullptr;
    }

    Instant now() override { return real_.now() + ahead; }
    WallTime wall_time() override {
        WallTime time = real_.wall_time();
        time.seconds += clock_ahead_seconds + ahead.in_seconds();
        return time;
    }
    std::uint64_t entropy() override { return real_.entropy(); }
    void close(int fd) override {
        open_files.erase(fd);
        real_.close(fd);
    }

    // Sockets are not what this is for.
    Result<int> listen(const sys::SocketAddress& a, const sys::ListenOptions& o) override {
        return real_.listen(a, o);
    }
    Result<int> connecting_socket(const sys::SocketAddress& s) override {
        return real_.connecting_socket(s);
    }
    Result<int> accept(int s) override { return real_.accept(s); }
    Result<std::size_t> receive(int s, MutableBytes b) override { return real_.receive(s, b); }
    Result<std::size_t> send(int s, Bytes b, bool m) override { return real_.send(s, b, m); }
    Result<std::size_t> send_file(int s, int f, std::int64_t& o, std::size_t n) override {
        return real_.send_file(s, f, o, n);
    }
    Status shutdown_sending(int s) override { return real_.shutdown_sending(s); }
    Status shutdown_both(int s) override { return real_.shutdown_both(s); }
    Result<std::size_t> unacknowledged(int s) override { return real_.unacknowledged(s); }
    Result<std::size_t> unsent(int s) override { return real_.unsent(s); }
    Status socket_error(int s) override { return real_.socket_error(s); }
    Status set_option(int s, sys::SocketOption o, int v) override {
        return real_.set_option(s, o, v);
    }
    Status set_congestion(int s, const char* n) override { return real_.set_congestion(s, n); }
    Result<sys::SocketAddress> local_address(int s) override { return real_.local_address(s); }
    Result<sys::SocketAddress> peer_address(int s) override { return real_.peer_address(s); }
    std::uint64_t tls_ciphers() override { return real_.tls_ciphers(); }
    Status set_tls_keys(int s, Bytes k) override { return real_.set_tls_keys(s, k); }
    Status tls_keys(int s, MutableBytes k) override { return real_.tls_keys(s, k); }
    Status send_tls_record(int s, std::uint8_t t, Bytes b) override {
        return real_.send_tls_record(s, t, b);
    }
    Result<std::uint64_t> taken_by_tcp(int s) override { return real_.taken_by_tcp(s); }

    Result<int> open(int directory, const char* path, const sys::OpenHow& how) override {
        const int refused = refuse_open ? refuse_open(how) : 0;
        if (refused != 0) {
            return fail_errno_of(refused);
        }
        const int error = enter("open");
        if (error != 0) {
            return fail_errno_of(error);
        }
        const Result<int> fd = real_.open(directory, path, how);
        if (fd) {
            open_files.insert(*fd);
        }
        return fd;
    }
    Result<sys::FileStatus> status(int fd) override {
        const int error = enter("status");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.status(fd);
    }
    Result<sys::FileStatus> status_at(int d, const char* n) override {
        const int error = enter("status_at");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.status_at(d, n);
    }
    Result<sys::FileStatus> full_status_at(int d, const char* n) override {
        const int error = enter(n[0] == '\0' ? "status" : "status_at");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.full_status_at(d, n);
    }
    Status may(int f, unsigned w) override { return real_.may(f, w); }
    sys::Credentials credentials() override { return who ? *who : real_.credentials(); }
    // Who the process says it is, where a test wants to be somebody else.
    std::optional<sys::Credentials> who;
    Result<std::size_t> load(int f, std::int64_t o, std::size_t n) override {
        const int error = enter("load");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.load(f, o, n);
    }
    Result<std::size_t> read_at(int f, MutableBytes b, std::int64_t o) override {
        const int error = enter("read_at");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.read_at(f, b, o);
    }
    Result<std::size_t> write_at(int f, Bytes b, std::int64_t o) override {
        const int error = enter("write_at");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.write_at(f, b, o);
    }
    Result<std::size_t> read_entries(int d, MutableBytes b) override {
        const int error = enter("read_entries");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.read_entries(d, b);
    }
    Result<std::size_t> read_link(int d, const char* n, MutableBytes b) override {
        const int error = enter("read_link");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.read_link(d, n, b);
    }
    Status link_unnamed(int f, int d, const char* n) override {
        const int error = enter("link_unnamed");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.link_unnamed(f, d, n);
    }
    Status rename(int fd, const char* f, int td, const char* t, bool replace) override {
        const int error = enter(replace ? "rename" : "rename_exclusive");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.rename(fd, f, td, t, replace);
    }
    Status unlink(int d, const char* n) override {
        const int error = enter("unlink");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.unlink(d, n);
    }
    Status remove_directory(int d, const char* n) override {
        const int error = enter("remove_directory");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.remove_directory(d, n);
    }
    Status make_directory(int d, const char* n, std::uint32_t m) override {
        const int error = enter("make_directory");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.make_directory(d, n, m);
    }
    Status change_mode(int f, std::uint32_t m) override {
        const int error = enter("change_mode");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.change_mode(f, m);
    }
    Status set_attribute(int f, const char* a, Bytes v) override {
        const int error = enter("set_attribute");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.set_attribute(f, a, v);
    }
    Result<std::size_t> attribute_at(int d, const char* n, const char* a,
                                     MutableBytes b) override {
        const int error = enter("attribute_at");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.attribute_at(d, n, a, b);
    }
    Status set_modified(int f, WallTime t) override {
        const int error = enter("set_modified");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.set_modified(f, t);
    }
    Status change_group(int f, std::uint32_t g) override {
        const int error = enter("change_group");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.change_group(f, g);
    }
    Status make_symlink(const char* t, int d, const char* n) override {
        const int error = enter("make_symlink");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.make_symlink(t, d, n);
    }
    Result<std::size_t> copy_range(int f, std::int64_t fo, int t, std::int64_t to,
                                   std::size_t n) override {
        const int error = enter("copy_range");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.copy_range(f, fo, t, to, n);
    }
    Status truncate(int f, std::int64_t n) override {
        const int error = enter("truncate");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.truncate(f, n);
    }
    Status sync(int f, bool data_only) override {
        const int error = enter(data_only ? "sync_data" : "sync_all");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.sync(f, data_only);
    }
    Status try_lock(int f) override {
        const int error = enter("try_lock");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.try_lock(f);
    }
    Status advise(int f, std::int64_t o, std::int64_t n, sys::Advice a) override {
        const int error = enter("advise");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.advise(f, o, n, a);
    }
    Result<std::uint64_t> cached_pages(int f, std::int64_t o, std::int64_t n) override {
        const int error = enter("cached_pages");
        if (error != 0) {
            return fail_errno_of(error);
        }
        return real_.cached_pages(f, o, n);
    }
    Result<bool> is_cached(int f, std::int64_t o) override { return real_.is_cached(f, o); }
    Result<std::int64_t> free_bytes(int f) override { return real_.free_bytes(f); }
    Result<std::uint64_t> file_system_magic(int f) override {
        const int error = enter("file_system_magic");
        if (error != 0) {
            return fail_errno_of(error);
        }
        if (magic != 0) {
            return magic;
        }
        return real_.file_system_magic(f);
    }
    // What every file system says it is, if not 0.
    std::uint64_t magic = 0;

private:
    static tl::unexpected<Error> fail_errno_of(int error) { return sluice::fail_errno(error); }

    int enter(const std::string& name) {
        if (before) {
            before(name);
        }
        calls.push_back(name);
        if (static_cast<int>(calls.size()) - 1 == fail_at) {
            failed_call = name;
            return fail_errno;
        }
        return name == fail_name ? fail_name_errno : 0;
    }

    sys::LinuxKernel real_;
};

}  // namespace sluice::vfs
