// conform_run: plays transcripts against a server and reports as TAP, one case for each file.
//
//     conform_run --server-binary build/src/app/sluiced --engine epoll tests/conform
//     conform_run --server 127.0.0.1:2121 --root /srv/ftp --reference vsftpd FILE...
//
// With --server-binary each set of settings gets a server of its own; after each case the server
// must be alive, serve a fresh session and hold no more descriptors than before.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "local_tree.hpp"
#include "pattern.hpp"
#include "runner.hpp"
#include "server_process.hpp"
#include "socket_world.hpp"
#include "transcript.hpp"

namespace sluice::conform {
namespace {

namespace fs = std::filesystem;

struct Arguments {
    std::string binary;
    std::string engine = "auto";
    std::uint32_t shards = 2;
    Endpoint server;
    std::string root;
    std::string reference;
    std::vector<fs::path> paths;
};

// What every case must leave behind: a server that greets, logs in and serves a megabyte.
constexpr std::string_view kAlive =
    "file .alive 1M\n"
    "login\n"
    "> TYPE I\n"
    "< 200 *\n"
    "data PASV\n"
    "> RETR .alive\n"
    "< 150 *\n"
    "receive == .alive\n"
    "< 226 *\n";

// How long the server may take to let go of what a case used.
constexpr int kReleaseMilliseconds = 5'000;

class Report {
public:
    explicit Report(std::size_t planned) { fmt::print("TAP version 13\n1..{}\n", planned); }

    void passed(const std::string& name) { fmt::print("ok {} - {}\n", ++count_, name); }
    void skipped(const std::string& name, const std::string& reason) {
        fmt::print("ok {} - {} # SKIP {}\n", ++count_, name, reason);
    }
    void failed(const std::string& name, std::string_view details) {
        fmt::print("not ok {} - {}\n", ++count_, name);
        while (!details.empty()) {
            const std::size_t end = details.find('\n');
            fmt::print("# {}\n", details.substr(0, end));
            details.remove_prefix(end == std::string_view::npos ? details.size() : end + 1);
        }
        ++failures_;
    }
    void flush() { (void)std::fflush(stdout); }
    bool all_passed() const { return failures_ == 0; }

private:
    std::size_t count_ = 0;
    std::size_t failures_ = 0;
};

struct Case {
    std::string name;
    std::string file;
    Transcript transcript;
    std::optional<ParseError> error;
};

std::vector<Case> read_cases(const Arguments& arguments) {
    std::vector<std::pair<fs::path, fs::path>> files;  // with the directory it was found below
    for (const fs::path& path : arguments.paths) {
        if (!fs::is_directory(path)) {
            files.emplace_back(path, path.parent_path());
            continue;
        }
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
            if (entry.path().extension() == ".ftp") {
                files.emplace_back(entry.path(), path);
            }
        }
    }
    std::sort(files.begin(), files.end());
    std::vector<Case> cases;
    for (const auto& [file, base] : files) {
        Case one;
        one.file = file.string();
        one.name = file.lexically_relative(base).replace_extension().string();
        std::ifstream in(file, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        one.transcript = parse_transcript(one.name, text, one.error);
        cases.push_back(std::move(one));
    }
    return cases;
}

std::string settings_key(const Transcript& transcript) {
    std::string key = transcript.writable ? "writable" : "readonly";
    for (const std::string& setting : transcript.settings) {
        key += ' ' + printable(setting);
    }
    return key;
}

std::string details_of(const Case& one, const Outcome& outcome) {
    return fmt::format("{}:{}: {}\n{}", one.file, outcome.line, outcome.message,
                       outcome.conversation);
}

// Runs a case on a clean tree and then asks whether the server is still whole; "" when all held.
class CaseRunner {
public:
    CaseRunner(SocketWorld& world, ServerProcess* process, RunOptions options)
        : world_(world), process_(process), options_(std::move(options)) {
        std::optional<ParseError> error;
        alive_ = parse_transcript("alive", kAlive, error);
    }

