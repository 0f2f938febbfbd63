// Sends a listing over the data connection: straight from the disk, or through the cache of texts.
#pragma once

#include <optional>

#include "session/listing.hpp"
#include "sluice/vfs/listing_cache.hpp"

namespace sluice::session {

// `stamp` is set when the text may come from the cache and go there; it was taken before the folder
// was opened. Both live until the Task has ended.
io::Task<Status> send_listing(Session& session, Listing& listing,
                              const std::optional<vfs::FolderStamp>& stamp);

}  // namespace sluice::session
