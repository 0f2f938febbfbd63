// listing_floor DIR: what a listing of DIR costs when nothing but the work is done.
//
// One thread reads the folder (getdents64, 64 KiB), looks at each name (statx), writes an MLSD line
// of about the usual length and sends it over the loopback to a second thread that throws it away.
// Each step alone and all together, in CPU time of the first thread per name; medians of kRounds
// rounds. Where a name costs more than a microsecond in the kernel alone, no server lists a million
// names in a second of CPU; what is left to a server is to come near this figure (bench/listing).
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int kRounds = 5;
constexpr std::size_t kRawBytes = 64 << 10;
constexpr std::size_t kTextBytes = 32 << 10;
constexpr std::size_t kLineBytesMax = 512;

enum Step { kRead, kLook, kWrite, kSend, kSteps };
constexpr std::array<const char*, kSteps> kNames = {"getdents64", "+ statx", "+ text", "+ send"};

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpu), &set);
    (void)sched_setaffinity(0, sizeof set, &set);  // one CPU is enough to measure by
}

double cpu_seconds() {
    timespec now{};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

char* number(char* out, std::uint64_t value, unsigned base) {
    char digits[24];
    std::size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    std::memcpy(out, digits + at, sizeof digits - at);
    return out + (sizeof digits - at);
}

char* text(char* out, const char* what) {
    const std::size_t size = std::strlen(what);
    std::memcpy(out, what, size);
    return out + size;
}

char* line(char* out, const char* name, const struct statx& status) {
    out = text(out, "type=file;size=");
    out = number(out, status.stx_size, 10);
    out = text(out, ";modify=");
    out = number(out, 20'260'000'000'000ull + static_cast<std::uint64_t>(status.stx_mtime.tv_sec),
                 10);
    out = text(out, ";perm=r;unique=");
    out = number(out, status.stx_dev_minor, 16);
    out = text(out, "-");
    out = number(out, status.stx_ino, 16);
    out = text(out, ";UNIX.mode=0");
    for (int shift = 6; shift >= 0; shift -= 3) {
        *out++ = static_cast<char>('0' + ((status.stx_mode >> shift) & 7));
    }
    out = text(out, "; ");
    out = text(out, name);
    return text(out, "\r\n");
}

std::uint64_t list(const char* folder, int socket, Step step) {
    static std::array<char, kRawBytes> raw;
    static std::array<char, kTextBytes> made;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0) { give_up(folder); }
    std::uint64_t names = 0;
    char* at = made.data();
    const auto send_made = [&] {
        for (char* from = made.data(); step == kSend && from < at;) {
            const ssize_t sent = send(socket, from, static_cast<std::size_t>(at - from), 0);
            if (sent < 0) { give_up("send"); }
            from += sent;
        }
        at = made.data();
    };
    while (true) {
        const long bytes = syscall(SYS_getdents64, fd, raw.data(), raw.size());
        if (bytes < 0) { give_up("getdents64"); }
        if (bytes == 0) { break; }
        for (long place = 0; place < bytes;) {
            std::uint16_t length = 0;
            std::memcpy(&length, raw.data() + place + 16, sizeof length);
            const char* name = raw.data() + place + 19;
            place += length;
            ++names;
            if (step < kLook) { continue; }
            struct statx status;
            if (syscall(SYS_statx, fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                        STATX_BASIC_STATS, &status) != 0) {
                give_up(name);
            }
            if (step < kWrite) { continue; }
            if (made.data() + made.size() - at < static_cast<std::ptrdiff_t>(kLineBytesMax)) {
                send_made();
            }
            at = line(at, name, status);
        }
    }
    send_made();
    close(fd);
    return names;
}

// A connected pair over the loopback; the second end is read away by a thread of its own.
int connect_to_sink(std::thread& sink) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, generic, &size) != 0) {
        give_up("listen");
    }
    sink = std::thread([listener] {
        pin(1);
        const int reader = accept(listener, nullptr, nullptr);
        while (recv(reader, nullptr, 1 << 20, MSG_TRUNC) > 0) {}
        close(reader);
        close(listener);
    });
    const int sender = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(sender, generic, size) != 0) { give_up("connect"); }
    return sender;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fprintf(stderr, "usage: listing_floor DIR\n");
        return 2;
    }
    pin(0);
    std::thread sink;
    const int socket = connect_to_sink(sink);
    (void)list(words[1], socket, kLook);  // warm
    std::array<std::vector<double>, kSteps> costs;
    for (int round = 0; round < kRounds; ++round) {
        for (int step = 0; step < kSteps; ++step) {
            const double began = cpu_seconds();
            const std::uint64_t names = list(words[1], socket, static_cast<Step>(step));
            costs[static_cast<std::size_t>(step)].push_back((cpu_seconds() - began) * 1e6 /
                                                            static_cast<double>(names));
        }
    }
    close(socket);
    sink.join();
    for (std::size_t step = 0; step < kSteps; ++step) {
        std::sort(costs[step].begin(), costs[step].end());
        std::printf("%-12s %.3f us a name\n", kNames[step], costs[step][kRounds / 2]);
    }
    return 0;
}
