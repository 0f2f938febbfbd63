// A file that only grows: logs. The one thing outside the served tree that is opened while serving.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::sys {

class AppendFile {
public:
    AppendFile() = default;
    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;
    ~AppendFile();

    // Opens or creates `path` (mode 0640) for appending. An empty path is standard error.
    Status open(const std::string& path);
    // Opens the path again: the old file may have been renamed away. Keeps the old one on failure.
    Status reopen();
    // Whether open() would succeed, now and by this user; makes nothing. NotFound: the folder is
    // missing.
    static Status probe(const std::string& path);
    // Writes all of it; may sleep.
    Status write(std::string_view bytes);

private:
    std::string path_;
    int fd_ = -1;
};

}  // namespace sluice::sys