    Outcome run(const Case& one) {
        const int before = process_ != nullptr ? process_->descriptors() : 0;
        Outcome outcome = play(one.transcript);
        if (outcome.verdict != Verdict::Passed) {
            return outcome;
        }
        const std::string after = state_after(before);
        if (!after.empty()) {
            outcome.verdict = Verdict::Failed;
            outcome.message = after;
        }
        return outcome;
    }

    // One session of every kind of thing a server does lazily.
    Outcome warm_up() { return play(alive_); }

private:
    Outcome play(const Transcript& transcript) {
        const Status cleared = world_.clear_tree();
        if (!cleared) {
            Outcome outcome;
            outcome.verdict = Verdict::Failed;
            outcome.message = fmt::format("cannot clear the tree: {}", text_of(cleared.error()));
            return outcome;
        }
        return run_transcript(transcript, world_, options_);
    }

    std::string state_after(int descriptors_before) {
        if (process_ == nullptr) {
            return {};
        }
        if (!process_->is_running()) {
            return fmt::format("the server ended; it said:\n{}", process_->output());
        }
        const Outcome alive = play(alive_);
        if (alive.verdict != Verdict::Passed) {
            return fmt::format("afterwards a fresh session fails: {}\n{}", alive.message,
                               alive.conversation);
        }
        const auto deadline =
            std::chrono::steady_clock::now() + std::chrono::milliseconds(kReleaseMilliseconds);
        while (process_->descriptors() > descriptors_before) {
            if (std::chrono::steady_clock::now() > deadline) {
                return fmt::format("the server holds {} descriptors, {} before the case",
                                   process_->descriptors(), descriptors_before);
            }
            (void)::poll(nullptr, 0, 10);
        }
        return {};
    }

    SocketWorld& world_;
    ServerProcess* process_;
    RunOptions options_;
    Transcript alive_;
};

void report_case(Report& report, const Case& one, const Outcome& outcome) {
    switch (outcome.verdict) {
        case Verdict::Passed:
            report.passed(one.name);
            break;
        case Verdict::Skipped:
            report.skipped(one.name, outcome.message);
            break;
        case Verdict::Failed:
            report.failed(one.name, details_of(one, outcome));
            break;
    }
    report.flush();
}

// A log line is text; a client must not be able to write anything else into it.
std::string check_output(const std::string& output) {
    for (const char c : output) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n') || byte == 0x7F) {
            return fmt::format("a raw control byte {:#04x} in the server's output", byte);
        }
    }
    return {};
}

void run_group(const std::string& key, const std::vector<const Case*>& cases,
               const Arguments& arguments, Report& report) {
    const Result<std::string> folder = make_temporary_directory("sluice-conform");
    const std::string server_name = fmt::format("server: {}", key);
    ServerProcess process;
    std::string problem;
    if (!folder) {
        problem = fmt::format("no temporary directory: {}", text_of(folder.error()));
    } else {
        fs::create_directory(*folder + "/root");
        fs::create_directory(*folder + "/outside");
        fs::permissions(*folder, fs::perms::all);
        ServerProcess::Options options;
        options.binary = arguments.binary;
        options.root = *folder + "/root";
        options.engine = arguments.engine;
        options.shards = arguments.shards;
        options.writable = cases.front()->transcript.writable;
        options.settings = cases.front()->transcript.settings;
        problem = process.start(options);
    }
    if (!problem.empty()) {
        for (const Case* one : cases) {
            report.failed(one->name, "no server");
        }
        report.failed(server_name, problem);
        return;
    }
    SocketWorld world({process.ipv4(), process.ipv6(), *folder, ""});
    CaseRunner runner(world, &process, {});
    const Outcome warm = runner.warm_up();
    for (const Case* one : cases) {
        report_case(report, *one, runner.run(*one));
    }
    problem = warm.verdict == Verdict::Passed ? process.stop() : warm.message;
    if (problem.empty()) {
        problem = check_output(process.output());
    }
    if (problem.empty()) {
        report.passed(server_name);
    } else {
        report.failed(server_name, problem);
    }
    report.flush();
    const Status removed = remove_tree(*folder);
    if (!removed) {
        fmt::print("# {} is left behind: {}\n", *folder, text_of(removed.error()));
    }
}

