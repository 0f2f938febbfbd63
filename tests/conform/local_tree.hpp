// The served directory and the one beside it, changed and looked at by plain system calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "world.hpp"

namespace sluice::conform {

class LocalTree {
public:
    LocalTree(std::string root, std::string outside)
        : root_(std::move(root)), outside_(std::move(outside)) {}

    Status make_directory(const std::string& path);
    Status make_file(const std::string& path, std::string_view content);
    Status make_link(const std::string& path, const std::string& target);
    Status make_fifo(const std::string& path);
    Status set_permissions(const std::string& path, std::uint32_t permissions);
    Status set_modified(const std::string& path, std::int64_t seconds);
    Status truncate(const std::string& path, std::uint64_t size);
    Status rename(const std::string& from, const std::string& to);
    Status remove(const std::string& path);
    Node look(const std::string& path) const;
    Result<std::string> content(const std::string& path) const;
    Result<std::vector<std::string>> entries(const std::string& path) const;

    const std::string& outside_path() const { return outside_; }
    // Empties both directories.
    Status clear();

private:
    std::string real(const std::string& path) const;

    std::string root_;
    std::string outside_;
};

// Removes what is at `path`, a directory with all it holds; a missing path is fine.
Status remove_tree(const std::string& path);
// A fresh directory below TMPDIR or /tmp.
Result<std::string> make_temporary_directory(std::string_view prefix);

}  // namespace sluice::conform
