#include "sluice/digest/cache.hpp"

#include <algorithm>
#include <bit>

namespace sluice::digest {
namespace {

std::uint64_t mixed(std::uint64_t state, std::uint64_t next) {
    state = (state ^ next) * 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio
    return state ^ (state >> 32);
}

std::uint64_t as_bits(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

std::uint64_t hash_of(const FileState& file, Algorithm algorithm) {
    std::uint64_t hash = mixed(static_cast<std::uint64_t>(algorithm), file.inode);
    hash = mixed(hash, file.device);
    hash = mixed(hash, as_bits(file.size));
    hash = mixed(hash, as_bits(file.modified.seconds));
    return mixed(hash, as_bits(file.modified.nanoseconds));
}

}  // namespace

struct Cache::Entry {
    FileState file;
    Value value;
    Algorithm algorithm = Algorithm::Sha256;
    std::uint64_t last_asked = 0;  // 0: empty

    bool is(const FileState& other, Algorithm wanted) const {
        return last_asked != 0 && algorithm == wanted && file == other;
    }
};

bool is_settled(const FileState& file, WallTime now) {
    const std::int64_t seconds = now.seconds - file.changed.seconds;
    if (seconds != 0 && seconds != 1) {
        return seconds > 1;
    }
    const std::int64_t elapsed =
        seconds * 1'000'000'000 + now.nanoseconds - file.changed.nanoseconds;
    return elapsed >= kSettleTime.ns;
}

Cache::Cache(std::uint32_t entries_max)
    : ways_(std::min<std::size_t>(entries_max, kWays)),
      sets_(ways_ == 0 ? 0 : std::bit_floor(entries_max / ways_)) {}

Cache::~Cache() = default;

Cache::Entry* Cache::set_of(const FileState& file, Algorithm algorithm) {
    return entries_.get() + (hash_of(file, algorithm) & (sets_ - 1)) * ways_;
}

std::optional<Value> Cache::find(const FileState& file, Algorithm algorithm) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (entries_ == nullptr) {
        return std::nullopt;
    }
    Entry* const set = set_of(file, algorithm);
    for (std::size_t way = 0; way < ways_; ++way) {
        if (set[way].is(file, algorithm)) {
            set[way].last_asked = ++clock_;
            return set[way].value;
        }
    }
    return std::nullopt;
}

void Cache::add(const FileState& file, Algorithm algorithm, const Value& value) {
    if (sets_ == 0) {
        return;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    if (entries_ == nullptr) {
        entries_ = std::make_unique<Entry[]>(capacity());
    }
    Entry* const set = set_of(file, algorithm);
    Entry* place = set;  // itself, else an empty one, else what was asked for longest ago
    for (std::size_t way = 0; way < ways_; ++way) {
        if (set[way].is(file, algorithm)) {
            place = set + way;
            break;
        }
        if (set[way].last_asked < place->last_asked) {
            place = set + way;
        }
    }
    place->file = file;
    place->algorithm = algorithm;
    place->value = value;
    place->last_asked = ++clock_;
}

void Cache::forget(const FileState& file) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (entries_ == nullptr) {
        return;
    }
    for (const Algorithm algorithm : kAlgorithms) {
        Entry* const set = set_of(file, algorithm);
        for (std::size_t way = 0; way < ways_; ++way) {
            if (set[way].is(file, algorithm)) {
                set[way] = Entry();
            }
        }
    }
}

}  // namespace sluice::digest
