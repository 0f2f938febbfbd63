// Method: the rules one by one, then more clients than there are places.
#include "sluice/digest/budget.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::digest {
namespace {

constexpr Instant kStart(1'000'000'000);

ClientKey client(std::uint64_t number, bool is_v6 = false) {
    ClientKey key;
    key.network = number;
    key.is_v6 = is_v6;
    return key;
}

TEST(DigestBudget, AllowsSoManyAtATimePerClient) {
    Budget budget({.at_once = 2, .bytes_per_hour = 0});
    EXPECT_EQ(budget.enter(client(1), 10, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 10, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 10, kStart), Verdict::Busy);
    EXPECT_EQ(budget.enter(client(2), 10, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1, true), 10, kStart), Verdict::Granted) << "another family";
    budget.leave(client(1), 0, kStart);
    EXPECT_EQ(budget.enter(client(1), 10, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 10, kStart), Verdict::Busy);
}

TEST(DigestBudget, CountsTheBytesOfAnHour) {
    Budget budget({.at_once = 9, .bytes_per_hour = 100});
    EXPECT_EQ(budget.enter(client(1), 101, kStart), Verdict::Spent);
    EXPECT_EQ(budget.enter(client(1), 60, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 41, kStart), Verdict::Spent);
    EXPECT_EQ(budget.enter(client(1), 40, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(2), 100, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 0, kStart), Verdict::Granted) << "an empty file";
    const Instant just_before = kStart + Budget::kWindow + Duration(-1);
    EXPECT_EQ(budget.enter(client(1), 1, just_before), Verdict::Spent);
    EXPECT_EQ(budget.enter(client(1), 100, kStart + Budget::kWindow), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 1, kStart + Budget::kWindow), Verdict::Spent);
}

TEST(DigestBudget, GivesBackWhatWasNotRead) {
    Budget budget({.at_once = 9, .bytes_per_hour = 100});
    EXPECT_EQ(budget.enter(client(1), 100, kStart), Verdict::Granted);
    budget.leave(client(1), 70, kStart);
    EXPECT_EQ(budget.enter(client(1), 71, kStart), Verdict::Spent);
    EXPECT_EQ(budget.enter(client(1), 70, kStart), Verdict::Granted);
}

TEST(DigestBudget, GivesBackNothingIntoTheNextHour) {
    Budget budget({.at_once = 9, .bytes_per_hour = 100});
    const Instant later = kStart + Budget::kWindow;
    EXPECT_EQ(budget.enter(client(1), 100, kStart), Verdict::Granted);
    EXPECT_EQ(budget.enter(client(1), 60, later), Verdict::Granted);
    budget.leave(client(1), 100, kStart);
    EXPECT_EQ(budget.enter(client(1), 41, later), Verdict::Spent);
    EXPECT_EQ(budget.enter(client(1), 40, later), Verdict::Granted);
}

TEST(DigestBudget, RefusesWhenAllPlacesCompute) {
    Budget budget({.at_once = 1, .bytes_per_hour = 0});
    std::size_t granted = 0;
    std::vector<ClientKey> running;
    for (std::uint64_t number = 0; number < 3 * Budget::kClientsMax; ++number) {
        if (budget.enter(client(number), 1, kStart) == Verdict::Granted) {
            ++granted;
            running.push_back(client(number));
        }
    }
    EXPECT_LE(granted, Budget::kClientsMax);
    EXPECT_GT(granted, Budget::kClientsMax / 2);
    for (const ClientKey& key : running) {
        budget.leave(key, 0, kStart);
    }
    for (const ClientKey& key : running) {
        EXPECT_EQ(budget.enter(key, 1, kStart), Verdict::Granted);
        budget.leave(key, 0, kStart);
    }
}

// Somebody with many networks must not make the server forget who has used up his hour.
TEST(DigestBudget, ForgetsThoseFirstWhoHaveUsedTheLeast) {
    Budget budget({.at_once = 1, .bytes_per_hour = 100});
    EXPECT_EQ(budget.enter(client(1), 100, kStart), Verdict::Granted);
    budget.leave(client(1), 0, kStart);
    for (std::uint64_t number = 2; number < 10 * Budget::kClientsMax; ++number) {
        if (budget.enter(client(number), 1, kStart) == Verdict::Granted) {
            budget.leave(client(number), 0, kStart);
        }
    }
    EXPECT_EQ(budget.enter(client(1), 1, kStart), Verdict::Spent);
}

}  // namespace
}  // namespace sluice::digest
