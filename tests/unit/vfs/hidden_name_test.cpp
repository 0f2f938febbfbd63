// Which names hide an upload: all that we make, and none that anybody else would.
#include "sluice/vfs/hidden_name.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sluice/base/prng.hpp"

namespace sluice::vfs {
namespace {

TEST(HiddenName, EveryNameWeMakeIsHidden) {
    Prng random(1);
    for (int i = 0; i < 10'000; ++i) {
        const HiddenName name = make_hidden_name(random.next());
        ASSERT_TRUE(is_hidden_name(name.view())) << name.view();
    }
    EXPECT_TRUE(is_hidden_name(make_hidden_name(0).view()));
    EXPECT_TRUE(is_hidden_name(make_hidden_name(~0ull).view()));
}

TEST(HiddenName, ANameWithAnotherCheckSumIsAUsersFile) {
    std::string name(make_hidden_name(42).view());
    for (std::size_t i = 0; i < name.size(); ++i) {
        std::string other = name;
        other[i] = other[i] == '0' ? '1' : '0';
        EXPECT_FALSE(is_hidden_name(other)) << other;
    }
}

TEST(HiddenName, OrdinaryNamesAreNotHidden) {
    EXPECT_FALSE(is_hidden_name(""));
    EXPECT_FALSE(is_hidden_name(".in."));
    EXPECT_FALSE(is_hidden_name(".in.0123456789abcdef"));
    EXPECT_FALSE(is_hidden_name(".in.0123456789abcdef01234567"));
    EXPECT_FALSE(is_hidden_name(std::string(make_hidden_name(7).view()) + "x"));
    std::string capital(make_hidden_name(0xABCDEF).view());
    for (char& c : capital) {
        if (c >= 'a' && c <= 'f') {
            c = static_cast<char>(c - 'a' + 'A');
        }
    }
    EXPECT_FALSE(is_hidden_name(capital));
}

TEST(HiddenName, IsFoundAnywhereInAPath) {
    const std::string name(make_hidden_name(99).view());
    EXPECT_TRUE(has_hidden_component(name));
    EXPECT_TRUE(has_hidden_component("/" + name));
    EXPECT_TRUE(has_hidden_component("/a/" + name + "/b"));
    EXPECT_TRUE(has_hidden_component("/.in.x/" + name));
    EXPECT_FALSE(has_hidden_component("/a" + name));
    EXPECT_FALSE(has_hidden_component("/" + name + "b"));
    EXPECT_FALSE(has_hidden_component("/"));
    EXPECT_FALSE(has_hidden_component(""));
    EXPECT_FALSE(has_hidden_component("/.in./.in."));
}

}  // namespace
}  // namespace sluice::vfs
