// baseline_server: the floor of each path of an FTP server (floor.hpp says what it leaves out).
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "engine.hpp"
#include "floor.hpp"

namespace {

int usage() {
    std::fputs(
        "usage: baseline_server [--port P] [--root DIR] [--engine epoll|io_uring]\n"
        "                       [--passive-ports N] [--slice BYTES] [--unsent BYTES]\n"
        "                       [--copy 0|1]\n"
        "Listens on 127.0.0.1:P; the N ports after P take the data connections.\n",
        stderr);
    return 64;
}

}  // namespace

int main(int argc, char** argv) {
    sluice::bench::FloorOptions options;
    bool uring = false;
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc) {
            return usage();
        }
        const char* value = argv[i + 1];
        const unsigned long number = std::strtoul(value, nullptr, 10);
        if (name == "--port" && number > 0 && number < 65536) {
            options.port = static_cast<std::uint16_t>(number);
        } else if (name == "--passive-ports" && number > 0 && number < 4096) {
            options.passive_ports = static_cast<std::uint16_t>(number);
        } else if (name == "--slice" && number > 0 && number < (1UL << 30)) {
            options.slice_bytes = static_cast<std::uint32_t>(number);
        } else if (name == "--unsent" && number < (1UL << 30)) {
            options.unsent_bytes_max = static_cast<std::uint32_t>(number);
        } else if (name == "--copy" && number < 2) {
            options.copies = number == 1;
        } else if (name == "--root") {
            options.root = value;
        } else if (name == "--engine" &&
                   (std::strcmp(value, "epoll") == 0 || std::strcmp(value, "io_uring") == 0)) {
            uring = std::strcmp(value, "io_uring") == 0;
        } else {
            return usage();
        }
    }
    (void)signal(SIGPIPE, SIG_IGN);  // sendfile has no MSG_NOSIGNAL
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    const std::unique_ptr<sluice::bench::Engine> engine =
        uring ? sluice::bench::make_uring_engine() : sluice::bench::make_epoll_engine();
    sluice::bench::Floor floor(options, *engine);
    if (!floor.listen()) {
        std::perror("baseline_server");
        return 1;
    }
    floor.run();
    std::perror("baseline_server");
    return 1;
}
