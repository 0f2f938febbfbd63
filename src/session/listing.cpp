#include "session/listing.hpp"

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
        return proto::render_name_line(prefix_, entry.name, out);
    }
    return render_one(facts_of(session_, entry.name, entry.status, entry.link_target), out);
}

std::size_t Listing::render_one(const proto::EntryFacts& facts, std::span<char> out) {
    switch (style_) {
        case ListingStyle::Names: return proto::render_name_line({}, facts.name, out);
        case ListingStyle::Long: return lines_.render(facts, out);
        case ListingStyle::Facts: return facts_.render(facts, out);
    }
    return 0;
}

}  // namespace sluice::session
