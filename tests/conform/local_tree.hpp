// The served directory and the one beside it, changed and looked at by plain system calls.
//
// What is made belongs to `owner` when one is given: the user that the server acts as.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tree.hpp"

namespace sluice::conform {

class LocalTree final : public Tree {
public:
    LocalTree(std::string root, std::string outside, std::optional<std::uint32_t> owner)
        : root_(std::move(root)), outside_(std::move(outside)), owner_(owner) {}

    Status make_directory(const std::string& path) override;
    Status make_file(const std::string& path, std::string_view content) override;
    Status make_link(const std::string& path, const std::string& target) override;
    Status make_fifo(const std::string& path) override;
    Status set_permissions(const std::string& path, std::uint32_t permissions) override;
    Status set_modified(const std::string& path, std::int64_t seconds) override;
    Status truncate(const std::string& path, std::uint64_t size) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Node look(const std::string& path) const override;
    Result<std::string> content(const std::string& path) const override;
    Result<std::vector<std::string>> entries(const std::string& path) const override;

    std::string outside_path() const override { return outside_; }
    Status clear() override;

private:
    std::string real(const std::string& path) const;
    Status give_away(const std::string& path, Status made) const;

    std::string root_;
    std::string outside_;
    std::optional<std::uint32_t> owner_;
};

// Removes what is at `path`, a directory with all it holds; a missing path is fine.
Status remove_tree(const std::string& path);
// A fresh directory below TMPDIR or /tmp.
Result<std::string> make_temporary_directory(std::string_view prefix);

}  // namespace sluice::conform
