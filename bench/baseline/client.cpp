// ftp_drive: drives any FTP server with many sessions and prints what it saw as one line of JSON.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <optional>

#include "drive_options.hpp"
#include "driver.hpp"

int main(int argc, char** argv) {
    const std::optional<sluice::bench::DriveOptions> options =
        sluice::bench::parse_drive_options(argc, argv);
    if (!options) {
        return 64;
    }
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL);  // the default 50 us would be part of every latency
    if (options->realtime) {
        sched_param priority{};
        priority.sched_priority = 10;
        if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
            std::perror("ftp_drive: SCHED_FIFO");
        }
    }
    sluice::bench::Driver driver(*options);
    return driver.run();
}
