// Digests of uploads, computed while the bytes pass by: which are wanted, and where they go.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/digest/cache.hpp"
#include "sluice/digest/hasher.hpp"
#include "sluice/io/task.hpp"
#include "sluice/session/session.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/upload_target.hpp"

namespace sluice::session {

digest::FileState file_state(const sys::FileStatus& status);

// OPTS STOR HASH <algorithm>[;<algorithm>] | OFF, for the uploads of this session from now on.
void set_stored_hash_option(Session& session, std::string_view value);

// What the client has asked for, or else the configuration.
digest::AlgorithmSet stored_algorithms(const Session& session);

// Once the upload has been committed (or abandoned in place): finishes the digests on a helper,
// hands them to the cache, and returns the tail of the 226: " SHA-256=<hex>". Empty without any. A
// write in place makes the cache forget the file instead.
io::Task<std::string> settle_digests(Session& session, vfs::UploadTarget& target,
                                     digest::HasherSet& digests);

}  // namespace sluice::session
