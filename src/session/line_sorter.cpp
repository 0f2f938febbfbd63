#include "session/line_sorter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/base/assert.hpp"

namespace sluice::session {

bool LineSorter::comes_before(const Row& a, const Row& b) const {
    const Row& left = reverse_ ? b : a;
    const Row& right = reverse_ ? a : b;
    if (left.key.first != right.key.first) { return left.key.first > right.key.first; }
    if (left.key.second != right.key.second) { return left.key.second > right.key.second; }
    return std::string_view(left.text + left.text_bytes, left.name_bytes) <
           std::string_view(right.text + right.text_bytes, right.name_bytes);
}

void LineSorter::sort_last_run() {
    Run& run = runs_.back();
    std::sort(run.rows.get(), run.rows.get() + run.count,
              [this](const Row& a, const Row& b) { return comes_before(a, b); });
}

Status LineSorter::add(Key key, const Line& line) {
    const std::size_t needed = line.text.size() + line.name.size();
    SLUICE_ASSERT(needed <= kBlockBytes);
    if (blocks_.empty() || kBlockBytes - blocks_.back().used < needed) {
        const Status room = share_.take(kBlockBytes);
        if (!room) { return room; }
        charged_ += kBlockBytes;
        blocks_.push_back({std::unique_ptr<char[]>(new char[kBlockBytes]), 0});
    }
    if (runs_.empty() || runs_.back().count == kRunLines) {
        const Status room = share_.take(kRunLines * sizeof(Row));
        if (!room) { return room; }
        charged_ += kRunLines * sizeof(Row);
        if (!runs_.empty()) { sort_last_run(); }
        runs_.push_back({std::unique_ptr<Row[]>(new Row[kRunLines]), 0, 0});
    }
    Block& block = blocks_.back();
    char* const at = block.bytes.get() + block.used;
    std::memcpy(at, line.text.data(), line.text.size());
    std::memcpy(at + line.text.size(), line.name.data(), line.name.size());
    block.used += needed;
    Run& run = runs_.back();
    Row& row = run.rows[run.count++];
    row.key = key;
    row.text = at;
    row.text_bytes = static_cast<std::uint16_t>(line.text.size());
    row.name_bytes = static_cast<std::uint16_t>(line.name.size());
    row.is_folder = line.is_folder;
    return {};
}

void LineSorter::finish() {
    if (runs_.empty()) { return; }
    sort_last_run();
    heap_.reserve(runs_.size());
    for (std::uint32_t run = 0; run < runs_.size(); ++run) { heap_.push_back(run); }
    // The heap of the library has its largest element in front: the one that comes before all.
    const auto later = [this](std::uint32_t a, std::uint32_t b) {
        return comes_before(head(b), head(a));
    };
    std::make_heap(heap_.begin(), heap_.end(), later);
}

bool LineSorter::next(Line& line) {
    if (heap_.empty()) { return false; }
    const auto later = [this](std::uint32_t a, std::uint32_t b) {
        return comes_before(head(b), head(a));
    };
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Run& run = runs_[heap_.back()];
    const Row& row = run.rows[run.next++];
    line.text = {row.text, row.text_bytes};
    line.name = {row.text + row.text_bytes, row.name_bytes};
    line.is_folder = row.is_folder;
    if (run.next < run.count) {
        std::push_heap(heap_.begin(), heap_.end(), later);
    } else {
        heap_.pop_back();
    }
    return true;
}

void LineSorter::clear() {
    runs_.clear();
    blocks_.clear();
    heap_.clear();
    share_.give_back(std::exchange(charged_, 0));
}

}  // namespace sluice::session
