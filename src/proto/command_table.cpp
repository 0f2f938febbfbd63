#include "sluice/proto/command_table.hpp"

namespace sluice::proto {
namespace {

constexpr std::size_t kRowCount = kCommandTable.size();

// A perfect hash of the verbs, found by the compiler: (verb * multiplier) >> shift has no
// collision.
constexpr unsigned kHashBits = 10;
constexpr std::size_t kHashSlots = std::size_t{1} << kHashBits;
constexpr std::uint8_t kEmptySlot = 0xFF;
static_assert(kRowCount < kEmptySlot);

constexpr std::size_t hash_slot(Verb verb, std::uint64_t multiplier) {
    return static_cast<std::size_t>((verb.packed * multiplier) >> (64 - kHashBits));
}

struct VerbHash {
    std::uint64_t multiplier = 0;  // 0: none found
    std::array<std::uint8_t, kHashSlots> slots = {};
};

constexpr VerbHash find_hash() {
    // 80 verbs in 1,024 slots: about one odd multiplier in 20 is free of collisions.
    constexpr std::uint32_t kTriesMax = 2'000;
    std::uint64_t multiplier = 0x9E3779B97F4A7C15u;
    for (std::uint32_t attempt = 0; attempt < kTriesMax; ++attempt) {
        VerbHash hash;
        hash.multiplier = multiplier;
        for (std::uint8_t& slot : hash.slots) {
            slot = kEmptySlot;
        }
        bool is_perfect = true;
        for (std::size_t row = 0; row < kRowCount && is_perfect; ++row) {
            std::uint8_t& slot = hash.slots[hash_slot(kCommandTable[row].verb, multiplier)];
            is_perfect = slot == kEmptySlot;
            slot = static_cast<std::uint8_t>(row);
        }
        if (is_perfect) {
            return hash;
        }
        multiplier = multiplier * 6364136223846793005u + 1442695040888963407u;
        multiplier |= 1u;
    }
    return {};
}
constexpr VerbHash kVerbHash = find_hash();
// Two rows with one verb can never hash apart, so this also refuses duplicates.
static_assert(kVerbHash.multiplier != 0, "no perfect hash: is a verb in the table twice?");

// The index of the row that is not an alias, for each id.
constexpr auto kRowOfId = [] {
    std::array<std::uint8_t, kCommandIdCount> rows = {};
    for (std::uint8_t& row : rows) {
        row = kEmptySlot;
    }
    for (std::size_t row = 0; row < kRowCount; ++row) {
        if (kCommandTable[row].flags.is_alias) {
            continue;
        }
        std::uint8_t& slot = rows[static_cast<std::size_t>(kCommandTable[row].id)];
        slot = slot == kEmptySlot ? static_cast<std::uint8_t>(row) : std::uint8_t{kEmptySlot - 1};
    }
    return rows;
}();

constexpr bool is_table_sound() {
    for (const std::uint8_t row : kRowOfId) {
        if (row >= kRowCount) {
            return false;
        }
    }
    for (const CommandRow& row : kCommandTable) {
        if (row.verb.is_empty() || row.reference.empty()) {
            return false;
        }
    }
    for (const UnimplementedVerb& entry : kUnimplementedVerbs) {
        if (entry.verb.is_empty()) {
            return false;
        }
        for (const CommandRow& row : kCommandTable) {
            if (row.verb == entry.verb) {
                return false;
            }
        }
    }
    return true;
}
static_assert(
    is_table_sound(),
    "each CommandId needs exactly one row that is not an alias, each row its verb and its "
    "reference, and no verb may be both implemented and not");

}  // namespace

const CommandRow* find_command(Verb verb) {
    const std::uint8_t row = kVerbHash.slots[hash_slot(verb, kVerbHash.multiplier)];
    if (row == kEmptySlot || kCommandTable[row].verb != verb) {
        return nullptr;
    }
    return &kCommandTable[row];
}

const UnimplementedVerb* find_unimplemented(Verb verb) {
    for (const UnimplementedVerb& entry : kUnimplementedVerbs) {
        if (entry.verb == verb) {
            return &entry;
        }
    }
    return nullptr;
}

const SiteRow* find_site_command(std::string_view name) {
    for (const SiteRow& row : kSiteTable) {
        if (equal_ignoring_case(row.name, name)) {
            return &row;
        }
    }
    return nullptr;
}

const CommandRow& command_row(CommandId id) {
    return kCommandTable[kRowOfId[static_cast<std::size_t>(id)]];
}

}  // namespace sluice::proto
