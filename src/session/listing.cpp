#include "session/listing.hpp"

#include <algorithm>
#include <string>

#include "session/entry_facts.hpp"

namespace sluice::session {

Listing::Listing(const Session& session, ListingStyle style, proto::ListOptions options)
    : session_(session),
      style_(style),
      options_(options),
      lines_(session.services().reactor.kernel().wall_time().seconds),
      facts_(session.state().facts) {}

bool Listing::is_shown(std::string_view name) {
    if (style_ != ListingStyle::Facts && !proto::is_shown(options_, name)) { return false; }
    if (pattern_.empty()) { return true; }
    const proto::GlobMatch match = proto::glob_match(pattern_, name, steps_left_);
    if (match == proto::GlobMatch::OutOfSteps) { out_of_steps_ = true; }
    return match == proto::GlobMatch::Yes;
}

std::size_t Listing::render(const vfs::Entry& entry, std::span<char> out) {
    if (!is_shown(entry.name)) { return 0; }
    if (style_ == ListingStyle::Names) {
        return for_client(proto::render_name_line(prefix_, entry.name, out), out);
    }
    return render_one(facts_of(session_, entry.name, entry.status, entry.link_target), out);
}

// The first `length` bytes of `out` in the client's character set. One that needs more room there
// (GB18030) than there is stays in UTF-8, which is understood, too.
std::size_t Listing::for_client(std::size_t length, std::span<char> out) const {
    if (!session_.speaks_charset()) { return length; }
    const std::string line =
        session_.services().charset->to_client(std::string_view(out.data(), length));
    if (line.size() > out.size()) { return length; }
    std::copy(line.begin(), line.end(), out.begin());
    return line.size();
}

std::size_t Listing::render_one(const proto::EntryFacts& facts, std::span<char> out) {
    switch (style_) {
        case ListingStyle::Names:
            return for_client(proto::render_name_line({}, facts.name, out), out);
        case ListingStyle::Long: return for_client(lines_.render(facts, out), out);
        case ListingStyle::Facts: return for_client(facts_.render(facts, out), out);
    }
    return 0;
}

}  // namespace sluice::session
