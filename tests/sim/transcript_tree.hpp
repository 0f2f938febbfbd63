// conform::Tree over the simulator's file system: what a transcript sets up and checks.
//
// Owned by: TranscriptWorld. Thread: one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conform/tree.hpp"
#include "sim/world.hpp"

namespace sluice::sim {

class TranscriptTree final : public conform::Tree {
public:
    static constexpr const char* kRoot = "/srv/ftp";
    static constexpr const char* kOutside = "/outside";

    // Makes the served directory and the one beside it.
    explicit TranscriptTree(World& world);

    Status make_directory(const std::string& path) override;
    Status make_file(const std::string& path, std::string_view content) override;
    Status make_link(const std::string& path, const std::string& target) override;
    Status make_fifo(const std::string& path) override;
    Status set_permissions(const std::string& path, std::uint32_t permissions) override;
    Status set_modified(const std::string& path, std::int64_t seconds) override;
    Status truncate(const std::string& path, std::uint64_t size) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    conform::Node look(const std::string& path) const override;
    Result<std::string> content(const std::string& path) const override;
    Result<std::vector<std::string>> entries(const std::string& path) const override;
    std::string outside_path() const override { return kOutside; }

private:
    InodeId find(const std::string& path) const;
    static std::string real(const std::string& path);

    World& world_;
};

}  // namespace sluice::sim
