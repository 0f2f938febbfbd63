// Method: random lines against std::stable_sort of the same, in sizes around the runs; and the
// bound.
#include "session/line_sorter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::session {
namespace {

struct Expected {
    std::int64_t key;
    std::string name;
};

class Sorted {
public:
    explicit Sorted(bool reverse, std::uint64_t bytes = 64 << 20)
        : budget_(bytes), share_(budget_, bytes), sorter(share_, reverse) {}
    Status add(std::int64_t key, const std::string& name, std::size_t bytes = 0) {
        const std::string text = name + std::string(bytes, '-') + "\r\n";
        LineSorter::Line line;
        line.text = text;
        line.name = name;
        line.is_folder = name.size() % 2 == 0;
        return sorter.add(LineSorter::Key(key, 0), line);
    }
    std::vector<std::string> take() {
        sorter.finish();
        std::vector<std::string> names;
        LineSorter::Line line;
        while (sorter.next(line)) {
            names.emplace_back(line.name);
            EXPECT_EQ(line.is_folder, line.name.size() % 2 == 0);
            EXPECT_TRUE(line.text.starts_with(line.name) && line.text.ends_with("\r\n"));
        }
        return names;
    }
    std::uint64_t used() const { return budget_.used(); }

private:
    vfs::MemoryBudget budget_;
    vfs::MemoryBudget::Share share_;

public:
    LineSorter sorter;
};

TEST(LineSorter, PutsLargerKeysFirstAndEqualOnesByName) {
    Sorted sorted(false);
    for (const char* name : {"b", "c", "a"}) { ASSERT_TRUE(sorted.add(1, name)); }
    ASSERT_TRUE(sorted.add(2, "z"));
    EXPECT_EQ(sorted.take(), (std::vector<std::string>{"z", "a", "b", "c"}));
    Sorted reversed(true);
    for (const char* name : {"b", "c", "a"}) { ASSERT_TRUE(reversed.add(1, name)); }
    ASSERT_TRUE(reversed.add(2, "z"));
    EXPECT_EQ(reversed.take(), (std::vector<std::string>{"c", "b", "a", "z"}));
}

TEST(LineSorter, SortsAnyNumberOfRunsLikeTheLibrary) {
    Prng prng(20);
    constexpr std::size_t kRun = LineSorter::kRunLines;
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kRun - 1, kRun, kRun + 1,
                                    7 * kRun + 13}) {
        for (const bool reverse : {false, true}) {
            Sorted sorted(reverse);
            std::vector<Expected> expected;
            for (std::size_t i = 0; i < count; ++i) {
                const auto key = static_cast<std::int64_t>(prng.below(50));
                const std::string name = std::to_string(prng.next());
                expected.push_back({key, name});
                ASSERT_TRUE(sorted.add(key, name, prng.below(60)));
            }
            std::sort(expected.begin(), expected.end(), [&](const Expected& a, const Expected& b) {
                const Expected& left = reverse ? b : a;
                const Expected& right = reverse ? a : b;
                return left.key != right.key ? left.key > right.key : left.name < right.name;
            });
            const std::vector<std::string> names = sorted.take();
            ASSERT_EQ(names.size(), expected.size());
            for (std::size_t i = 0; i < count; ++i) { ASSERT_EQ(names[i], expected[i].name); }
        }
    }
}

TEST(LineSorter, RefusesWhatDoesNotFitAndGivesItsMemoryBack) {
    Sorted sorted(false, 256 << 10);
    Status added;
    int count = 0;
    while (added && count < 1'000'000) {
        added = sorted.add(count, "name-" + std::to_string(count), 100);
        ++count;
    }
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, Errc::LimitReached);
    EXPECT_GT(count, 1000);
    EXPECT_LE(sorted.used(), 256u << 10);
    sorted.sorter.clear();
    EXPECT_EQ(sorted.used(), 0u);
    ASSERT_TRUE(sorted.add(1, "again"));
    EXPECT_EQ(sorted.take(), std::vector<std::string>{"again"});
}

}  // namespace
}  // namespace sluice::session
