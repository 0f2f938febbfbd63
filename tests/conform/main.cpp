// conform_run: plays transcripts against a server and reports as TAP, one line for each case.
//
//     conform_run --server-binary build/src/app/sluiced --engine epoll tests/conform
//     conform_run --server 127.0.0.1:2121 --codes tests/conform/codes.txt FILE...
//
// With --server-binary each set of settings gets a sluiced of its own; after each case it must be
// alive, serve a fresh session and hold no more descriptors than before, and with --codes the whole
// run must have seen every reply code of every command. With --server any FTP server is asked for
// what every server must do; tests/conform/run is the command for people.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "authority.hpp"
#include "cases.hpp"
#include "codes.hpp"
#include "ftp_tree.hpp"
#include "local_tree.hpp"
#include "report.hpp"
#include "runner.hpp"
#include "server_process.hpp"
#include "socket_world.hpp"
#include "transcript.hpp"

namespace sluice::conform {
namespace {

namespace fs = std::filesystem;

// In settings: the file with the authority that vouches for what clients show.
constexpr std::string_view kAuthoritySetting = "=@authority";

// What every case must leave behind: a server that greets, logs in and serves a megabyte; over TLS
// where it takes no other, with a certificate where it wants one.
std::string alive_text(const std::vector<std::string>& settings) {
    const auto sets = [&settings](std::string_view setting) {
        return std::find(settings.begin(), settings.end(), setting) != settings.end();
    };
    const bool certified = sets("tls.client_certificates=required");
    const bool protects = certified || sets("tls.protect_data=true") || sets("tls.mode=required");
    return fmt::format(
        "file .alive 1M\n"
        "{}{}"
        "> TYPE I\n"
        "< 200 *\n"
        "{}"
        "data PASV\n"
        "> RETR .alive\n"
        "< 150 *\n"
        "{}"
        "receive == .alive\n"
        "< 226 *\n",
        protects ? "> AUTH TLS\n< 234 *\n" : "",
        certified  ? "tls as anonymous\n> USER anonymous\n< 232 *\n"
        : protects ? "tls\nlogin\n"
                   : "login\n",
        protects ? "> PBSZ 0\n< 200 *\n> PROT P\n< 200 *\n" : "", protects ? "tls data\n" : "");
}

// How long the server may take to let go of what a case used.
constexpr int kReleaseMilliseconds = 5'000;

// A file that cannot be read as transcripts.
struct BrokenFile {
    std::string name;
    std::string message;
};

std::string read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool is_wanted(const Arguments& arguments, const std::string& name) {
    return arguments.matches.empty() ||
           std::any_of(arguments.matches.begin(), arguments.matches.end(),
                       [&name](const auto& part) { return name.find(part) != std::string::npos; });
}

std::vector<Case> read_cases(const Arguments& arguments, std::vector<BrokenFile>& broken) {
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
        const std::string name = file.lexically_relative(base).replace_extension().string();
        std::optional<ParseError> error;
        std::vector<Transcript> transcripts = parse_cases(name, read_file(file), error);
        if (error) {
            broken.push_back(
                {name, fmt::format("{}:{}: {}", file.string(), error->line, error->message)});
            continue;
        }
        for (Transcript& transcript : transcripts) {
            if (is_wanted(arguments, transcript.name)) {
                cases.push_back({file.string(), std::move(transcript)});
            }
        }
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

// Runs a case on a clean tree and then asks whether the server is still whole; "" when all held.
class CaseRunner {
public:
    CaseRunner(SocketWorld& world, ServerProcess* process, RunOptions options,
               const std::vector<std::string>& settings = {})
        : world_(world), process_(process), options_(std::move(options)) {
        std::optional<ParseError> error;
        alive_ = parse_transcript("alive", alive_text(settings), error);
    }

    Outcome run(const Case& one) {
        const int before = process_ != nullptr ? process_->descriptors() : 0;
        Outcome outcome = play(one.transcript);
        seen_.insert(seen_.end(), outcome.exchanges.begin(), outcome.exchanges.end());
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

    const std::vector<Exchange>& seen() const { return seen_; }

private:
    Outcome play(const Transcript& transcript) {
        const bool has_tree = options_.foreign == nullptr || options_.foreign->has_tree;
        const Status cleared = has_tree ? world_.tree().clear() : Status();
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
    std::vector<Exchange> seen_;
};

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
               const Arguments& arguments, Report& report, std::vector<Exchange>& seen) {
    const Result<std::string> folder = make_temporary_directory("sluice-conform");
    const std::string server_name = fmt::format("server: {}", key);
    ServerProcess process;
    const Certificate authority("Authority of the clients", nullptr);
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
        for (std::string& setting : options.settings) {
            if (setting.ends_with(kAuthoritySetting)) {
                const std::string file = *folder + "/authority.pem";
                std::ofstream(file) << authority.pem();
                setting.replace(setting.size() - kAuthoritySetting.size() + 1, std::string::npos,
                                file);
            }
        }
        problem = process.start(options);
    }
    if (!problem.empty()) {
        for (const Case* one : cases) {
            report.failed(one->transcript.name, "no server");
        }
        report.failed(server_name, problem);
        return;
    }
    SocketWorld::Options served;
    served.ipv4 = process.ipv4();
    served.ipv6 = process.ipv6();
    served.folder = *folder;
    served.authority = &authority;
    SocketWorld world(served);
    CaseRunner runner(world, &process, {}, cases.front()->transcript.settings);
    const Outcome warm = runner.warm_up();
    for (const Case* one : cases) {
        report.add(*one, runner.run(*one));
    }
    seen.insert(seen.end(), runner.seen().begin(), runner.seen().end());
    problem = warm.verdict == Verdict::Passed ? process.stop() : warm.message;
    if (problem.empty()) {
        problem = check_output(process.output());
    }
    if (problem.empty()) {
        report.passed(server_name);
    } else {
        report.failed(server_name, problem);
    }
    const Status removed = remove_tree(*folder);
    if (!removed) {
        fmt::print("# {} is left behind: {}\n", *folder, text_of(removed.error()));
    }
}

// Of the replies to all cases together: every code of every row, and no other.
void check_codes(const CodeTable& codes, const std::vector<Exchange>& seen, Report& report) {
    const std::string problem = codes.compare(seen);
    if (problem.empty()) {
        report.passed("codes: every reply of every command is met by a case");
    } else {
        report.failed("codes: every reply of every command is met by a case", problem);
    }
}

// The file of --codes; exits when it cannot be used.
CodeTable read_codes(const Arguments& arguments) {
    std::optional<ParseError> error;
    CodeTable codes = CodeTable::parse(read_file(arguments.codes), error);
    if (error) {
        fmt::print("Bail out! {}:{}: {}\n", arguments.codes, error->line, error->message);
        std::exit(1);
    }
    return codes;
}

void open_results(const Arguments& arguments, Report& report) {
    if (!arguments.results.empty() && !report.open_results(arguments.results)) {
        fmt::print("Bail out! cannot write {}\n", arguments.results);
        std::exit(1);
    }
}

int run_against_binary(const std::vector<Case>& cases, const std::vector<BrokenFile>& broken,
                       const Arguments& arguments) {
    std::map<std::string, std::vector<const Case*>> groups;
    for (const Case& one : cases) {
        groups[settings_key(one.transcript)].push_back(&one);
    }
    CodeTable codes;
    if (!arguments.codes.empty()) {
        codes = read_codes(arguments);
    }
    Report report(cases.size() + groups.size() + broken.size() + (arguments.codes.empty() ? 0 : 1));
    open_results(arguments, report);
    for (const BrokenFile& one : broken) {
        report.failed(one.name, one.message);
    }
    std::vector<Exchange> seen;
    for (const auto& [key, group] : groups) {
        run_group(key, group, arguments, report, seen);
    }
    if (!arguments.codes.empty()) {
        check_codes(codes, seen, report);
    }
    return report.all_passed() ? 0 : 1;
}

// Why the suite must not touch this server's files, or "".
std::string refuse_tree(SocketWorld& world, const std::string& root) {
    const Result<std::vector<std::string>> names = world.tree().entries(root.empty() ? "" : ".");
    if (!names) {
        return fmt::format("cannot list the server's folder: {}", text_of(names.error()));
    }
    if (names->empty()) {
        return {};
    }
    return fmt::format(
        "the server's folder is not empty ('{}'): the suite empties it again and "
        "again, so it must have nothing in it. Serve an empty one, or say --no-tree",
        names->front());
}

int run_against_other(const std::vector<Case>& cases, const std::vector<BrokenFile>& broken,
                      const Arguments& arguments) {
    const Result<std::string> folder = make_temporary_directory("sluice-conform");
    if (!folder) {
        fmt::print("Bail out! no temporary directory\n");
        return 1;
    }
    const CodeTable codes = read_codes(arguments);
    fs::create_directory(*folder + "/outside");
    SocketWorld::Options options;
    options.ipv4 = arguments.server;
    options.folder = *folder;
    options.root = arguments.root;
    options.step_milliseconds = static_cast<int>(arguments.patience_ms);
    if (arguments.owner != 0) {
        options.owner = arguments.owner;
    }
    SocketWorld world(options);
    ForeignServer foreign;
    foreign.codes = &codes;
    if (!arguments.user.empty()) {
        foreign.user = arguments.user;
        foreign.password = arguments.password;
    }
    auto remote = std::make_unique<FtpTree>(world, foreign.user, foreign.password);
    std::string problem;
    if (!remote->can_log_in()) {
        problem = fmt::format("cannot log in as {} at {}:{}", foreign.user, arguments.server.host,
                              arguments.server.port);
    } else {
        foreign.writable = remote->can_write();
        foreign.has_tree =
            arguments.tree != "none" && (!arguments.root.empty() || foreign.writable);
        if (arguments.root.empty()) {
            world.use_tree(std::move(remote));
        }
        problem = foreign.has_tree ? refuse_tree(world, arguments.root) : std::string();
    }
    if (!problem.empty()) {
        fmt::print("Bail out! {}\n", problem);
        (void)remove_tree(*folder);
        return 1;
    }
    Report report(cases.size() + broken.size());
    open_results(arguments, report);
    for (const BrokenFile& one : broken) {
        report.failed(one.name, one.message);
    }
    CaseRunner runner(world, nullptr, {arguments.reference, &foreign});
    for (const Case& one : cases) {
        report.add(one, runner.run(one));
    }
    if (foreign.has_tree) {
        (void)world.tree().clear();
    }
    (void)remove_tree(*folder);
    return report.all_passed() ? 0 : 1;
}

int run(int count, char** values) {
    Arguments arguments;
    if (!parse_arguments(count, values, arguments)) {
        fmt::print(stderr, kUsage);
        return 64;
    }
    std::vector<BrokenFile> broken;
    const std::vector<Case> cases = read_cases(arguments, broken);
    if (cases.empty() && broken.empty()) {
        fmt::print("Bail out! no such case\n");
        return 1;
    }
    return arguments.binary.empty() ? run_against_other(cases, broken, arguments)
                                    : run_against_binary(cases, broken, arguments);
}

}  // namespace
}  // namespace sluice::conform

int main(int count, char** values) {
    // OpenSSL writes to sockets that the server has closed.
    std::signal(SIGPIPE, SIG_IGN);
    return sluice::conform::run(count, values);
}
