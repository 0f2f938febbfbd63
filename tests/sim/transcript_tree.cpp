#include "sim/transcript_tree.hpp"

namespace sluice::sim {

TranscriptTree::TranscriptTree(World& world) : world_(world) {
    world_.files.add_directory(kOutside);
    world_.files.add_directory("/srv");
    world_.files.add_directory(kRoot);
}

std::string TranscriptTree::real(const std::string& path) {
    constexpr std::string_view kPrefix = "@outside";
    if (path.starts_with(kPrefix)) { return kOutside + path.substr(kPrefix.size()); }
    return std::string(kRoot) + "/" + path;
}

InodeId TranscriptTree::find(const std::string& path) const {
    return world_.files.find(real(path));
}

Status TranscriptTree::make_directory(const std::string& path) {
    if (find(path) != 0) { return fail(Errc::AlreadyExists); }
    world_.files.add_directory(real(path));
    return {};
}

Status TranscriptTree::make_file(const std::string& path, std::string_view content) {
    InodeId file = find(path);
    if (file == 0) { file = world_.files.add_file(real(path), 0, 0); }
    FileData& data = world_.files.get(file).data;
    data.truncate(0);
    data.write(0, as_bytes(content));
    world_.files.changed(file);
    data.set_cold(0, data.size(), world_.prng.chance(1, 2));
    return {};
}

Status TranscriptTree::make_link(const std::string& path, const std::string& target) {
    if (find(path) != 0) { return fail(Errc::AlreadyExists); }
    world_.files.add_symlink(real(path), target);
    return {};
}

Status TranscriptTree::make_fifo(const std::string& path) {
    world_.files.add_special(real(path));
    return {};
}

Status TranscriptTree::set_permissions(const std::string& path, std::uint32_t permissions) {
    const InodeId found = find(path);
    if (found == 0) { return fail(Errc::NotFound); }
    world_.files.get(found).status.mode = permissions;
    return {};
}

Status TranscriptTree::set_modified(const std::string& path, std::int64_t seconds) {
    const InodeId found = find(path);
    if (found == 0) { return fail(Errc::NotFound); }
    world_.files.get(found).status.modified = WallTime(seconds);
    return {};
}

Status TranscriptTree::truncate(const std::string& path, std::uint64_t size) {
    const InodeId found = find(path);
    if (found == 0) { return fail(Errc::NotFound); }
    world_.files.get(found).data.truncate(static_cast<std::int64_t>(size));
    world_.files.changed(found);
    return {};
}

Status TranscriptTree::rename(const std::string& from, const std::string& to) {
    if (find(from) == 0) { return fail(Errc::NotFound); }
    world_.files.move(real(from), real(to));
    return {};
}

Status TranscriptTree::remove(const std::string& path) {
    if (find(path) == 0) { return {}; }
    // Parents come before what they hold, so the reverse order removes only what is empty. No
    // stack: there are transcripts with a thousand levels.
    std::vector<std::string> paths = {path};
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::string parent = paths[i];
        for (const auto& [name, id] : world_.files.get(find(parent)).children) {
            paths.push_back(parent + "/" + name);
        }
    }
    for (std::size_t i = paths.size(); i > 0; --i) { world_.files.remove(real(paths[i - 1])); }
    return {};
}

conform::Node TranscriptTree::look(const std::string& path) const {
    conform::Node node;
    const InodeId found = find(path);
    if (found == 0) { return node; }
    const sys::FileStatus status = world_.files.status_of(found);
    switch (status.type) {
        case sys::FileStatus::Type::Regular: node.kind = conform::NodeKind::File; break;
        case sys::FileStatus::Type::Directory: node.kind = conform::NodeKind::Directory; break;
        case sys::FileStatus::Type::Symlink: node.kind = conform::NodeKind::Link; break;
        case sys::FileStatus::Type::Other: node.kind = conform::NodeKind::Other; break;
    }
    node.size = static_cast<std::uint64_t>(status.size);
    node.permissions = status.mode;
    node.modified_seconds = status.modified.seconds;
    return node;
}

Result<std::string> TranscriptTree::content(const std::string& path) const {
    const InodeId found = find(path);
    if (found == 0) { return fail(Errc::NotFound); }
    const FileData& data = world_.files.get(found).data;
    std::string text(static_cast<std::size_t>(data.size()), '\0');
    data.read(0, MutableBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
    return text;
}

Result<std::vector<std::string>> TranscriptTree::entries(const std::string& path) const {
    const InodeId found = find(path);
    if (found == 0) { return fail(Errc::NotFound); }
    std::vector<std::string> names;
    for (const auto& [name, id] : world_.files.get(found).children) { names.push_back(name); }
    return names;
}

}  // namespace sluice::sim
