// One listing: which names it shows and how each line looks. Shared by LIST, NLST and MLSD, whose
// lines go over the data connection, and by STAT, whose lines go over the control connection.
// Owned by: the transfer's coroutine, or STAT's. Thread: the session's shard.
#pragma once

#include <cstdint>
#include <string>

#include "sluice/proto/facts.hpp"
#include "sluice/proto/glob.hpp"
#include "sluice/proto/list_line.hpp"
#include "sluice/session/session.hpp"
#include "sluice/vfs/directory.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::session {

enum class ListingStyle : std::uint8_t { Long, Names, Facts };

class Listing final : public xfer::EntryRenderer {
public:
    Listing(const Session& session, ListingStyle style, proto::ListOptions options);

    // Only names that match are shown (LIST *.iso).
    void set_pattern(std::string_view pattern) { pattern_.assign(pattern); }
    // What stands before each name in NLST, so that the client can use it as it is.
    void set_prefix(std::string_view prefix) { prefix_.assign(prefix); }

    std::size_t render(const vfs::Entry& entry, std::span<char> out) override;
    // The line of "." or "..", or of a file named by the client: shown whatever the options say.
    std::size_t render_one(const proto::EntryFacts& facts, std::span<char> out);

    vfs::EntryContent content() const {
        return style_ == ListingStyle::Names ? vfs::EntryContent::NamesOnly
                                             : vfs::EntryContent::Full;
    }
    // The pattern needed more steps than a listing may take: what was shown is not the whole.
    bool is_out_of_steps() const { return out_of_steps_; }

private:
    std::size_t for_client(std::size_t length, std::span<char> out) const;
    bool is_shown(std::string_view name);

    const Session& session_;
    ListingStyle style_;
    proto::ListOptions options_;
    proto::ListRenderer lines_;
    proto::FactsRenderer facts_;
    std::string pattern_;
    std::string prefix_;
    std::uint64_t steps_left_ = proto::kGlobStepsMax;
    bool out_of_steps_ = false;
};

}  // namespace sluice::session
