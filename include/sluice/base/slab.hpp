// A pool of objects of one type with a bound.
//
// Sessions, transfers and their like come and go at the rate of connections; at the bound a client
// hears 421 and the process does not grow. `create` and `destroy` are O(1), objects never move, and
// the slot used last is given out first, while it is still in the cache. Memory comes in chunks of
// about 64 KiB as it is first needed and goes back only when the slab ends: a server that was busy
// once will be busy again.
// A slot counts its lives. What outlives an object (a completion, a message of another shard) keeps
// a Handle and asks `find`, and a handle of an earlier life finds nothing.
// Owned by: a shard. Not thread-safe. All objects are destroyed before the slab is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "sluice/base/assert.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_SLAB_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_SLAB_POISON 1
#endif
#endif
#if defined(SLUICE_SLAB_POISON)
#include <sanitizer/asan_interface.h>
#endif

namespace sluice {

// Names one life of one slot. A default handle names nothing.
struct SlabHandle {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;

    constexpr SlabHandle() = default;
    constexpr SlabHandle(std::uint32_t i, std::uint32_t g) : index(i), generation(g) {}
    friend constexpr bool operator==(SlabHandle, SlabHandle) = default;
};

template <class T>
class Slab {
public:
    // 64 KiB is small against any load worth a chunk, and large enough that the allocator maps it
    // on its own pages. One object that is larger has a chunk of its own.
    static constexpr std::size_t kChunkBytes = 64 * 1024;

    explicit Slab(std::uint32_t objects_max) : objects_max_(objects_max) {
        SLUICE_ASSERT(objects_max < kNoSlot);
        chunks_.reserve((objects_max + kSlotsPerChunk - 1) / kSlotsPerChunk);
    }
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;
    ~Slab() {
        SLUICE_ASSERT(live_ == 0);
        for (std::uint32_t index = 0; index < slots_used_; ++index) {
            unpoison(slot(index));
        }
    }

    // A new object, or null when `objects_max()` are alive.
    template <class... Args>
    [[nodiscard]] T* create(Args&&... args) {
        Slot* place = take_slot();
        if (place == nullptr) {
            return nullptr;
        }
        unpoison(*place);
        T* object = ::new (static_cast<void*>(place->storage)) T(std::forward<Args>(args)...);
        // Odd while alive. After 2^31 lives of one slot a handle could match again: at a thousand
        // lives a second that is 24 days between the handle and its use.
        place->generation += 1;
        live_ += 1;
        high_water_ = std::max(high_water_, live_);
        return object;
    }

    // Ends the life of an object of this slab.
    void destroy(T* object) {
        SLUICE_ASSERT(object != nullptr);
        Slot& place = slot_of(object);
        SLUICE_ASSERT(place.index < slots_used_ && &slot(place.index) == &place && is_live(place));
        // Before the destructor: nobody finds an object that is half gone.
        place.generation += 1;
        object->~T();
        place.next_free = first_free_;
        first_free_ = place.index;
        live_ -= 1;
        poison(place);
    }

    SlabHandle handle_of(const T* object) const {
        const Slot& place = slot_of(object);
        SLUICE_ASSERT(is_live(place));
        return {place.index, place.generation};
    }

    // The object of that life, or null when it has ended.
    T* find(SlabHandle handle) {
        if (handle.index >= slots_used_) {
            return nullptr;
        }
        Slot& place = slot(handle.index);
        if (!is_live(place) || place.generation != handle.generation) {
            return nullptr;
        }
        return object_in(place);
    }

    // Calls `visit(T&)` for each live object, in no particular order that callers may rely on.
    // `visit` may destroy the object it is given; it must not create.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (std::uint32_t index = 0; index < slots_used_; ++index) {
            Slot& place = slot(index);
            if (is_live(place)) {
                visit(*object_in(place));
            }
        }
    }

    std::uint32_t objects_max() const { return objects_max_; }
    std::uint32_t live_count() const { return live_; }
    bool has_room() const { return live_ < objects_max_; }
    // The most objects that were alive at once.
    std::uint32_t high_water() const { return high_water_; }
    std::size_t bytes_reserved() const { return chunks_.size() * kSlotsPerChunk * sizeof(Slot); }

private:
    static constexpr std::uint32_t kNoSlot = 0xFFFF'FFFFu;

    struct Slot {
        // First, so that an object's address is its slot's.
        alignas(T) std::byte storage[sizeof(T)];
        std::uint32_t index;
        std::uint32_t generation;
        std::uint32_t next_free;
    };
    static constexpr std::uint32_t kSlotsPerChunk =
        static_cast<std::uint32_t>(std::max<std::size_t>(1, kChunkBytes / sizeof(Slot)));

    static bool is_live(const Slot& place) { return (place.generation & 1) != 0; }
    static T* object_in(Slot& place) { return std::launder(reinterpret_cast<T*>(place.storage)); }
    static Slot& slot_of(T* object) { return *reinterpret_cast<Slot*>(object); }
    static const Slot& slot_of(const T* object) { return *reinterpret_cast<const Slot*>(object); }
    Slot& slot(std::uint32_t index) {
        return chunks_[index / kSlotsPerChunk][index % kSlotsPerChunk];
    }

    // A free slot, from the list or from fresh memory; null at the bound.
    Slot* take_slot() {
        if (first_free_ != kNoSlot) {
            Slot& place = slot(first_free_);
            first_free_ = place.next_free;
            return &place;
        }
        if (slots_used_ == objects_max_) {
            return nullptr;
        }
        if (slots_used_ == chunks_.size() * kSlotsPerChunk) {
            // Not value-initialised: pages of a chunk that are never used are never touched.
            chunks_.push_back(std::unique_ptr<Slot[]>(new Slot[kSlotsPerChunk]));
        }
        Slot& place = slot(slots_used_);
        place.index = slots_used_;
        place.generation = 0;
        place.next_free = kNoSlot;
        slots_used_ += 1;
        return &place;
    }

    // AddressSanitizer sees one chunk, not the lives in it. Poisoning the storage of the dead makes
    // it report their use as it does for the heap.
#if defined(SLUICE_SLAB_POISON)
    static void poison(Slot& place) {
        ASAN_POISON_MEMORY_REGION(place.storage, sizeof(T));
    }
    static void unpoison(Slot& place) {
        ASAN_UNPOISON_MEMORY_REGION(place.storage, sizeof(T));
    }
#else
    static void poison(Slot&) {}
    static void unpoison(Slot&) {}
#endif

    const std::uint32_t objects_max_;
    std::uint32_t live_ = 0;
    std::uint32_t high_water_ = 0;
    std::uint32_t slots_used_ = 0;  // slots that had at least one life
    std::uint32_t first_free_ = kNoSlot;
    std::vector<std::unique_ptr<Slot[]>> chunks_;
};

}  // namespace sluice
