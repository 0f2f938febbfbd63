// The texts of listings, kept for a moment: the second client that asks for a folder gets what the
// first one was sent, and clients that ask at the same time wait for one reading of it.
//
// A text is right while its folder has the identity and times that it had, nothing of it was
// changed by this server (ChangeMarks), and it is younger than the time-to-live: so names are right
// always, our own changes are seen at once, and what others change inside the files (sizes, times,
// modes of entries, which leave no trace in the folder) within the time-to-live. The key holds
// everything else the text depends on; making it is the session's business.
//
// Bounded in bytes, all texts together, also those that slow clients still read. A text that does
// not fit next to the others drops the least recently used; one larger than half of the bound is
// not kept, and that is remembered, so that nobody waits for it again.
// Owned by: ListingMemory, one for the process. Thread: any; one lock, held for microseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/base/bytes.hpp"
#include "sluice/base/intrusive_list.hpp"
#include "sluice/base/time.hpp"
#include "sluice/io/event.hpp"
#include "sluice/io/mailbox.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/vfs/change_marks.hpp"
#include "sluice/vfs/memory_budget.hpp"

namespace sluice::vfs {

// When a folder was as it is. Taken before anything of it is read.
struct FolderStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    WallTime modified;
    WallTime changed;
    ChangeMarks::Stamp marks;

    FolderStamp() = default;
    FolderStamp(const sys::FileStatus& status, const ChangeMarks& all)
        : device(status.device),
          inode(status.inode),
          modified(status.modified),
          changed(status.changed),
          marks(all.of(status.device, status.inode)) {}
    // Whether a later change will show in the times: they move in ticks of the kernel's clock (10
    // ms at CONFIG_HZ=100), on old file systems in seconds (vfat: two), so that a folder that has
    // just been changed may be changed again and look the same. Such a stamp is good for nothing.
    bool is_settled(WallTime now) const {
        constexpr std::int64_t kSecond = 1'000'000'000;
        constexpr std::int64_t kTwoTicks = 20'000'000;
        if (changed.seconds < now.seconds - 4) { return true; }
        if (changed.seconds > now.seconds) { return false; }
        const std::int64_t age =
            (now.seconds - changed.seconds) * kSecond + now.nanoseconds - changed.nanoseconds;
        return age >= (changed.nanoseconds == 0 ? 2 * kSecond + kTwoTicks : kTwoTicks);
    }
    friend bool operator==(const FolderStamp&, const FolderStamp&) = default;
};

class ListingCache {
public:
    // 0 bytes: no cache, every answer is Alone.
    ListingCache(std::uint64_t bytes_max, Duration time_to_live);
    ListingCache(const ListingCache&) = delete;
    ListingCache& operator=(const ListingCache&) = delete;
    ~ListingCache();

    bool is_on() const { return bytes_max_ > 0; }

    class Text;
    // Who holds one reads a text or makes it. Move-only; the last one frees a text that was
    // dropped.
    class Ref {
    public:
        Ref() = default;
        Ref(Ref&& other) noexcept
            : cache_(other.cache_),
              text_(std::exchange(other.text_, nullptr)),
              makes_(other.makes_) {}
        Ref& operator=(Ref&& other) noexcept {
            if (this != &other) {
                release();
                cache_ = other.cache_;
                text_ = std::exchange(other.text_, nullptr);
                makes_ = other.makes_;
            }
            return *this;
        }
        ~Ref() { release(); }
        bool is_set() const { return text_ != nullptr; }
        // A maker who has not completed the text gives it up: those who wait for it ask again.
        void release();

    private:
        friend class ListingCache;
        Ref(ListingCache& cache, Text& text, bool makes)
            : cache_(&cache), text_(&text), makes_(makes) {}
        ListingCache* cache_ = nullptr;
        Text* text_ = nullptr;
        bool makes_ = false;
    };

    enum class Part : std::uint8_t {
        Alone,  // is not cached: make it and keep it to yourself; the Ref is not set
        Make,   // nobody has it: add() the pieces, then complete()
        Wait,   // somebody makes it: wait_for() it, then ask again if it came to nothing
        Read,   // here it is
    };
    struct Answer {
        Part part = Part::Alone;
        Ref ref;

        Answer() = default;
        Answer(Part p, Ref&& r) : part(p), ref(std::move(r)) {}
    };
    Answer ask(const std::string& key, const FolderStamp& stamp, Instant now);

    // ---- for who makes it
    // Keeps a copy of the next piece. False: it does not fit, and the text is given up; what was
    // added so far stays readable through `ref`.
    bool add(Ref& ref, Bytes piece);
    void complete(Ref& ref);

    // ---- for who waits
    // Comes home when the text is complete or given up. Lives in the frame of who waits.
    class Wait : public io::Message, public ListHook<Wait> {
    public:
        Wait(io::Mailbox& home, io::Event& wake)
            : Message(&Wait::deliver), home_(home), wake_(wake) {}
        bool has_come() const { return come_; }

    private:
        friend class ListingCache;
        static void deliver(io::Message& message) {
            Wait& self = static_cast<Wait&>(message);
            self.come_ = true;
            self.wake_.notify();
        }
        io::Mailbox& home_;
        io::Event& wake_;
        bool come_ = false;
    };
    // False: there is nothing to wait for any more.
    bool wait_for(Ref& ref, Wait& wait);
    // True: it will not come. False: it is on its way and must be waited for.
    bool give_up(Wait& wait);

    // ---- for who reads: a complete text, or the pieces added so far for who made it
    bool is_complete(const Ref& ref) const;
    std::size_t pieces(const Ref& ref) const;
    Bytes piece(const Ref& ref, std::size_t index) const;

    // For tests and figures.
    struct Counts {
        std::uint64_t reads = 0;
        std::uint64_t makes = 0;
        std::uint64_t waits = 0;
    };
    Counts counts() const;
    std::uint64_t bytes() const;

private:
    enum class State : std::uint8_t { Making, Complete, GivenUp, TooLarge };
    // What a text costs beside its bytes, about.
    static constexpr std::uint64_t kOverheadBytes = 512;
    static constexpr std::uint64_t kPieceOverheadBytes = 32;

    bool is_right(const Text& text, const FolderStamp& stamp, Instant now) const;
    void drop(Text& text);
    bool make_room(std::uint64_t bytes);
    void free_if_unused(Text& text);
    void end_making(Text& text);
    void call_all(Text& text);

    const std::uint64_t bytes_max_;
    const Duration time_to_live_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::unique_ptr<Text>> texts_;
    IntrusiveList<Text> by_use_;              // of texts_, least recently used first
    std::vector<std::unique_ptr<Text>> old_;  // dropped and still held by somebody
    std::uint64_t bytes_ = 0;
    Counts counts_;
};

// What listings of the whole process may keep in memory beyond their one buffer.
struct ListingMemory {
    ListingMemory(std::uint64_t cache_bytes, Duration time_to_live, std::uint64_t kept_bytes)
        : cache(cache_bytes, time_to_live), kept(kept_bytes) {}
    ListingCache cache;
    MemoryBudget kept;
};

}  // namespace sluice::vfs