void run_against_binary(const std::vector<Case>& cases, const Arguments& arguments) {
    std::map<std::string, std::vector<const Case*>> groups;
    for (const Case& one : cases) {
        if (!one.error) {
            groups[settings_key(one.transcript)].push_back(&one);
        }
    }
    const auto broken = std::count_if(cases.begin(), cases.end(),
                                      [](const Case& one) { return one.error.has_value(); });
    Report report(cases.size() + groups.size());
    if (broken != 0) {
        for (const Case& one : cases) {
            if (one.error) {
                report.failed(one.name, fmt::format("{}:{}: {}", one.file, one.error->line,
                                                    one.error->message));
            }
        }
    }
    for (const auto& [key, group] : groups) {
        run_group(key, group, arguments, report);
    }
    std::exit(report.all_passed() ? 0 : 1);
}

void run_against_other(const std::vector<Case>& cases, const Arguments& arguments) {
    const Result<std::string> folder = make_temporary_directory("sluice-conform");
    if (!folder) {
        fmt::print("Bail out! no temporary directory\n");
        std::exit(1);
    }
    fs::create_directory(*folder + "/outside");
    Report report(cases.size());
    SocketWorld world({arguments.server, {}, *folder, arguments.root});
    CaseRunner runner(world, nullptr, {arguments.reference});
    for (const Case& one : cases) {
        if (one.error) {
            report.failed(one.name, one.error->message);
        } else if (!one.transcript.settings.empty()) {
            report.skipped(one.name, "needs settings of sluice");
        } else {
            report_case(report, one, runner.run(one));
        }
    }
    (void)remove_tree(*folder);
    std::exit(report.all_passed() ? 0 : 1);
}

bool parse_arguments(int count, char** values, Arguments& out) {
    for (int i = 1; i < count; ++i) {
        const std::string_view word(values[i]);
        if (!word.starts_with("--")) {
            out.paths.emplace_back(word);
            continue;
        }
        if (++i == count) {
            return false;
        }
        const std::string value(values[i]);
        const char* const end = value.data() + value.size();
        if (word == "--server-binary") {
            out.binary = value;
        } else if (word == "--engine") {
            out.engine = value;
        } else if (word == "--shards") {
            if (std::from_chars(value.data(), end, out.shards).ec != std::errc()) {
                return false;
            }
        } else if (word == "--root") {
            out.root = value;
        } else if (word == "--reference") {
            out.reference = value;
        } else if (word == "--server") {
            const std::size_t colon = std::min(value.rfind(':'), value.size() - 1);
            out.server.host = value.substr(0, colon);
            if (std::from_chars(value.data() + colon + 1, end, out.server.port).ec != std::errc()) {
                return false;
            }
        } else {
            return false;
        }
    }
    return !out.paths.empty() && (out.binary.empty() != (out.server.port == 0)) &&
           (out.server.port == 0 || (!out.root.empty() && !out.reference.empty()));
}

int run(int count, char** values) {
    Arguments arguments;
    if (!parse_arguments(count, values, arguments)) {
        fmt::print(stderr,
                   "usage: conform_run --server-binary PATH [--engine NAME] [--shards N] PATH...\n"
                   "       conform_run --server HOST:PORT --root DIR --reference NAME PATH...\n");
        return 64;
    }
    const std::vector<Case> cases = read_cases(arguments);
    if (cases.empty()) {
        fmt::print("Bail out! no transcripts\n");
        return 1;
    }
    if (arguments.binary.empty()) {
        run_against_other(cases, arguments);
    } else {
        run_against_binary(cases, arguments);
    }
    return 0;
}

}  // namespace
}  // namespace sluice::conform

int main(int count, char** values) {
    return sluice::conform::run(count, values);
}
