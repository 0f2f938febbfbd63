// The tree that a scenario serves, and what is known of its contents: clients check what they are
// sent against it.
//
//     /srv/ftp        the root           /outside/secret  must never be seen
//       /pub          files that stay, among them a sparse one of 8 GiB, links of all kinds, a FIFO
//       /pub/many     a directory of many entries
//       /pub/live     files that others truncate, replace and remove meanwhile (Fault::ChangeFiles)
//       /up/c<N>      the writable directory of client N
// Owned by: Scenario. Thread: the one of the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.hpp"
#include "sluice/base/bytes.hpp"

namespace sluice::sim {

// One thing a file has been: `size` bytes of the pattern of `seed`.
struct Version {
    std::uint64_t seed = 0;
    std::int64_t size = 0;
};

class Library {
public:
    static constexpr const char* kRoot = "/srv/ftp";

    // Makes the tree, with a writable directory for each client.
    Library(World& world, std::uint32_t clients);

    // Virtual paths of files to fetch, those that change included.
    const std::vector<std::string>& files() const { return paths_; }
    // All that the file has been since `since` (an index from version_count()).
    std::vector<Version> versions(const std::string& path, std::size_t since) const;
    std::size_t version_count(const std::string& path) const { return known_.at(path).size(); }
    // Directories whose entries do not change, and how many they have.
    const std::map<std::string, std::size_t>& directories() const { return directories_; }

    // True if `got`, from `offset` on, can be what a transfer of some version sent: all of it if
    // `whole`, else any first part.
    static bool matches(const std::vector<Version>& versions, std::int64_t offset, Bytes got,
                        bool whole);

    // The contents of a regular file of the root, by virtual path; false if there is none.
    bool read(const std::string& path, std::string& into);
    bool exists(const std::string& path);
    // Another process changes one of the live files now, if the fault is on.
    void maybe_change();
    // Paths with names that only the server's own unfinished work may have.
    std::vector<std::string> hidden_leftovers();

private:
    void add(const std::string& path, std::uint64_t seed, std::int64_t size);

    World& world_;
    std::vector<std::string> paths_;
    std::map<std::string, std::vector<Version>> known_;
    std::map<std::string, std::size_t> directories_;
    std::uint64_t next_seed_ = 1'000;
};

}  // namespace sluice::sim
