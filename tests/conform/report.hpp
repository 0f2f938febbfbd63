// What conform_run says about its cases: TAP on the standard output, and for programs one JSON
// object a line in a file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "runner.hpp"
#include "transcript.hpp"

namespace sluice::conform {

struct Case {
    std::string file;
    Transcript transcript;  // its name is the case's
};

class Report {
public:
    explicit Report(std::size_t planned);

    // Of further lines: false when the file cannot be written.
    bool open_results(const std::string& path);

    void add(const Case& one, const Outcome& outcome);
    // What is no case: a server that ends badly, a file that cannot be read.
    void passed(const std::string& name);
    void skipped(const std::string& name, const std::string& reason);
    void failed(const std::string& name, std::string_view details);
    bool all_passed() const { return failures_ == 0; }

private:
    struct CloseFile {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, CloseFile> results_;
    std::size_t count_ = 0;
    std::size_t failures_ = 0;
};

}  // namespace sluice::conform
