// upload_paths DIR: what it costs to get the bytes of an upload from a socket into a file of DIR.
//
// One sender on one CPU, the receiver and its helper thread on another; each way in turn, round
// after round, and the medians. It answers two questions of the server's design (pump_store.cpp):
// copy or splice, and which thread does what. Writes one file in DIR and removes it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kBufferBytes = 256 << 10;
constexpr int kRounds = 5;

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) { give_up("sched_setaffinity"); }
}

double seconds_of(clockid_t clock) {
    timespec now{};
    (void)clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The other thread: runs one job at a time.
class Helper {
public:
    explicit Helper(int cpu) : thread_([this, cpu] { run(cpu); }) {}
    ~Helper() {
        start([] {});
        wait();
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    void start(std::function<void()> job) {
        {
            const std::lock_guard lock(mutex_);
            job_ = std::move(job);
            busy_ = true;
        }
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !busy_; });
    }
    double cpu_seconds() {
        double seconds = 0;
        start([&seconds] { seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID); });
        wait();
        return seconds;
    }

private:
    void run(int cpu) {
        pin(cpu);
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return busy_ || ending_; });
            if (ending_) { return; }
            lock.unlock();
            job_();
            lock.lock();
            busy_ = false;
            changed_.notify_all();
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> job_;
    bool busy_ = false;
    bool ending_ = false;
    std::thread thread_;
};

struct Upload {
    int socket;
    int file;
    Helper& helper;
    std::array<std::vector<char>, 2> buffers{std::vector<char>(kBufferBytes),
                                             std::vector<char>(kBufferBytes)};
    std::array<int, 2> pipe{};
    bool ended = false;

