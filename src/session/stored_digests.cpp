#include "session/stored_digests.hpp"

namespace sluice::session {
namespace {

using digest::Algorithm;
using proto::ReplyCode;

// What may be asked for: the one that is nearly free, and the one worth trusting. Others would cost
// a helper more than the writing does.
constexpr bool is_offered(Algorithm algorithm) {
    return algorithm == Algorithm::Sha256 || algorithm == Algorithm::Crc32;
}

void include(digest::AlgorithmSet& set, Algorithm algorithm) {
    set.set(static_cast<std::size_t>(algorithm));
}

std::string list_of(digest::AlgorithmSet set) {
    std::string list;
    for (const Algorithm algorithm : digest::kAlgorithms) {
        if (!digest::has(set, algorithm)) {
            continue;
        }
        if (!list.empty()) {
            list += ';';
        }
        list += digest::name_of(algorithm);
    }
    return list.empty() ? "OFF" : list;
}

// "SHA-256;CRC32", in any order; false: something else is in it.
bool parse_list(std::string_view list, digest::AlgorithmSet& set) {
    while (true) {
        const std::size_t end = list.find(';');
        const std::optional<Algorithm> algorithm = digest::find_algorithm(list.substr(0, end));
        if (!algorithm || !is_offered(*algorithm)) {
            return false;
        }
        include(set, *algorithm);
        if (end == std::string_view::npos) {
            return true;
        }
        list.remove_prefix(end + 1);
    }
}

}  // namespace

digest::FileState file_state(const sys::FileStatus& status) {
    digest::FileState state;
    state.device = status.device;
    state.inode = status.inode;
    state.size = status.size;
    state.modified = status.modified;
    state.changed = status.changed;
    return state;
}

void set_stored_hash_option(Session& session, std::string_view value) {
    digest::AlgorithmSet set;
    if (!proto::equal_ignoring_case(value, "OFF") && !parse_list(value, set)) {
        session.reply(ReplyCode::BadArgument,
                      "OPTS STOR HASH wants SHA-256, CRC32, both with a semicolon, or OFF.");
        return;
    }
    session.state().stored_hash = set;
    session.reply(ReplyCode::Okay, {"STOR HASH ", list_of(set)});
}

digest::AlgorithmSet stored_algorithms(const Session& session) {
    if (session.state().stored_hash) {
        return *session.state().stored_hash;
    }
    digest::AlgorithmSet set;
    const config::UploadDigest wanted = session.config().upload.digest;
    if (wanted == config::UploadDigest::Sha256 || wanted == config::UploadDigest::Both) {
        include(set, Algorithm::Sha256);
    }
    if (wanted == config::UploadDigest::Crc32 || wanted == config::UploadDigest::Both) {
        include(set, Algorithm::Crc32);
    }
    return set;
}

io::Task<std::string> settle_digests(Session& session, vfs::UploadTarget& target,
                                     digest::HasherSet& digests) {
    const bool changed_a_file = target.is_in_place() && target.bytes_written() > 0;
    if (digests.is_empty() && !changed_a_file) {
        co_return std::string();
    }
    digest::Cache& cache = session.services().digests.cache;
    // Where a server or a daemon holds the file, its times may be anybody's.
    const bool is_cached = target.status_at_end() && target.fs_class() != vfs::FsClass::Remote;
    auto work = [&cache, &target, &digests, is_cached] {
        std::string tail;
        if (is_cached && target.is_in_place()) {
            cache.forget(file_state(*target.status_at_end()));
        }
        for (const auto& [algorithm, value] : digests.finish()) {
            const bool is_whole =
                is_cached && target.status_at_end()->size == target.bytes_written();
            if (is_whole) {
                cache.add(file_state(*target.status_at_end()), algorithm, value);
            }
            tail += ' ';
            tail += digest::name_of(algorithm);
            tail += '=';
            tail += value.hex();
        }
        return tail;
    };
    co_return co_await session.reactor().on_helper(work);
}

}  // namespace sluice::session
