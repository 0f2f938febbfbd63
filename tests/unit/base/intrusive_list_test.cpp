// Method: small lists compared element by element, from the front, after every kind of change.
#include "sluice/base/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sluice {
namespace {

struct ByAge {};
struct Item : ListHook<>, ListHook<ByAge> {
    explicit Item(char n) : name(n) {}
    char name;
};

template <class Tag>
std::string names(IntrusiveList<Item, Tag>& list) {
    std::string text;
    for (Item* item = list.front(); item != nullptr; item = list.next(*item)) {
        text += item->name;
    }
    return text;
}

// Elements assert that they are in no list when they die, so a test ends by emptying its lists.
template <class Tag>
void drain(IntrusiveList<Item, Tag>& list) {
    while (list.pop_front() != nullptr) {
    }
}

TEST(IntrusiveList, KeepsTheOrderOfBothEnds) {
    Item a('a');
    Item b('b');
    Item c('c');
    IntrusiveList<Item> list;
    EXPECT_TRUE(list.is_empty());
    EXPECT_EQ(list.front(), nullptr);
    EXPECT_EQ(list.pop_front(), nullptr);
    list.push_back(b);
    list.push_back(c);
    list.push_front(a);
    EXPECT_EQ(names(list), "abc");
    EXPECT_EQ(list.pop_front(), &a);
    EXPECT_EQ(list.front(), &b);
    drain(list);
    EXPECT_TRUE(list.is_empty());
}

TEST(IntrusiveList, AnElementLeavesFromTheMiddleByItself) {
    Item a('a');
    Item b('b');
    Item c('c');
    IntrusiveList<Item> list;
    for (Item* item : {&a, &b, &c}) {
        list.push_back(*item);
    }
    b.ListHook<>::unlink();
    EXPECT_FALSE(b.ListHook<>::is_linked());
    EXPECT_EQ(names(list), "ac");
    b.ListHook<>::unlink();  // in no list: nothing happens
    EXPECT_EQ(names(list), "ac");
    list.push_back(b);
    EXPECT_EQ(names(list), "acb");
    drain(list);
}

TEST(IntrusiveList, AnElementIsInOneListPerHook) {
    Item a('a');
    Item b('b');
    IntrusiveList<Item> by_name;
    IntrusiveList<Item, ByAge> by_age;
    by_name.push_back(a);
    by_name.push_back(b);
    by_age.push_back(b);
    by_age.push_back(a);
    a.ListHook<ByAge>::unlink();
    EXPECT_EQ(names(by_name), "ab");
    EXPECT_EQ(names(by_age), "b");
    drain(by_name);
    drain(by_age);
}

TEST(IntrusiveList, SplicesAllElementsToTheEnd) {
    Item a('a');
    Item b('b');
    Item c('c');
    Item d('d');
    IntrusiveList<Item> first;
    IntrusiveList<Item> second;
    first.splice_back(second);
    EXPECT_TRUE(first.is_empty());
    second.push_back(a);
    second.push_back(b);
    first.splice_back(second);
    EXPECT_EQ(names(first), "ab");
    EXPECT_TRUE(second.is_empty());
    second.push_back(c);
    second.push_back(d);
    first.splice_back(second);
    EXPECT_EQ(names(first), "abcd");
    b.ListHook<>::unlink();
    d.ListHook<>::unlink();
    EXPECT_EQ(names(first), "ac");
    drain(first);
}

TEST(IntrusiveListDeath, InsertingTwiceIsAProgrammingError) {
    Item a('a');
    IntrusiveList<Item> list;
    list.push_back(a);
    EXPECT_DEATH(list.push_front(a), "assertion failed");
    drain(list);
}

TEST(IntrusiveListDeath, DyingWhileLinkedIsAProgrammingError) {
    EXPECT_DEATH(
        {
            IntrusiveList<Item> list;
            auto item = std::make_unique<Item>('a');
            list.push_back(*item);
            item.reset();
        },
        "assertion failed");
}

}  // namespace
}  // namespace sluice
