// What is wrong with a configuration, and where.
//
// Every value knows its place: the file with line and column, the environment variable, the flag,
// or the defaults. Errors are collected and shown together, because an administrator who fixes one
// error at a time restarts the server once per error. Plain values, no I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::config {

// Where a value came from. Lines and columns count from 1; columns count code points.
struct Place {
    enum class Kind : std::uint8_t { Default, File, Environment, Flag };

    Kind kind = Kind::Default;
    std::string name;  // path of the file, name of the variable, spelling of the flag
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t length = 0;  // code points to underline; 0 = one
    std::string source_line;   // the line as written, "" where there is none to show

    // "default", "/etc/sluice.toml:3", "SLUICE_SERVER__ROOT", "--listen".
    std::string text() const;
};

enum class Severity : std::uint8_t { Error, Warning };

struct Diagnostic {
    Severity severity = Severity::Error;
    Place place;
    std::string message;  // without a full stop
    std::string hint;     // "did you mean 'x'?", or ""
};

class Diagnostics {
public:
    // A broken file of 1 MiB could give 100,000 messages; nobody reads past the first hundred. What
    // comes after is counted, and an error among it still counts as an error.
    static constexpr std::size_t kKeptMax = 100;

    void add(Diagnostic diagnostic);

    std::size_t errors() const { return errors_; }
    std::size_t warnings() const { return warnings_; }
    // Errors of one kind of source: a wrong flag and a wrong file end with different exit codes.
    std::size_t errors_from(Place::Kind kind) const;
    const std::vector<Diagnostic>& kept() const { return kept_; }

    // All of it, ready to print, in file order, with a last line such as "2 errors, 1 warning".
    // "" when there is nothing to say.
    std::string render() const;

private:
    std::vector<Diagnostic> kept_;
    std::size_t errors_ = 0;
    std::size_t warnings_ = 0;
    std::size_t errors_by_kind_[4] = {};
};

}  // namespace sluice::config
