// Method: objects count their lives; the slab is filled to its bound, emptied in several orders,
// and compared with a plain model under a random load (the seed is printed).
#include "sluice/base/slab.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice {
namespace {

struct Counted {
    Counted(int& counter, int number) : alive(counter), value(number) { alive += 1; }
    ~Counted() { alive -= 1; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    int& alive;
    int value;
};

TEST(Slab, ConstructsAndDestroysItsObjects) {
    int alive = 0;
    Slab<Counted> slab(4);
    Counted* object = slab.create(alive, 42);
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(object->value, 42);
    EXPECT_EQ(alive, 1);
    slab.destroy(object);
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(slab.live_count(), 0u);
}

TEST(Slab, AnswersNullAtTheBoundAndServesAgainBelowIt) {
    int alive = 0;
    Slab<Counted> slab(3);
    std::vector<Counted*> objects;
    for (int i = 0; i < 3; ++i) {
        objects.push_back(slab.create(alive, i));
    }
    EXPECT_FALSE(slab.has_room());
    EXPECT_EQ(slab.create(alive, 99), nullptr);
    EXPECT_EQ(alive, 3) << "a refused create constructs nothing";
    slab.destroy(objects[1]);
    EXPECT_TRUE(slab.has_room());
    objects[1] = slab.create(alive, 4);
    ASSERT_NE(objects[1], nullptr);
    EXPECT_EQ(slab.create(alive, 99), nullptr);
    for (Counted* object : objects) {
        slab.destroy(object);
    }
}

TEST(Slab, OfNoObjectsIsAlwaysFull) {
    Slab<int> slab(0);
    EXPECT_EQ(slab.create(1), nullptr);
    EXPECT_EQ(slab.bytes_reserved(), 0u);
}

TEST(Slab, GrowsByChunksWithoutMovingAnObject) {
    struct Large {
        explicit Large(std::uint32_t n) : number(n) {}
        std::uint32_t number;
        std::byte filler[4000] = {};
    };
    constexpr std::uint32_t kObjects = 100;  // about six chunks
    Slab<Large> slab(kObjects);
    std::vector<Large*> objects;
    std::size_t bytes_before = 0;
    int growths = 0;
    for (std::uint32_t i = 0; i < kObjects; ++i) {
        objects.push_back(slab.create(i));
        if (slab.bytes_reserved() != bytes_before) {
            growths += 1;
        }
        bytes_before = slab.bytes_reserved();
    }
    EXPECT_GE(growths, 6);
    for (std::uint32_t i = 0; i < kObjects; ++i) {
        EXPECT_EQ(objects[i]->number, i);
    }
    const std::size_t bytes_full = slab.bytes_reserved();
    for (Large* object : objects) {
        slab.destroy(object);
    }
    EXPECT_EQ(slab.bytes_reserved(), bytes_full) << "chunks stay until the slab ends";
}

TEST(Slab, HoldsAnObjectLargerThanAChunk) {
    struct Huge {
        std::byte filler[Slab<int>::kChunkBytes + 1] = {};
    };
    Slab<Huge> slab(2);
    Huge* first = slab.create();
    Huge* second = slab.create();
    ASSERT_NE(first, nullptr);
    ASSERT_NE(second, nullptr);
    EXPECT_NE(first, second);
    slab.destroy(first);
    slab.destroy(second);
}

TEST(Slab, KeepsTheAlignmentOfTheType) {
    struct alignas(64) Line {
        std::byte bytes[64] = {};
    };
    Slab<Line> slab(10);
    std::vector<Line*> objects;
    for (int i = 0; i < 10; ++i) {
        objects.push_back(slab.create());
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(objects.back()) % 64, 0u);
    }
    for (Line* object : objects) {
        slab.destroy(object);
    }
}

TEST(Slab, GivesOutTheSlotUsedLastFirst) {
    Slab<int> slab(8);
    int* first = slab.create(1);
    int* second = slab.create(2);
    slab.destroy(first);
    slab.destroy(second);
    EXPECT_EQ(slab.create(3), second);
    EXPECT_EQ(slab.create(4), first);
    slab.destroy(first);
    slab.destroy(second);
}

TEST(Slab, AHandleFindsItsObjectAndNoLaterOneInTheSameSlot) {
    Slab<int> slab(4);
    EXPECT_EQ(slab.find(SlabHandle()), nullptr);
    int* first = slab.create(1);
    const SlabHandle old = slab.handle_of(first);
    EXPECT_EQ(slab.find(old), first);
    EXPECT_EQ(slab.find(SlabHandle()), nullptr) << "a default handle names nothing";
    slab.destroy(first);
    EXPECT_EQ(slab.find(old), nullptr);
    int* second = slab.create(2);
    ASSERT_EQ(second, first) << "the test needs the same slot";
    EXPECT_EQ(slab.find(old), nullptr);
    EXPECT_EQ(slab.find(slab.handle_of(second)), second);
    EXPECT_EQ(slab.find(SlabHandle(1000, 1)), nullptr) << "an index that never was";
    slab.destroy(second);
}

TEST(Slab, AnObjectIsNotFoundByItsOwnDestructor) {
    struct Curious {
        Slab<Curious>* slab = nullptr;
        SlabHandle self;
        bool* found = nullptr;
        ~Curious() { *found = slab->find(self) != nullptr; }
    };
    Slab<Curious> slab(1);
    bool found = true;
    Curious* object = slab.create();
    object->slab = &slab;
    object->self = slab.handle_of(object);
    object->found = &found;
    slab.destroy(object);
    EXPECT_FALSE(found);
}

TEST(Slab, RemembersTheHighWaterMark) {
    Slab<int> slab(8);
    std::vector<int*> objects;
    for (int i = 0; i < 5; ++i) {
        objects.push_back(slab.create(i));
    }
    for (int* object : objects) {
        slab.destroy(object);
    }
    int* last = slab.create(0);
    EXPECT_EQ(slab.live_count(), 1u);
    EXPECT_EQ(slab.high_water(), 5u);
    slab.destroy(last);
}

TEST(Slab, VisitsEachLiveObjectOnceAndLetsTheVisitorDestroyIt) {
    Slab<int> slab(10);
    std::vector<int*> objects;
    for (int i = 0; i < 10; ++i) {
        objects.push_back(slab.create(i));
    }
    slab.destroy(objects[3]);
    slab.destroy(objects[7]);
    std::multiset<int> seen;
    slab.for_each([&](int& value) {
        seen.insert(value);
        slab.destroy(&value);
    });
    EXPECT_EQ(seen, (std::multiset<int>{0, 1, 2, 4, 5, 6, 8, 9}));
    EXPECT_EQ(slab.live_count(), 0u);
    slab.for_each([](int&) { FAIL() << "nothing lives"; });
}

TEST(Slab, AgreesWithAModelUnderRandomLoad) {
    constexpr std::uint64_t kSeed = 20'240'601;
    SCOPED_TRACE(testing::Message() << "seed " << kSeed);
    Prng random(kSeed);
    Slab<std::uint64_t> slab(300);
    std::vector<std::pair<std::uint64_t*, std::uint64_t>> model;
    std::vector<SlabHandle> ended;
    for (int step = 0; step < 20'000; ++step) {
        if (random.chance(1, 2)) {
            const std::uint64_t value = random.next();
            std::uint64_t* object = slab.create(value);
            ASSERT_EQ(object == nullptr, model.size() == 300);
            if (object != nullptr) {
                model.emplace_back(object, value);
            }
        } else if (!model.empty()) {
            const std::size_t chosen = random.below(model.size());
            ASSERT_EQ(*model[chosen].first, model[chosen].second);
            ended.push_back(slab.handle_of(model[chosen].first));
            slab.destroy(model[chosen].first);
            model[chosen] = model.back();
            model.pop_back();
        }
        ASSERT_EQ(slab.live_count(), model.size());
    }
    for (const SlabHandle handle : ended) {
        ASSERT_EQ(slab.find(handle), nullptr);
    }
    for (const auto& [object, value] : model) {
        EXPECT_EQ(*object, value);
        slab.destroy(object);
    }
}

TEST(SlabDeath, DestroyingTwiceIsAProgrammingError) {
    Slab<int> slab(4);
    int* object = slab.create(1);
    slab.destroy(object);
    EXPECT_DEATH(slab.destroy(object), "assertion failed");
    EXPECT_DEATH(slab.destroy(nullptr), "assertion failed");
}

TEST(SlabDeath, EndingWithALiveObjectIsAProgrammingError) {
    EXPECT_DEATH(
        {
            Slab<int> slab(4);
            (void)slab.create(1);
        },
        "assertion failed");
}

}  // namespace
}  // namespace sluice
