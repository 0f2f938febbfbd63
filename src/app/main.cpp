// sluiced: reads what it was asked to do, and serves.
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "app/check_world.hpp"
#include "app/cli.hpp"
#include "app/read_file.hpp"
#include "app/run_server.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "sluice/sys/process.hpp"

int main(int argc, char** argv) {
    using sluice::app::Invocation;
    sluice::sys::block_signals();
    sluice::sys::LinuxKernel kernel;
    const Invocation invocation = sluice::app::interpret(
        argc, argv, environ, [&kernel](const std::string& path, std::size_t bytes_max) {
            return sluice::app::read_file(kernel, path, bytes_max);
        });
    std::fputs(invocation.messages.c_str(), stderr);
    std::fputs(invocation.output.c_str(), stdout);
    if (invocation.action == Invocation::Action::Exit) { return invocation.exit_code; }
    if (invocation.action == Invocation::Action::Check) {
        const sluice::app::WorldReport report =
            sluice::app::check_world(kernel, invocation.snapshot);
        std::fputs(report.text.c_str(), stderr);
        if (report.errors > 0) { return EX_CONFIG; }
        std::fputs("OK\n", stdout);
        return EX_OK;
    }
    return sluice::app::run_server(invocation.snapshot);
}
