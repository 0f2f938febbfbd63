// The files of a server under test, as its administrator sees them: below World, so that a
// SocketWorld serves a directory of this machine as well as a server that is reached by FTP alone.
//
// Paths are those of World. What an implementation cannot do is NotSupported. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace sluice::conform {

class Tree {
public:
    Tree() = default;
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    virtual ~Tree() = default;

    virtual Status make_directory(const std::string& path) = 0;
    virtual Status make_file(const std::string& path, std::string_view content) = 0;
    virtual Status make_link(const std::string& path, const std::string& target) = 0;
    virtual Status make_fifo(const std::string& path) = 0;
    virtual Status set_permissions(const std::string& path, std::uint32_t permissions) = 0;
    virtual Status set_modified(const std::string& path, std::int64_t seconds) = 0;
    virtual Status truncate(const std::string& path, std::uint64_t size) = 0;
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    virtual Status remove(const std::string& path) = 0;
    virtual Node look(const std::string& path) const = 0;
    virtual Result<std::string> content(const std::string& path) const = 0;
    virtual Result<std::vector<std::string>> entries(const std::string& path) const = 0;
    virtual const std::string& outside_path() const = 0;
    // Empties the served directory and the one beside it.
    virtual Status clear() = 0;
    // Seen over FTP: no permissions, no links, nothing outside.
    virtual bool is_remote() const = 0;
};

}  // namespace sluice::conform
