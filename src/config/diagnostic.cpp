#include "sluice/config/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace sluice::config {
namespace {

// Width of the window shown of a long source line, in code points: with the margin of eight it
// still fits a terminal of 120.
constexpr std::size_t kShownColumnsMax = 110;
// Columns kept before the marked place when the line must be cut.
constexpr std::size_t kShownBefore = 40;

bool continues_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

// Up to `columns` code points of `line` from the code point `start` on. Control characters become
// blanks: a tab would put the caret in the wrong column, an escape would talk to the terminal.
std::string shown_part(std::string_view line, std::size_t start, std::size_t columns) {
    std::string part;
    std::size_t column = 0;
    for (const char c : line) {
        if (!continues_code_point(c)) {
            ++column;
        }
        if (column <= start || column > start + columns) {
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        part.push_back(byte < 0x20 || byte == 0x7F ? ' ' : c);
    }
    return part;
}

std::size_t count_columns(std::string_view line) {
    return static_cast<std::size_t>(
        std::count_if(line.begin(), line.end(), [](char c) { return !continues_code_point(c); }));
}

void render_source(std::string& out, const Diagnostic& diagnostic) {
    const Place& place = diagnostic.place;
    const std::size_t columns = count_columns(place.source_line);
    const std::size_t marked =
        std::min<std::size_t>(place.column > 0 ? place.column - 1 : 0, columns);
    // An error may stand just behind the end of its line.
    const std::size_t start =
        columns > kShownColumnsMax && marked > kShownBefore ? marked - kShownBefore : 0;
    const std::size_t room = kShownColumnsMax - (marked - start);
    const std::size_t behind = std::max<std::size_t>(columns - marked, 1);
    const std::size_t carets =
        std::min({std::max<std::size_t>(place.length, 1), behind, std::max<std::size_t>(room, 1)});
    fmt::format_to(std::back_inserter(out), "{:5} | {}\n", place.line,
                   shown_part(place.source_line, start, kShownColumnsMax));
    fmt::format_to(std::back_inserter(out), "      | {}{}{}{}\n", std::string(marked - start, ' '),
                   std::string(carets, '^'), diagnostic.hint.empty() ? "" : " ", diagnostic.hint);
}

void render_one(std::string& out, const Diagnostic& diagnostic) {
    const Place& place = diagnostic.place;
    switch (place.kind) {
        case Place::Kind::Default:
            break;
        case Place::Kind::File:
            out += place.name;
            if (place.line > 0) {
                fmt::format_to(std::back_inserter(out), ":{}:{}", place.line, place.column);
            }
            out += ": ";
            break;
        case Place::Kind::Environment:
            fmt::format_to(std::back_inserter(out), "environment {}: ", place.name);
            break;
        case Place::Kind::Flag:
            fmt::format_to(std::back_inserter(out), "{}: ", place.name);
            break;
    }
    out += diagnostic.message;
    const bool has_source =
        place.kind == Place::Kind::File && place.line > 0 && !place.source_line.empty();
    if (!has_source && !diagnostic.hint.empty()) {
        fmt::format_to(std::back_inserter(out), "; {}", diagnostic.hint);
    }
    out += diagnostic.severity == Severity::Warning ? " (warning)\n" : "\n";
    if (has_source) {
        render_source(out, diagnostic);
    }
}

std::string counted(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string Place::text() const {
    switch (kind) {
        case Kind::Default:
            return "default";
        case Kind::File:
            return line > 0 ? fmt::format("{}:{}", name, line) : name;
        case Kind::Environment:
        case Kind::Flag:
            return name;
    }
    return name;
}

void Diagnostics::add(Diagnostic diagnostic) {
    if (diagnostic.severity == Severity::Error) {
        ++errors_;
        ++errors_by_kind_[static_cast<std::size_t>(diagnostic.place.kind)];
    } else {
        ++warnings_;
    }
    if (kept_.size() < kKeptMax) {
        kept_.push_back(std::move(diagnostic));
    }
}

std::size_t Diagnostics::errors_from(Place::Kind kind) const {
    return errors_by_kind_[static_cast<std::size_t>(kind)];
}

std::string Diagnostics::render() const {
    if (kept_.empty()) {
        return "";
    }
    std::vector<const Diagnostic*> sorted;
    for (const Diagnostic& diagnostic : kept_) {
        sorted.push_back(&diagnostic);
    }
    // Files by name, each from top to bottom, then the environment and the flags as they came.
    std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic* a, const Diagnostic* b) {
        if (a->place.kind != b->place.kind) {
            return a->place.kind < b->place.kind;
        }
        if (a->place.kind != Place::Kind::File) {
            return false;
        }
        if (a->place.name != b->place.name) {
            return a->place.name < b->place.name;
        }
        if (a->place.line != b->place.line) {
            return a->place.line < b->place.line;
        }
        return a->place.column < b->place.column;
    });
    std::string out;
    for (const Diagnostic* diagnostic : sorted) {
        render_one(out, *diagnostic);
    }
    const std::size_t dropped = errors_ + warnings_ - kept_.size();
    if (dropped > 0) {
        fmt::format_to(std::back_inserter(out), "... and {} more\n", dropped);
    }
    if (errors_ > 0) {
        out += counted(errors_, "error");
    }
    if (errors_ > 0 && warnings_ > 0) {
        out += ", ";
    }
    if (warnings_ > 0) {
        out += counted(warnings_, "warning");
    }
    out += '\n';
    return out;
}

}  // namespace sluice::config