    void wait_readable() const {
        pollfd ready{socket, POLLIN, 0};
        (void)poll(&ready, 1, -1);
    }
    // As much as is there, into one buffer.
    std::size_t receive(std::vector<char>& buffer) {
        std::size_t filled = 0;
        while (filled < buffer.size() && !ended) {
            const ssize_t n =
                recv(socket, buffer.data() + filled, buffer.size() - filled, MSG_DONTWAIT);
            if (n < 0) { break; }
            ended = n == 0;
            filled += static_cast<std::size_t>(n);
        }
        return filled;
    }
    void write_out(const std::vector<char>& buffer, std::size_t bytes) const {
        if (write(file, buffer.data(), bytes) != static_cast<ssize_t>(bytes)) { give_up("write"); }
    }
    std::size_t fill_pipe() {
        const ssize_t n = splice(socket, nullptr, pipe[1], nullptr, kMiB,
                                 SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        ended = n == 0;
        return n > 0 ? static_cast<std::size_t>(n) : 0;
    }
    void empty_pipe(std::size_t bytes) const {
        while (bytes > 0) {
            const ssize_t n = splice(pipe[0], nullptr, file, nullptr, bytes, SPLICE_F_MOVE);
            if (n <= 0) { give_up("splice to the file"); }
            bytes -= static_cast<std::size_t>(n);
        }
    }
};

void copy_inline(Upload& up) {
    while (!up.ended) {
        const std::size_t bytes = up.receive(up.buffers[0]);
        up.write_out(up.buffers[0], bytes);
        if (bytes == 0 && !up.ended) { up.wait_readable(); }
    }
}

void splice_inline(Upload& up) {
    while (!up.ended) {
        const std::size_t bytes = up.fill_pipe();
        up.empty_pipe(bytes);
        if (bytes == 0 && !up.ended) { up.wait_readable(); }
    }
}

// The loop receives, a helper writes, each waits for the other.
void copy_in_turn(Upload& up) {
    while (!up.ended) {
        const std::size_t bytes = up.receive(up.buffers[0]);
        if (bytes > 0) {
            up.helper.start([&up, bytes] { up.write_out(up.buffers[0], bytes); });
            up.helper.wait();
        } else if (!up.ended) {
            up.wait_readable();
        }
    }
}

// The same with two buffers: the loop fills one while the helper writes the other.
void copy_overlapped(Upload& up) {
    std::size_t current = 0;
    while (!up.ended) {
        std::vector<char>& buffer = up.buffers[current];
        const std::size_t bytes = up.receive(buffer);
        if (bytes > 0) {
            up.helper.wait();
            up.helper.start([&up, &buffer, bytes] { up.write_out(buffer, bytes); });
            current = 1 - current;
        } else if (!up.ended) {
            up.wait_readable();
        }
    }
    up.helper.wait();
}

// The loop only waits for the socket; the helper receives and writes up to 1 MiB at a time.
void copy_by_helper(Upload& up) {
    while (!up.ended) {
        up.wait_readable();
        up.helper.start([&up] {
            for (std::size_t done = 0; done < kMiB && !up.ended;) {
                const std::size_t bytes = up.receive(up.buffers[0]);
                if (bytes == 0) { break; }
                up.write_out(up.buffers[0], bytes);
                done += bytes;
            }
        });
        up.helper.wait();
    }
}

// The loop fills the pipe, the helper empties it into the file.
void splice_in_turn(Upload& up) {
    while (!up.ended) {
        const std::size_t bytes = up.fill_pipe();
        if (bytes > 0) {
            up.helper.start([&up, bytes] { up.empty_pipe(bytes); });
            up.helper.wait();
        } else if (!up.ended) {
            up.wait_readable();
        }
    }
}

struct Way {
    const char* name;
    void (*run)(Upload&);
    std::vector<double> cpu;      // seconds per GB, receiver and helper
    std::vector<double> elapsed;  // seconds per GB
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// A socket of the network namespace that `netns` names a file of; of our own without one.
int socket_in(const char* netns) {
    if (netns == nullptr) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }
    int fd = -1;
    std::thread([&fd, netns] {
        const int there = open(netns, O_RDONLY | O_CLOEXEC);
        if (there < 0 || setns(there, CLONE_NEWNET) != 0) { give_up(netns); }
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        close(there);
    }).join();
    return fd;
}

std::array<int, 2> connected(const char* address, const char* netns) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) { give_up(address); }
    (void)setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    socklen_t size = sizeof name;
    if (bind(listener, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
        listen(listener, 1) != 0 ||
        getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
        give_up("listen");
    }
    const int client = socket_in(netns);
    (void)setsockopt(client, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    if (connect(client, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) {
        give_up("connect");
    }
    const int server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    close(listener);
    return {client, server};
}

void measure(Way& way, const std::string& path, const char* address, const char* netns,
             Helper& helper, int source, std::size_t bytes) {
    const std::array<int, 2> ends = connected(address, netns);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) { give_up(path.c_str()); }
    Upload up{ends[1], file, helper};
    if (pipe2(up.pipe.data(), O_CLOEXEC) != 0 ||
        fcntl(up.pipe[0], F_SETPIPE_SZ, kMiB) != static_cast<int>(kMiB)) {
        give_up("pipe");
    }
    std::thread sender([&ends, source, bytes] {
        pin(1);
        off_t offset = 0;
        while (static_cast<std::size_t>(offset) < bytes) {
            const off_t in_source = offset % static_cast<off_t>(64 * kMiB);
            off_t from = in_source;
            const ssize_t n = sendfile(ends[0], source, &from,
                                       64 * kMiB - static_cast<std::size_t>(in_source));
            if (n <= 0) { give_up("sendfile"); }
            offset += n;
        }
        close(ends[0]);
    });
    const double helper_before = helper.cpu_seconds();
    const double cpu_before = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    const double before = seconds_of(CLOCK_MONOTONIC);
    way.run(up);
    const double gb = static_cast<double>(bytes) * 1e-9;
    way.elapsed.push_back((seconds_of(CLOCK_MONOTONIC) - before) / gb);
    way.cpu.push_back((seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu_before + helper.cpu_seconds() -
                       helper_before) / gb);
    sender.join();
    if (lseek(file, 0, SEEK_END) != static_cast<off_t>(bytes)) {
        std::fprintf(stderr, "%s: bytes are missing\n", way.name);
        std::exit(1);
    }
    close(file);
    (void)unlink(path.c_str());
    for (const int fd : {up.socket, up.pipe[0], up.pipe[1]}) { close(fd); }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 6) {
        std::fputs("usage: upload_paths DIR [MIB [ADDRESS [HELPER_CPU [SENDERS_NETNS]]]]\n",
                   stderr);
        return 64;
    }
    const std::string path = std::string(argv[1]) + "/upload_paths.tmp";
    const std::size_t mib = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 512;
    const std::size_t bytes = mib / 64 * 64 * kMiB;
    const char* address = argc > 3 ? argv[3] : "127.0.0.1";
    const char* netns = argc > 5 ? argv[5] : nullptr;
    const int source = memfd_create("source", MFD_CLOEXEC);
    const std::vector<char> block(64 * kMiB, 'x');
    if (bytes == 0 ||
        write(source, block.data(), block.size()) != static_cast<ssize_t>(64 * kMiB)) {
        give_up("source");
    }
    pin(0);
    Helper helper(argc > 4 ? std::atoi(argv[4]) : 0);
    std::array<Way, 6> ways{{{"copy, inline", copy_inline, {}, {}},
                             {"splice, inline", splice_inline, {}, {}},
                             {"copy, helper writes in turn", copy_in_turn, {}, {}},
                             {"copy, helper writes, overlapped", copy_overlapped, {}, {}},
                             {"copy, helper does both", copy_by_helper, {}, {}},
                             {"splice, helper empties the pipe", splice_in_turn, {}, {}}}};
    for (int round = 0; round < kRounds; ++round) {
        for (Way& way : ways) { measure(way, path, address, netns, helper, source, bytes); }
    }
    std::printf("%-34s %12s %12s\n", argv[1], "CPU s/GB", "elapsed s/GB");
    for (const Way& way : ways) {
        std::printf("%-34s %12.3f %12.3f\n", way.name, median(way.cpu), median(way.elapsed));
    }
    return 0;
}
