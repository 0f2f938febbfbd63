// TYPE A: how many bytes a second one core turns, for lines of several lengths.
#include <benchmark/benchmark.h>

#include <vector>

#include "sluice/proto/ascii.hpp"

namespace sluice::proto {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;

// Lines of `length` bytes, the LF included; with `crlf` the CR counts too. 0: no line end at all.
std::vector<std::uint8_t> text(std::size_t length, bool crlf) {
    std::vector<std::uint8_t> bytes(kBlockBytes, 'x');
    if (length == 0) {
        return bytes;
    }
    for (std::size_t end = length - 1; end < bytes.size(); end += length) {
        bytes[end] = '\n';
        if (crlf) {
            bytes[end - 1] = '\r';
        }
    }
    return bytes;
}

void ascii_encode(benchmark::State& state) {
    const std::vector<std::uint8_t> in = text(static_cast<std::size_t>(state.range(0)), false);
    std::vector<std::uint8_t> out(2 * kBlockBytes);
    AsciiEncoder encoder;
    for (auto _ : state) {
        AsciiStep step = encoder.encode(in, out);
        benchmark::DoNotOptimize(step);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBlockBytes));
}
BENCHMARK(ascii_encode)->ArgName("line")->Arg(0)->Arg(1000)->Arg(72)->Arg(8);

void ascii_decode(benchmark::State& state) {
    const std::vector<std::uint8_t> in = text(static_cast<std::size_t>(state.range(0)), true);
    std::vector<std::uint8_t> out(2 * kBlockBytes);
    AsciiDecoder decoder;
    for (auto _ : state) {
        AsciiStep step = decoder.decode(in, out);
        benchmark::DoNotOptimize(step);
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBlockBytes));
}
BENCHMARK(ascii_decode)->ArgName("line")->Arg(0)->Arg(1000)->Arg(72)->Arg(8);

}  // namespace
}  // namespace sluice::proto
