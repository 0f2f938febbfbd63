// From the argument of LIST, NLST, MLSD or STAT to a listing that is ready to run: what is asked
// for is found and opened here, so that a refusal comes before any data connection.
#pragma once

#include <memory>
#include <optional>

#include "session/listing.hpp"
#include "sluice/vfs/listing_cache.hpp"

namespace sluice::session {

struct ListingPlan {
    std::optional<Listing> listing;         // none for MLSD of what is no folder
    std::optional<vfs::FolderStamp> stamp;  // where the text may be shared with other sessions
    bool is_folder = true;
};

// Options and patterns are LIST's; with ListingStyle::Facts the argument is a name and nothing else
// (RFC 3659 knows no options). `argument` lives until the Task has ended.
io::Task<Result<std::unique_ptr<ListingPlan>>> plan_listing(Session& session,
                                                            std::string_view argument,
                                                            ListingStyle style);

}  // namespace sluice::session
