// Lines of MLSD, LIST and NLST: entries a second of a directory whose names and facts are known.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "sluice/proto/facts.hpp"
#include "sluice/proto/list_line.hpp"

namespace sluice::proto {
namespace {

constexpr std::size_t kEntries = 1024;
constexpr std::int64_t kNow = 1'700'000'000;

// A directory like a mirror's: names of about 30 bytes, times over some weeks.
struct Directory {
    Directory() : names(kEntries), entries(kEntries) {
        for (std::size_t i = 0; i < kEntries; ++i) {
            names[i] = "package-name_1.2." + std::to_string(i) + "-1_amd64.deb";
            entries[i].name = names[i];
            entries[i].size = i * 123'457;
            entries[i].modified_seconds = kNow - static_cast<std::int64_t>(i) * 3'000;
            entries[i].mode = kModeFile | 0644;
            entries[i].inode = 1'000'000 + i;
            entries[i].device = 0xFD01;
        }
    }
    std::vector<std::string> names;
    std::vector<EntryFacts> entries;
};

template <class Render>
void render_all(benchmark::State& state, Render render) {
    const Directory directory;
    std::array<char, kEntryLineBytesMax> line;
    std::size_t next = 0;
    std::int64_t bytes = 0;
    for (auto _ : state) {
        bytes += static_cast<std::int64_t>(render(directory.entries[next], line));
        benchmark::ClobberMemory();
        next = (next + 1) % kEntries;
    }
    state.SetItemsProcessed(state.iterations());
    state.SetBytesProcessed(bytes);
}

void line_mlsd(benchmark::State& state) {
    FactsRenderer renderer(FactSet::initial());
    render_all(state, [&](const EntryFacts& entry, std::span<char> line) {
        return renderer.render(entry, line);
    });
}
BENCHMARK(line_mlsd);

void line_list(benchmark::State& state) {
    const ListRenderer renderer(kNow);
    render_all(state, [&](const EntryFacts& entry, std::span<char> line) {
        return renderer.render(entry, line);
    });
}
BENCHMARK(line_list);

void line_nlst(benchmark::State& state) {
    render_all(state, [](const EntryFacts& entry, std::span<char> line) {
        return render_name_line("", entry.name, line);
    });
}
BENCHMARK(line_nlst);

}  // namespace
}  // namespace sluice::proto
