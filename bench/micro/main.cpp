// All micro benchmarks as one program; its flags are those of Google Benchmark.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
