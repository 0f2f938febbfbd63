#include "sim/file_data.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::sim {
namespace {

std::uint64_t pattern_word(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t z = (seed + 1) * 0xD1342543DE82EF95ull + index * 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93ull;
    return z ^ (z >> 29);
}

}  // namespace

void fill_pattern(std::uint64_t seed, std::int64_t offset, MutableBytes into) {
    std::uint64_t at = static_cast<std::uint64_t>(offset);
    for (std::size_t done = 0; done < into.size();) {
        const std::uint64_t word = pattern_word(seed, at / 8);
        std::array<std::uint8_t, 8> bytes;
        std::memcpy(bytes.data(), &word, sizeof word);
        const std::size_t skip = at % 8;
        const std::size_t count = std::min(sizeof word - skip, into.size() - done);
        std::memcpy(into.data() + done, bytes.data() + skip, count);
        done += count;
        at += count;
    }
}

bool is_pattern(std::uint64_t seed, std::int64_t offset, Bytes bytes) {
    std::array<std::uint8_t, 4096> expected;
    for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t count = std::min(expected.size(), bytes.size() - done);
        fill_pattern(seed, offset + static_cast<std::int64_t>(done),
                     MutableBytes(expected.data(), count));
        if (std::memcmp(expected.data(), bytes.data() + done, count) != 0) { return false; }
        done += count;
    }
    return true;
}

void FileData::set_pattern(std::uint64_t seed, std::int64_t size) {
    pages_.clear();
    before_.clear();
    pattern_seed_ = seed;
    pattern_size_ = synced_pattern_size_ = size;
    size_ = synced_size_ = size;
}

void FileData::read_page(std::int64_t index, Page& into) const {
    into.assign(kPageBytes, 0);
    const auto found = pages_.find(index);
    if (found != pages_.end()) {
        into = found->second;
        return;
    }
    const std::int64_t start = index * kPageBytes;
    if (start < pattern_size_) {
        const std::int64_t count = std::min(kPageBytes, pattern_size_ - start);
        fill_pattern(pattern_seed_, start,
                     MutableBytes(into.data(), static_cast<std::size_t>(count)));
    }
}

std::size_t FileData::read(std::int64_t offset, MutableBytes into) const {
    if (offset >= size_) { return 0; }
    const std::size_t wanted = std::min(into.size(), static_cast<std::size_t>(size_ - offset));
    Page page;
    for (std::size_t done = 0; done < wanted;) {
        const std::int64_t at = offset + static_cast<std::int64_t>(done);
        const std::size_t skip = static_cast<std::size_t>(at % kPageBytes);
        const std::size_t count = std::min(kPageBytes - skip, wanted - done);
        read_page(at / kPageBytes, page);
        std::memcpy(into.data() + done, page.data() + skip, count);
        done += count;
    }
    return wanted;
}

void FileData::remember(std::int64_t index) {
    if (!tracking_ || before_.count(index) != 0) { return; }
    const auto found = pages_.find(index);
    before_[index] = found == pages_.end() ? std::nullopt : std::optional<Page>(found->second);
}

FileData::Page& FileData::writable_page(std::int64_t index) {
    remember(index);
    const auto found = pages_.find(index);
    if (found != pages_.end()) { return found->second; }
    Page page;
    read_page(index, page);
    return pages_[index] = std::move(page);
}

void FileData::write(std::int64_t offset, Bytes from) {
    if (from.empty()) { return; }
    for (std::size_t done = 0; done < from.size();) {
        const std::int64_t at = offset + static_cast<std::int64_t>(done);
        const std::size_t skip = static_cast<std::size_t>(at % kPageBytes);
        const std::size_t count = std::min(kPageBytes - skip, from.size() - done);
        std::memcpy(writable_page(at / kPageBytes).data() + skip, from.data() + done, count);
        done += count;
    }
    size_ = std::max(size_, offset + static_cast<std::int64_t>(from.size()));
    set_cold(offset, static_cast<std::int64_t>(from.size()), false);
}

void FileData::truncate(std::int64_t size) {
    if (size < size_) {
        const std::int64_t first_gone = (size + kPageBytes - 1) / kPageBytes;
        for (auto it = pages_.lower_bound(first_gone); it != pages_.end();) {
            remember(it->first);
            it = pages_.erase(it);
        }
        pattern_size_ = std::min(pattern_size_, size);
        if (size % kPageBytes != 0 && pages_.count(size / kPageBytes) != 0) {
            Page& last = writable_page(size / kPageBytes);
            std::fill(last.begin() + static_cast<std::ptrdiff_t>(size % kPageBytes), last.end(),
                      std::uint8_t{0});
        }
    }
    size_ = size;
}

bool FileData::is_cold(std::int64_t offset, std::int64_t length) const {
    const std::int64_t end = std::min(offset + length, size_);
    for (std::int64_t page = offset / kPageBytes; page * kPageBytes < end; ++page) {
        if (static_cast<std::size_t>(page) >= cold_.size()) { return false; }
        if (cold_[static_cast<std::size_t>(page)]) { return true; }
    }
    return false;
}

std::uint64_t FileData::hot_pages(std::int64_t offset, std::int64_t length) const {
    std::uint64_t hot = 0;
    const std::int64_t end = std::min(offset + length, size_);
    for (std::int64_t page = offset / kPageBytes; page * kPageBytes < end; ++page) {
        const std::size_t index = static_cast<std::size_t>(page);
        if (index >= cold_.size() || !cold_[index]) { ++hot; }
    }
    return hot;
}

void FileData::set_cold(std::int64_t offset, std::int64_t length, bool cold) {
    const std::int64_t end = std::min(offset + length, size_);
    for (std::int64_t page = offset / kPageBytes; page * kPageBytes < end; ++page) {
        const std::size_t index = static_cast<std::size_t>(page);
        if (index >= cold_.size()) {
            if (!cold) { return; }
            cold_.resize(index + 1, false);
        }
        cold_[index] = cold;
    }
}

void FileData::mark_synced() {
    before_.clear();
    synced_size_ = size_;
    synced_pattern_size_ = pattern_size_;
}

void FileData::crash(Prng& prng) {
    const std::int64_t low = std::min(synced_size_, size_);
    const std::int64_t high = std::max(synced_size_, size_);
    std::int64_t left = high;
    switch (prng.below(3)) {
        case 0:
            left = synced_size_;
            break;
        case 1:
            left = size_;
            break;
        default:
            left = low + static_cast<std::int64_t>(
                             prng.below(static_cast<std::uint64_t>(high - low) + 1));
    }
    for (auto& [index, old] : before_) {
        if (prng.chance(1, 2)) { continue; }
        if (old) {
            pages_[index] = std::move(*old);
        } else {
            pages_.erase(index);
        }
    }
    before_.clear();
    size_ = high;
    pattern_size_ = synced_pattern_size_;
    truncate(left);
    cold_.clear();
    mark_synced();
}

}  // namespace sluice::sim
