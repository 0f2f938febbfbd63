// The files of a server that is reached by FTP alone: the administrator is one more FTP session.
//
// Every operation logs in afresh: a server may lock, cache or time out as it likes between two
// steps, and the suite's own cases count sessions. What FTP cannot do (links, permissions, anything
// outside of the tree) is NotSupported, and the case that needs it is skipped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tree.hpp"
#include "world.hpp"

namespace sluice::conform {

class FtpTree final : public Tree {
public:
    // `net` dials; it outlives the tree.
    FtpTree(World& net, std::string user, std::string password)
        : net_(net), user_(std::move(user)), password_(std::move(password)) {}

    bool can_log_in() const;
    // Whether a directory can be made and removed again.
    bool can_write();

    Status make_directory(const std::string& path) override;
    Status make_file(const std::string& path, std::string_view content) override;
    Status make_link(const std::string&, const std::string&) override {
        return fail(Errc::NotSupported);
    }
    Status make_fifo(const std::string&) override { return fail(Errc::NotSupported); }
    Status set_permissions(const std::string&, std::uint32_t) override {
        return fail(Errc::NotSupported);
    }
    Status set_modified(const std::string& path, std::int64_t seconds) override;
    Status truncate(const std::string&, std::uint64_t) override { return fail(Errc::NotSupported); }
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Node look(const std::string& path) const override;
    Result<std::string> content(const std::string& path) const override;
    Result<std::vector<std::string>> entries(const std::string& path) const override;
    std::string outside_path() const override { return "@outside"; }
    Status clear() override;
    bool is_remote() const override { return true; }

private:
    World& net_;
    std::string user_;
    std::string password_;
};

}  // namespace sluice::conform
