// What a client types becomes a normal path.
#include <benchmark/benchmark.h>

#include "sluice/proto/path.hpp"

namespace sluice::proto {
namespace {

void path(benchmark::State& state, std::string_view cwd, std::string_view argument) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(cwd);
        benchmark::DoNotOptimize(argument);
        Result<std::string> normal = normalise(cwd, argument);
        benchmark::DoNotOptimize(normal);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(path, name, "/", "a.txt");
BENCHMARK_CAPTURE(path, absolute, "/",
                  "/debian/pool/main/g/gcc-12/gcc-12-base_12.2.0-14_amd64.deb");
BENCHMARK_CAPTURE(path, dots, "/debian/pool/main/g", "../../.././debian//pool/main/l/");

}  // namespace
}  // namespace sluice::proto
