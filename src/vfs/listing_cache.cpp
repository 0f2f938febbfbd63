#include "sluice/vfs/listing_cache.hpp"

#include <algorithm>

#include "sluice/base/assert.hpp"

namespace sluice::vfs {

class ListingCache::Text : public ListHook<> {
public:
    struct Piece {
        std::unique_ptr<std::uint8_t[]> data;
        std::size_t size;
    };
    std::string key;
    FolderStamp stamp;
    Instant began;
    State state = State::Making;
    bool in_table = true;
    std::uint32_t holders = 0;
    std::uint64_t bytes = 0;  // charged to the cache
    std::vector<Piece> pieces;
    IntrusiveList<Wait, Wait> waiting;
};

ListingCache::ListingCache(std::uint64_t bytes_max, Duration time_to_live)
    : bytes_max_(bytes_max), time_to_live_(time_to_live) {}

ListingCache::~ListingCache() {
    SLUICE_ASSERT(old_.empty());  // all sessions have ended
    while (by_use_.pop_front() != nullptr) {}
}

void ListingCache::Ref::release() {
    if (text_ == nullptr) { return; }
    const std::lock_guard<std::mutex> lock(cache_->mutex_);
    Text& text = *std::exchange(text_, nullptr);
    if (makes_ && text.state == State::Making) { cache_->end_making(text); }
    --text.holders;
    cache_->free_if_unused(text);
}

bool ListingCache::is_right(const Text& text, const FolderStamp& stamp, Instant now) const {
    if (text.stamp != stamp) { return false; }
    // What is being made was begun for somebody who still waits for it.
    return text.state == State::Making || now - text.began <= time_to_live_;
}

ListingCache::Answer ListingCache::ask(const std::string& key, const FolderStamp& stamp,
                                       Instant now) {
    if (!is_on()) { return {}; }
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = texts_.find(key);
    if (found != texts_.end()) {
        Text& text = *found->second;
        if (is_right(text, stamp, now)) {
            if (text.state == State::TooLarge) { return {}; }
            text.unlink();
            by_use_.push_back(text);
            ++text.holders;
            const bool ready = text.state == State::Complete;
            ++(ready ? counts_.reads : counts_.waits);
            return Answer(ready ? Part::Read : Part::Wait, Ref(*this, text, false));
        }
        drop(text);
    }
    const std::uint64_t cost = kOverheadBytes + 2 * key.size();
    if (!make_room(cost)) { return {}; }
    auto made = std::make_unique<Text>();
    Text& text = *made;
    text.key = key;
    text.stamp = stamp;
    text.began = now;
    text.holders = 1;
    text.bytes = cost;
    bytes_ += cost;
    by_use_.push_back(text);
    texts_.emplace(key, std::move(made));
    ++counts_.makes;
    return Answer(Part::Make, Ref(*this, text, true));
}

bool ListingCache::add(Ref& ref, Bytes piece) {
    if (piece.empty()) { return true; }
    const std::uint64_t cost = piece.size() + kPieceOverheadBytes;
    Text::Piece copy = {std::unique_ptr<std::uint8_t[]>(new std::uint8_t[piece.size()]),
                        piece.size()};
    std::copy(piece.begin(), piece.end(), copy.data.get());
    const std::lock_guard<std::mutex> lock(mutex_);
    Text& text = *ref.text_;
    SLUICE_ASSERT(text.state == State::Making);
    const bool too_large = text.bytes + cost > bytes_max_ / 2;
    if (too_large || !make_room(cost)) {
        if (too_large && text.in_table) {
            // A mark without bytes takes its place.
            auto mark = std::make_unique<Text>();
            mark->key = text.key;
            mark->stamp = text.stamp;
            mark->began = text.began;
            mark->state = State::TooLarge;
            mark->bytes = kOverheadBytes + 2 * text.key.size();
            drop(text);
            bytes_ += mark->bytes;  // at most this much beyond the bound, for each that is made
            by_use_.push_back(*mark);
            texts_.emplace(mark->key, std::move(mark));
        }
        end_making(text);
        return false;
    }
    text.pieces.push_back(std::move(copy));
    text.bytes += cost;
    bytes_ += cost;
    return true;
}

void ListingCache::complete(Ref& ref) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Text& text = *ref.text_;
    SLUICE_ASSERT(text.state == State::Making);
    text.state = State::Complete;
    call_all(text);
}

bool ListingCache::wait_for(Ref& ref, Wait& wait) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Text& text = *ref.text_;
    if (text.state != State::Making) { return false; }
    text.waiting.push_back(wait);
    return true;
}

bool ListingCache::give_up(Wait& wait) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!wait.is_linked()) { return false; }
    wait.unlink();
    return true;
}

// It came to nothing. Its maker holds it still, so it is there after this.
void ListingCache::end_making(Text& text) {
    drop(text);
    text.state = State::GivenUp;
    call_all(text);
}

// Each may be gone as soon as it was posted.
void ListingCache::call_all(Text& text) {
    while (Wait* wait = text.waiting.pop_front()) { wait->home_.post(*wait); }
}

bool ListingCache::is_complete(const Ref& ref) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ref.text_->state == State::Complete;
}

// No lock: a complete text does not change, and before that only its maker asks.
std::size_t ListingCache::pieces(const Ref& ref) const { return ref.text_->pieces.size(); }

Bytes ListingCache::piece(const Ref& ref, std::size_t index) const {
    const Text::Piece& piece = ref.text_->pieces[index];
    return {piece.data.get(), piece.size};
}

ListingCache::Counts ListingCache::counts() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return counts_;
}

std::uint64_t ListingCache::bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bytes_;
}

// Takes the text out of the table, so that nobody finds it any more; frees it when nobody holds it.
void ListingCache::drop(Text& text) {
    if (!text.in_table) { return; }
    text.in_table = false;
    text.unlink();
    const auto found = texts_.find(text.key);
    SLUICE_ASSERT(found != texts_.end() && found->second.get() == &text);
    old_.push_back(std::move(found->second));
    texts_.erase(found);
    free_if_unused(text);
}

void ListingCache::free_if_unused(Text& text) {
    if (text.in_table || text.holders > 0) { return; }
    bytes_ -= text.bytes;
    const auto place = std::find_if(old_.begin(), old_.end(),
                                    [&](const auto& each) { return each.get() == &text; });
    SLUICE_ASSERT(place != old_.end());
    std::swap(*place, old_.back());
    old_.pop_back();
}

bool ListingCache::make_room(std::uint64_t bytes) {
    if (bytes > bytes_max_) { return false; }
    for (Text* text = by_use_.front(); text != nullptr && bytes_ + bytes > bytes_max_;) {
        Text* const next = by_use_.next(*text);
        if (text->holders == 0) { drop(*text); }
        text = next;
    }
    return bytes_ + bytes <= bytes_max_;
}

}  // namespace sluice::vfs
