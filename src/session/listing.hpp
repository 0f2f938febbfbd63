// The text of one listing: which folders it reads, which names it shows, and how each line looks.
// Shared by LIST, NLST and MLSD, whose text goes over the data connection, and by STAT, whose lines
// go over the control connection.
//
// It makes its text piece by piece on helper threads, straight into the buffer that is sent, and
// keeps nothing of what it has written: a folder of a million names costs the memory of one buffer
// of raw entries. What cannot be streamed, sorted lines and the folders that -R still has to visit,
// is bounded (listing.memory), and at the bound the listing fails and says what to do instead. A
// piece is about a millisecond of work, so that stopping it is heard and other jobs have their
// turn.
// Owned by: the transfer's coroutine, or STAT's. Thread: made on the session's shard, filled by one
// helper at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "session/entry_facts.hpp"
#include "session/folder_stack.hpp"
#include "session/line_sorter.hpp"
#include "sluice/proto/charset.hpp"
#include "sluice/proto/facts.hpp"
#include "sluice/proto/glob.hpp"
#include "sluice/proto/list_line.hpp"
#include "sluice/session/session.hpp"
#include "sluice/vfs/directory.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::session {

enum class ListingStyle : std::uint8_t { Long, Names, Facts };

struct ListingRequest {
    ListingStyle style = ListingStyle::Long;
    proto::ListOptions options;
    std::string path;     // normal: the folder to read first, or the one name to show
    std::string shown;    // what the client called the folder, as it stands before names in NLST
    std::string pattern;  // what names below it must match, one part for each folder; empty: all

    ListingRequest(ListingStyle s, proto::ListOptions o) : style(s), options(o) {}
};

class Listing final : public xfer::TextSource {
public:
    Listing(Session& session, ListingRequest&& request);

    // One of the two, before the first fill().
    void show_folder(vfs::Directory&& folder, const sys::FileStatus& status);
    void show_one(std::string_view name, const sys::FileStatus& status, std::string link_target);

    // The text goes to the client as it is made, and not within a reply, which is converted as a
    // whole: so it is made in the client's character set.
    void use_charset_of(const Session& session);

    Result<Piece> fill(std::span<char> out) override;

    const ListingRequest& request() const { return request_; }
    // The text depends on one folder alone and on what key() says.
    bool can_be_shared() const;
    std::string key() const;
    // Why fill() failed, for the client; empty when the error says it all.
    std::string_view problem() const { return problem_; }
    // What is missing in a listing that did not fail: folders that may not be read. ", but ..."
    std::string remark() const;

private:
    enum class Stage : std::uint8_t { One, Begin, Read, Merge, Next, Done };
    enum class Phase : std::uint8_t { Pattern, Recursion };

    // The work of one piece, in units of about a nanosecond: a step of a pattern is one, and the
    // others were measured (bench/README.md).
    static constexpr std::uint64_t kPieceWork = 1'000'000;
    static constexpr std::uint64_t kNameWork = 300;
    static constexpr std::uint64_t kLookWork = 1'200;
    static constexpr std::uint64_t kOpenWork = 6'000;
    // A pattern that spans folders pays for the names it looks at from the budget of its steps, so
    // that `*/*/*/*` costs a bounded time whatever the tree is like.
    static constexpr std::uint64_t kNameSteps = kNameWork;
    static constexpr std::uint64_t kOpenSteps = kOpenWork;

    Result<std::size_t> step(std::span<char> out);
    Result<std::size_t> begin_folder(std::span<char> out);
    Result<std::size_t> read_entry(std::span<char> out);
    Result<std::size_t> merge_line(std::span<char> out);
    Result<std::size_t> next_folder(std::span<char> out);
    Result<std::size_t> show(vfs::Entry& entry, std::span<char> out);
    Result<std::size_t> show_leaf(std::span<char> out);
    Status open_folder();
    Result<bool> matches(const vfs::Entry& entry);
    Status keep_folder(vfs::Entry& entry);
    Status keep_for_recursion(std::string_view name);
    void end_folder();
    void follow_link(vfs::Entry& entry);
    bool must_look(const vfs::Entry& entry) const;
    std::size_t write_line(const vfs::Entry& entry, std::span<char> out);
    std::size_t write_facts_line(const proto::EntryFacts& facts, std::span<char> out);
    std::size_t for_client(std::size_t length, std::span<char> out);
    std::string path_of(std::string_view name) const;
    tl::unexpected<Error> refuse(Errc code, std::string text);
    bool has_pattern_left() const { return level_ < parts_.size(); }
    bool uses_long_lines() const {
        return request_.style == ListingStyle::Long ||
               (request_.style == ListingStyle::Names && request_.options.long_form);
    }

    io::Reactor& reactor_;
    const vfs::Root& root_;
    const ListingRequest request_;
    const std::vector<std::string_view> parts_;  // of request_.pattern
    const std::uint32_t depth_max_;
    const std::uint64_t bytes_max_;
    const Viewer viewer_;
    const proto::FactSet fact_set_;
    proto::ListRenderer lines_;
    proto::FactsRenderer facts_;
    std::unique_ptr<proto::Charset> charset_;  // its own: the shard's is not a helper's to use
    bool looks_at_all_;
    bool shows_creation_;  // also as a client gave it
    bool looks_fully_;  // also when it was made, and whether it can be changed at all

    Stage stage_ = Stage::Done;
    Phase phase_ = Phase::Pattern;
    std::optional<vfs::Directory> folder_;
    sys::FileStatus status_;         // of the folder, or of the one entry
    vfs::FolderRights rights_;       // in the folder
    std::string path_;               // of the folder, below request_.path; empty for that one
    std::uint16_t level_ = 0;        // of parts_, that names of this folder must match
    std::uint16_t depth_ = 0;
    std::string one_name_;
    std::string one_target_;
    std::string scratch_;

    vfs::MemoryBudget::Share share_;
    FolderStack matched_;    // folders of the pattern
    FolderStack below_;      // folders of -R
    LineSorter sorter_;
    std::uint64_t steps_left_ = proto::kGlobStepsMax;
    std::uint64_t work_left_ = 0;
    bool has_text_ = false;  // something was written: a header needs a blank line before it
    std::uint32_t unreadable_ = 0;
    std::string first_unreadable_;
    std::string problem_;
};

}  // namespace sluice::session
