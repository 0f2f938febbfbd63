// Replies into the session's buffer.
#include <benchmark/benchmark.h>

#include "sluice/proto/host_port.hpp"
#include "sluice/proto/reply.hpp"

namespace sluice::proto {
namespace {

// As after each batch: an idle session owns no buffer, so the first reply allocates.
void reply_alone(benchmark::State& state) {
    ReplyBuffer out;
    for (auto _ : state) {
        append_reply(out, ReplyCode::Okay, "NOOP ok.");
        benchmark::DoNotOptimize(out.view().data());
        out.release();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reply_alone);

// As within a batch of pipelined commands.
void reply_in_a_batch(benchmark::State& state) {
    ReplyBuffer out;
    for (auto _ : state) {
        if (!out.has_room()) {
            out.release();
        }
        append_reply(out, ReplyCode::Okay, "NOOP ok.");
        benchmark::DoNotOptimize(out.view().data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reply_in_a_batch);

void reply_path(benchmark::State& state) {
    ReplyBuffer out;
    for (auto _ : state) {
        if (!out.has_room()) {
            out.release();
        }
        append_path_reply(out, "/debian/pool/main/g/gcc-12", "is the current directory");
        benchmark::DoNotOptimize(out.view().data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reply_path);

void reply_epsv(benchmark::State& state) {
    ReplyBuffer out;
    for (auto _ : state) {
        if (!out.has_room()) {
            out.release();
        }
        append_extended_passive_reply(out, 50'123);
        benchmark::DoNotOptimize(out.view().data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(reply_epsv);

}  // namespace
}  // namespace sluice::proto
