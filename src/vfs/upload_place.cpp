#include "vfs/upload_place.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "sluice/vfs/hidden_name.hpp"

namespace sluice::vfs {
namespace {

// One byte more than a path: a link with a longer target than fits is seen as such.
using PathText = FixedString<Root::kPathBytesMax + 1>;

// Replaces `path`, whose last component is a link to `target`, by where that leads.
Status follow(config::SymlinkPolicy policy, std::string_view target, PathText& path) {
    if (target.empty()) {
        return fail(Errc::NotFound);
    }
    if (target.front() == '/') {
        if (policy != config::SymlinkPolicy::InRoot) {
            return fail(Errc::OutsideRoot);
        }
        path.clear();
    } else {
        path.truncate(path.view().rfind('/') + 1);
    }
    if (!path.append(target)) {
        return fail(Errc::NameTooLong, ENAMETOOLONG);
    }
    return {};
}

}  // namespace

Result<UploadPlace> find_upload_place(const Root& root, std::string_view path) {
    PathText current;
    if (!current.assign(path)) {
        return fail(Errc::NameTooLong, ENAMETOOLONG);
    }
    std::array<std::uint8_t, Root::kPathBytesMax + 1> target;
    for (int links = 0; links <= kFinalLinksMax; ++links) {
        Result<ParentAndName> at = root.open_parent(current.view());
        if (!at) {
            return fail(at.error());
        }
        if (is_hidden_name(at->name.view())) {
            return fail(Errc::BadName);
        }
        const int parent = at->parent.number();
        const Result<sys::FileStatus> status = root.kernel().status_at(parent, at->name.c_str());
        if (!status && status.error().code != Errc::NotFound) {
            return fail(status.error());
        }
        if (!status || !status->is_symlink()) {
            UploadPlace place;
            place.at = std::move(*at);
            place.exists = status.has_value();
            if (status) {
                place.status = *status;
            }
            return place;
        }
        if (root.rules().symlinks == config::SymlinkPolicy::Never) {
            break;
        }
        const Result<std::size_t> length =
            root.kernel().read_link(parent, at->name.c_str(), target);
        if (!length) {
            return fail(length.error());
        }
        const std::string_view text = as_text(Bytes(target.data(), *length));
        const Status followed = follow(root.rules().symlinks, text, current);
        if (!followed) {
            return fail(followed.error());
        }
    }
    return fail(Errc::LinkLoop, ELOOP);
}

}  // namespace sluice::vfs
