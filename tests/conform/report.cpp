#include "report.hpp"

#include <fmt/format.h>

namespace sluice::conform {
namespace {

// Bytes beyond ASCII are shown as Latin-1 characters: what a server sent need not be UTF-8.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7F) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string_view word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Passed:
            return "passed";
        case Verdict::Failed:
            return "failed";
        case Verdict::Skipped:
            return "not applicable";
    }
    return "?";
}

}  // namespace

Report::Report(std::size_t planned) {
    fmt::print("TAP version 13\n1..{}\n", planned);
}

bool Report::open_results(const std::string& path) {
    results_.reset(std::fopen(path.c_str(), "w"));
    return results_ != nullptr;
}

void Report::add(const Case& one, const Outcome& outcome) {
    const std::string& name = one.transcript.name;
    switch (outcome.verdict) {
        case Verdict::Passed:
            passed(name);
            break;
        case Verdict::Skipped:
            skipped(name, outcome.message);
            break;
        case Verdict::Failed:
            failed(name, fmt::format("{}:{}: {}\n{}", one.file, outcome.line, outcome.message,
                                     outcome.conversation));
            break;
    }
    if (results_ == nullptr) {
        return;
    }
    std::string commands;
    for (const std::string& command : one.transcript.covers) {
        commands += (commands.empty() ? "" : ",") + quoted(command);
    }
    fmt::print(results_.get(),
               "{{\"name\":{},\"file\":{},\"line\":{},\"verdict\":\"{}\",\"commands\":[{}],"
               "\"command\":{},\"message\":{},\"conversation\":{}}}\n",
               quoted(name), quoted(one.file), outcome.line, word_of(outcome.verdict), commands,
               quoted(outcome.command), quoted(outcome.message), quoted(outcome.conversation));
}

void Report::passed(const std::string& name) {
    fmt::print("ok {} - {}\n", ++count_, name);
    (void)std::fflush(stdout);
}

void Report::skipped(const std::string& name, const std::string& reason) {
    fmt::print("ok {} - {} # SKIP {}\n", ++count_, name, reason);
    (void)std::fflush(stdout);
}

void Report::failed(const std::string& name, std::string_view details) {
    fmt::print("not ok {} - {}\n", ++count_, name);
    while (!details.empty()) {
        const std::size_t end = details.find('\n');
        fmt::print("# {}\n", details.substr(0, end));
        details.remove_prefix(end == std::string_view::npos ? details.size() : end + 1);
    }
    ++failures_;
    (void)std::fflush(stdout);
}

}  // namespace sluice::conform
