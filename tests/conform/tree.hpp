// The files of a server under test, as its administrator sees them: apart from World, so that a
// SocketWorld serves a directory of this machine as well as a server that is reached by FTP alone.
//
// Paths are relative to the served root; those that begin with "@outside/" name a directory beside
// it, which no client may ever reach. What an implementation cannot do is NotSupported. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::conform {

// What stands at a path of the tree. `Missing` is an answer, not an error.
enum class NodeKind : std::uint8_t { Missing, File, Directory, Link, Other };
struct Node {
    NodeKind kind = NodeKind::Missing;
    std::uint64_t size = 0;
    std::uint32_t permissions = 0;      // 07777 bits
    std::int64_t modified_seconds = 0;  // since 1970, UTC
};

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
    virtual Status remove(const std::string& path) = 0;    // a directory with all it holds
    virtual Node look(const std::string& path) const = 0;  // does not follow a link at the end
    virtual Result<std::string> content(const std::string& path) const = 0;
    virtual Result<std::vector<std::string>> entries(const std::string& path) const = 0;
    // Where "@outside" is as the server sees it, for targets of links.
    virtual std::string outside_path() const = 0;
    // Empties the served directory and the one beside it, where a tree serves many cases.
    virtual Status clear() { return fail(Errc::NotSupported); }
    // Seen over FTP: no permissions, no links, nothing outside.
    virtual bool is_remote() const { return false; }
};

}  // namespace sluice::conform
