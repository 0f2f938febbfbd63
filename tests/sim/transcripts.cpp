// sim_transcripts: the conformance transcripts in the simulator, reported as TAP.
//
//     sim_transcripts [--seeds A-B] [--verbose] PATH...
//
// Each case is played once without faults and then with each seed's harmless faults. Where an
// invariant of the simulation breaks, the process aborts with the command that replays it.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "conform/cases.hpp"
#include "conform/runner.hpp"
#include "conform/transcript.hpp"
#include "sim/transcript_world.hpp"
#include "sluice/config/loader.hpp"

namespace sluice::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPortsSetting = "passive-ports=";
constexpr std::string_view kFileBytesSetting = "file-bytes=";
constexpr std::uint16_t kPortsFirst = 50'000;
constexpr std::uint16_t kPortsUsual = 64;

struct Arguments {
    std::uint64_t first = 1;
    std::uint64_t last = 3;
    bool verbose = false;
    std::vector<fs::path> paths;
};

std::vector<fs::path> transcripts_below(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const fs::path& path : paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
            if (entry.path().extension() == ".ftp") { files.push_back(entry.path()); }
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The settings of a transcript, or a sentence that says what is wrong with them.
std::string read_settings(const conform::Transcript& transcript, config::Snapshot& snapshot) {
    config::Loader loader;
    std::uint16_t ports = kPortsUsual;
    for (const std::string& setting : transcript.settings) {
        if (setting.starts_with(kPortsSetting)) {
            const char* text = setting.data() + kPortsSetting.size();
            std::from_chars(text, setting.data() + setting.size(), ports);
        } else if (setting.starts_with(kFileBytesSetting)) {
            continue;  // a limit of the process: such cases need real sockets
        } else {
            loader.add_assignment("--set", setting);
        }
    }
    const config::Loaded loaded = std::move(loader).finish();
    if (!loaded.is_valid()) { return loaded.diagnostics.render(); }
    snapshot = loaded.snapshot;
    snapshot.anonymous.writable = transcript.writable;
    snapshot.server.passive_ports =
        config::PortRange(kPortsFirst, static_cast<std::uint16_t>(kPortsFirst + ports - 1));
    return {};
}

conform::Outcome play(const conform::Transcript& transcript, const config::Snapshot& snapshot,
                      std::uint64_t seed, bool faults, bool verbose,
                      const std::string& replay) {
    TranscriptWorld world(seed, snapshot, faults, replay.c_str());
    world.set_verbose(verbose);
    const conform::Outcome outcome = conform::run_transcript(transcript, world, {});
    world.finish();
    return outcome;
}

void print_details(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::printf("# %.*s\n", static_cast<int>(end), text.data());
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// A case of a file; what is wrong with a file that cannot be read stands in its only case.
struct Case {
    fs::path file;
    conform::Transcript transcript;
    std::string problem;
};

std::vector<Case> read_cases(const std::vector<fs::path>& files) {
    std::vector<Case> cases;
    for (const fs::path& file : files) {
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::string name =
            file.parent_path().filename().string() + "/" + file.stem().string();
        std::optional<conform::ParseError> error;
        std::vector<conform::Transcript> transcripts = conform::parse_cases(name, text, error);
        if (error) {
            conform::Transcript broken;
            broken.name = name;
            cases.push_back({file, broken, error->message});
            continue;
        }
        for (conform::Transcript& transcript : transcripts) {
            cases.push_back({file, std::move(transcript), {}});
        }
    }
    return cases;
}

// One line of the report; false when the case failed.
bool run_case(const Case& one, std::size_t number, const Arguments& arguments) {
    const conform::Transcript& transcript = one.transcript;
    config::Snapshot snapshot;
    std::string problem =
        one.problem.empty() ? read_settings(transcript, snapshot) : one.problem;
    std::string skipped;
    for (std::uint64_t seed = arguments.first - 1; problem.empty() && seed <= arguments.last;
         ++seed) {
        const bool faults = seed >= arguments.first;
        const std::string range = std::to_string(std::max(seed, std::uint64_t{1}));
        const conform::Outcome outcome =
            play(transcript, snapshot, seed, faults, arguments.verbose,
                 "sim_transcripts --seeds " + range + "-" + range + " " + one.file.string());
        if (outcome.verdict == conform::Verdict::Skipped) { skipped = outcome.message; }
        if (outcome.verdict == conform::Verdict::Failed) {
            problem = "seed " + std::to_string(seed) + (faults ? "" : " (no faults)") +
                      ", line " + std::to_string(outcome.line) + ": " + outcome.message + "\n" +
                      outcome.conversation;
        }
    }
    std::printf("%sok %zu - %s%s%s\n", problem.empty() ? "" : "not ", number, transcript.name.c_str(),
                skipped.empty() ? "" : " # SKIP ", skipped.c_str());
    print_details(problem);
    std::fflush(stdout);
    return problem.empty();
}

bool parse(int count, char** values, Arguments& arguments) {
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(values[i], "--seeds") == 0 && i + 1 < count) {
            char* end = nullptr;
            arguments.first = std::strtoull(values[++i], &end, 10);
            if (*end != '-') { return false; }
            arguments.last = std::strtoull(end + 1, nullptr, 10);
        } else if (std::strcmp(values[i], "--verbose") == 0) {
            arguments.verbose = true;
        } else {
            arguments.paths.emplace_back(values[i]);
        }
    }
    return arguments.first >= 1 && !arguments.paths.empty();
}

}  // namespace
}  // namespace sluice::sim

int main(int count, char** values) {
    sluice::sim::Arguments arguments;
    if (!sluice::sim::parse(count, values, arguments)) {
        std::fprintf(stderr, "usage: sim_transcripts [--seeds A-B] [--verbose] PATH...\n");
        return 64;
    }
    const std::vector<std::filesystem::path> files =
        sluice::sim::transcripts_below(arguments.paths);
    const std::vector<sluice::sim::Case> cases = sluice::sim::read_cases(files);
    std::printf("TAP version 13\n1..%zu\n", cases.size());
    bool passed = !cases.empty();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        passed = sluice::sim::run_case(cases[i], i + 1, arguments) && passed;
    }
    return passed ? 0 : 1;
}
