// Method: known paths, then random ones against a resolver that keeps a list of components.
#include "sluice/proto/path.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/prng.hpp"

namespace sluice::proto {
namespace {

std::string normal(std::string_view cwd, std::string_view argument) {
    const Result<std::string> path = normalise(cwd, argument);
    return path ? *path : "error: " + std::string(text_of(path.error().code));
}

TEST(Normalise, JoinsARelativePathToTheCurrentDirectory) {
    EXPECT_EQ(normal("/", "a"), "/a");
    EXPECT_EQ(normal("/a", "b/c"), "/a/b/c");
    EXPECT_EQ(normal("/a", "/b"), "/b");
    EXPECT_EQ(normal("/a/b", ""), "/a/b");
    EXPECT_EQ(normal("/", ""), "/");
}

TEST(Normalise, GivesNoMeaningToDotsAndExtraSlashes) {
    EXPECT_EQ(normal("/a", "./b//c/."), "/a/b/c");
    EXPECT_EQ(normal("/", "//a///"), "/a");
    EXPECT_EQ(normal("/a", "."), "/a");
    EXPECT_EQ(normal("/", "/"), "/");
}

TEST(Normalise, NeverLeavesTheRoot) {
    EXPECT_EQ(normal("/", ".."), "/");
    EXPECT_EQ(normal("/a/b", "../../../../etc/passwd"), "/etc/passwd");
    EXPECT_EQ(normal("/", "/../../etc/passwd"), "/etc/passwd");
    EXPECT_EQ(normal("/a", "b/../../.."), "/");
    EXPECT_EQ(normal("/a/b", ".."), "/a");
}

TEST(Normalise, TakesOtherBytesAsTheyAre) {
    EXPECT_EQ(normal("/", "..\\..\\etc"), "/..\\..\\etc");
    EXPECT_EQ(normal("/", "..."), "/...");
    EXPECT_EQ(normal("/", " a "), "/ a ");
    EXPECT_EQ(normal("/", "\xC0\xAE\xC0\xAE/x"), "/\xC0\xAE\xC0\xAE/x");
    EXPECT_EQ(normal("/", "caf\xE9\xFF"), "/caf\xE9\xFF");
}

TEST(Normalise, RefusesNulCrAndLf) {
    for (const char bad : {'\0', '\r', '\n'}) {
        const Result<std::string> path = normalise("/", std::string("a") + bad + "b");
        ASSERT_FALSE(path.has_value());
        EXPECT_EQ(path.error().code, Errc::BadName);
    }
    // Also in a part that '..' would remove.
    EXPECT_FALSE(normalise("/", "a\r/../b").has_value());
}

TEST(Normalise, BoundsComponentsAndPaths) {
    EXPECT_TRUE(normalise("/", std::string(255, 'a')).has_value());
    const Result<std::string> component = normalise("/", std::string(256, 'a'));
    ASSERT_FALSE(component.has_value());
    EXPECT_EQ(component.error().code, Errc::NameTooLong);

    std::string path;
    while (path.size() < kPathBytesMax) {
        path += "/" + std::string(127, 'd');
    }
    path.resize(kPathBytesMax);
    EXPECT_EQ(normal("/", path), path);
    const Result<std::string> longer = normalise("/", path + "x");
    ASSERT_FALSE(longer.has_value());
    EXPECT_EQ(longer.error().code, Errc::NameTooLong);
    EXPECT_FALSE(normalise(path, "x").has_value());
}

TEST(Normalise, AgreesWithANaiveResolver) {
    const std::vector<std::string> parts = {"", ".", "..", "a", "bb", "...", " ", "..x"};
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        Prng prng(seed);
        const auto random_path = [&](bool absolute) {
            std::string path = absolute ? "/" : "";
            const std::uint64_t count = prng.below(8);
            for (std::uint64_t i = 0; i < count; ++i) {
                path += parts[prng.below(parts.size())];
                if (i + 1 < count || prng.chance(1, 3)) {
                    path += "/";
                }
            }
            return path;
        };
        const auto resolve = [](const std::string& path) {
            std::vector<std::string> stack;
            std::string part;
            for (const char c : path + "/") {
                if (c != '/') {
                    part += c;
                    continue;
                }
                if (part == "..") {
                    if (!stack.empty()) {
                        stack.pop_back();
                    }
                } else if (!part.empty() && part != ".") {
                    stack.push_back(part);
                }
                part.clear();
            }
            std::string out;
            for (const std::string& name : stack) {
                out += "/" + name;
            }
            return out.empty() ? "/" : out;
        };
        const std::string cwd = resolve(random_path(true));
        const std::string argument = random_path(prng.chance(1, 2));
        const std::string expected =
            resolve(argument.starts_with("/") ? argument : cwd + "/" + argument);
        const std::string got = normal(cwd, argument);
        ASSERT_EQ(got, expected) << "seed " << seed << " cwd " << cwd << " argument " << argument;
        ASSERT_TRUE(is_normal(got)) << got;
        // The normal form is a fixed point.
        ASSERT_EQ(normal("/", got), got);
        ASSERT_EQ(normal(cwd, got), got);
    }
}

TEST(IsNormal, RefusesWhatNormaliseWouldChange) {
    for (const std::string_view path :
         {"", "a", "/a/", "//", "/a//b", "/.", "/..", "/a/../b", "/a\nb"}) {
        EXPECT_FALSE(is_normal(path)) << path;
    }
    for (const std::string_view path : {"/", "/a", "/a/b", "/...", "/ "}) {
        EXPECT_TRUE(is_normal(path)) << path;
    }
}

TEST(SplitPath, GivesParentAndName) {
    EXPECT_EQ(split_parent("/a/b").parent, "/a");
    EXPECT_EQ(split_parent("/a/b").name, "b");
    EXPECT_EQ(split_parent("/a").parent, "/");
    EXPECT_EQ(split_parent("/a").name, "a");
    EXPECT_EQ(split_parent("/").parent, "/");
    EXPECT_EQ(split_parent("/").name, "");
}

TEST(RelativeToRoot, NeverBeginsWithASlash) {
    EXPECT_EQ(relative_to_root("/"), ".");
    EXPECT_EQ(relative_to_root("/a/b"), "a/b");
}

TEST(IsComponent, TakesOneNameOnly) {
    EXPECT_TRUE(is_component("a"));
    EXPECT_TRUE(is_component("..."));
    EXPECT_TRUE(is_component(std::string(255, 'x')));
    for (const std::string_view bad : {"", ".", "..", "a/b", "a\nb", "a\rb"}) {
        EXPECT_FALSE(is_component(bad)) << bad;
    }
    EXPECT_FALSE(is_component(std::string(256, 'x')));
    EXPECT_FALSE(is_component(std::string_view("a\0", 2)));
}

TEST(AppendQuoted, DoublesQuotes) {
    std::string out = "x ";
    append_quoted(out, "/a\"b");
    EXPECT_EQ(out, "x \"/a\"\"b\"");
}

}  // namespace
}  // namespace sluice::proto
