#include "sim/library.hpp"

#include <algorithm>

#include "sluice/vfs/hidden_name.hpp"

namespace sluice::sim {
namespace {

constexpr int kLiveFiles = 3;
constexpr std::int64_t kLiveBytesMax = 300'000;

std::string in_root(const std::string& path) { return Library::kRoot + path; }

}  // namespace

Library::Library(World& world, std::uint32_t clients) : world_(world) {
    Files& files = world.files;
    files.add_directory("/outside");
    files.add_file("/outside/secret", 666, 1000);
    files.add_directory("/srv");
    files.add_directory(kRoot);
    for (const char* path : {"/pub", "/pub/many", "/pub/none", "/pub/live", "/up"}) {
        files.add_directory(in_root(path));
    }
    add("/pub/empty", 1, 0);
    add("/pub/one", 2, 1);
    add("/pub/small", 3, 100);
    add("/pub/page", 4, 4096);
    add("/pub/some", 5, 70'001);
    add("/pub/big", 6, 1'500'000);
    add("/pub/huge", 7, std::int64_t{8} << 30);
    add("/pub/with blank \"and\" quote", 8, 5'000);
    add("/pub/\xFF\xC3\x28odd", 9, 3'000);
    const std::size_t many = world.prng.chance(1, 4) ? 1500 : 40;
    for (std::size_t i = 0; i < many; ++i) {
        files.add_file(in_root("/pub/many/entry-" + std::to_string(i)), i, 10);
    }
    directories_["/pub/many"] = many;
    directories_["/pub/none"] = 0;
    files.add_symlink(in_root("/pub/link"), "some");
    files.add_symlink(in_root("/pub/absolute"), "/pub/small");
    files.add_symlink(in_root("/pub/climbing"), "../../../../pub/page");
    files.add_symlink(in_root("/pub/loop"), "loop");
    files.add_symlink(in_root("/pub/out"), "../../../outside/secret");
    files.add_symlink(in_root("/pub/out-absolute"), "/outside/secret");
    files.add_special(in_root("/pub/fifo"));
    known_["/pub/link"] = known_["/pub/some"];
    known_["/pub/absolute"] = known_["/pub/small"];
    known_["/pub/climbing"] = known_["/pub/page"];
    for (const char* link : {"/pub/link", "/pub/absolute", "/pub/climbing"}) {
        paths_.push_back(link);
    }
    for (int i = 0; i < kLiveFiles; ++i) {
        add("/pub/live/" + std::to_string(i), next_seed_++,
            static_cast<std::int64_t>(world.prng.below(kLiveBytesMax)));
    }
    for (std::uint32_t i = 0; i < clients; ++i) {
        files.add_directory(in_root("/up/c" + std::to_string(i)));
    }
}

void Library::add(const std::string& path, std::uint64_t seed, std::int64_t size) {
    const InodeId inode = world_.files.add_file(in_root(path), seed, size);
    known_[path] = {Version{seed, size}};
    paths_.push_back(path);
    // In the page cache wholly, partly or not at all. (Of the huge one only the end is ever read.)
    FileData& data = world_.files.get(inode).data;
    const std::uint64_t kind = world_.prng.below(3);
    const std::int64_t from = std::max<std::int64_t>(size - 10'000'000, 0);
    if (kind == 0) { data.set_cold(from, size, true); }
    if (kind == 1) {
        for (std::int64_t at = from; at < size; at += 65'536) {
            data.set_cold(at, 4096 * static_cast<std::int64_t>(world_.prng.below(16)), true);
        }
    }
}

std::vector<Version> Library::versions(const std::string& path, std::size_t since) const {
    const std::vector<Version>& all = known_.at(path);
    return std::vector<Version>(all.begin() + static_cast<std::ptrdiff_t>(since), all.end());
}

bool Library::matches(const std::vector<Version>& versions, std::int64_t offset, Bytes got,
                      bool whole) {
    return std::any_of(versions.begin(), versions.end(), [&](const Version& version) {
        const std::int64_t length = std::max<std::int64_t>(version.size - offset, 0);
        const std::int64_t count = static_cast<std::int64_t>(got.size());
        return (whole ? count == length : count <= length) &&
               is_pattern(version.seed, offset, got);
    });
}

bool Library::exists(const std::string& path) { return world_.files.find(in_root(path)) != 0; }

bool Library::read(const std::string& path, std::string& into) {
    const InodeId found = world_.files.find(in_root(path));
    if (found == 0) { return false; }
    const Inode& inode = world_.files.get(found);
    if (!inode.status.is_regular()) { return false; }
    into.resize(static_cast<std::size_t>(inode.data.size()));
    inode.data.read(0, MutableBytes(reinterpret_cast<std::uint8_t*>(into.data()), into.size()));
    return true;
}

void Library::maybe_change() {
    if (!world_.faults.strikes(Fault::ChangeFiles)) { return; }
    const std::string path = "/pub/live/" + std::to_string(world_.prng.below(kLiveFiles));
    std::vector<Version>& versions = known_.at(path);
    const InodeId inode = world_.files.find(in_root(path));
    const std::uint64_t what = world_.prng.below(4);
    world_.trace.note("file changed by others", what);
    if (inode != 0 && what == 0) {
        FileData& data = world_.files.get(inode).data;
        const std::int64_t size = static_cast<std::int64_t>(
            world_.prng.below(static_cast<std::uint64_t>(data.size()) + 1));
        data.truncate(size);
        versions.push_back(Version{versions.back().seed, size});
        return;
    }
    if (inode != 0 && what == 1) {
        world_.files.remove(in_root(path));
        return;
    }
    if (inode != 0) { world_.files.remove(in_root(path)); }
    const Version fresh = {next_seed_++,
                           static_cast<std::int64_t>(world_.prng.below(kLiveBytesMax))};
    world_.files.add_file(in_root(path), fresh.seed, fresh.size);
    versions.push_back(fresh);
}

std::vector<std::string> Library::hidden_leftovers() {
    std::vector<std::string> left;
    for (const std::string& path : world_.files.all_files(in_root("/up"))) {
        const std::string name = path.substr(path.rfind('/') + 1);
        if (vfs::is_hidden_name(name)) { left.push_back(path); }
    }
    return left;
}

}  // namespace sluice::sim
