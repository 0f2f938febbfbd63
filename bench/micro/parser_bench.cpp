// A command line becomes a row of the command table.
#include <benchmark/benchmark.h>

#include <string>

#include "sluice/proto/parser.hpp"

namespace sluice::proto {
namespace {

void parse(benchmark::State& state, std::string_view line) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(line);
        Request request = parse_request(line);
        benchmark::DoNotOptimize(request);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(parse, noop, "NOOP");
BENCHMARK_CAPTURE(parse, retr_short, "RETR file.txt");
BENCHMARK_CAPTURE(parse, retr_long,
                  "RETR /debian/pool/main/g/gcc-12/gcc-12-base_12.2.0-14_amd64.deb");
BENCHMARK_CAPTURE(parse, lower_case, "retr file.txt");
BENCHMARK_CAPTURE(parse, unknown, "XYZZY");

}  // namespace
}  // namespace sluice::proto
