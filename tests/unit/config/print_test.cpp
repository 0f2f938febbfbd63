// What is printed parses back to the same values: for the defaults, for random valid snapshots, and
// for whatever a mutated file still says. Seeds are fixed and printed on failure.
#include "sluice/config/print.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "config/schema.hpp"
#include "config/value.hpp"
#include "sluice/base/prng.hpp"

namespace sluice::config {
namespace {

Loaded load(std::string_view text) {
    Loader loader;
    loader.add_file("s.toml", text);
    return std::move(loader).finish();
}

TEST(PrintDefaultConfig, ParsesBackToTheDefaults) {
    const Loaded loaded = load(print_default_config());
    EXPECT_EQ(loaded.diagnostics.render(), "");
    EXPECT_EQ(loaded.snapshot, Snapshot{});
    for (std::size_t i = 0; i < fields().size(); ++i) {
        EXPECT_EQ(loaded.places[i].kind, Place::Kind::File) << fields()[i].key();
    }
}

TEST(PrintDefaultConfig, ExplainsEveryKeyWithinEightyColumns) {
    const std::string text = print_default_config();
    std::string flat;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = text.find('\n', start);
        const std::string line = text.substr(start, end - start);
        if (line.starts_with('#')) {
            EXPECT_LE(line.size(), 80u) << line;
        }
        flat += line.starts_with("# ") ? line.substr(2) + " " : line + "\n";
        start = end + 1;
    }
    for (const Field& field : fields()) {
        EXPECT_NE(flat.find(field.help), std::string::npos) << field.key();
        EXPECT_NE(flat.find("(" + describe(field) + ")"), std::string::npos) << field.key();
    }
}

TEST(PrintConfig, EscapesTexts) {
    Snapshot snapshot;
    snapshot.server.root = "/a \"quoted\\path\" # ä";
    const std::string text = print_config(snapshot);
    EXPECT_NE(text.find("root = \"/a \\\"quoted\\\\path\\\" # ä\"\n"), std::string::npos) << text;
    EXPECT_EQ(load(text).snapshot, snapshot);
}

TEST(PrintConfigWithPlaces, NamesTheOriginOfEachValueAndParsesBack) {
    const char* const environment[] = {"SLUICE_LOG__LEVEL=debug", nullptr};
    Loader loader;
    loader.add_file("/etc/s.toml", "[server]\nlisten = ['*:21', '127.0.0.1:22']\n");
    loader.add_environment(environment);
    loader.add_flag("--shards", "server.shards", "2");
    const Loaded loaded = std::move(loader).finish();
    const std::string text = print_config_with_places(loaded);
    EXPECT_NE(text.find("\nlisten = [\"*:21\", \"127.0.0.1:22\"]  # /etc/s.toml:2\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\nroot = \".\"  # default\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\nshards = 2  # --shards\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\nlevel = \"debug\"  # SLUICE_LOG__LEVEL\n"), std::string::npos) << text;
    EXPECT_EQ(load(text).snapshot, loaded.snapshot);
}

TEST(PrintConfigWithPlaces, KeepsAStrangeFileNameInsideItsComment) {
    Loader loader;
    loader.add_file("a\nb", "server.root = 'x'\n");
    const Loaded loaded = std::move(loader).finish();
    const std::string text = print_config_with_places(loaded);
    EXPECT_NE(text.find("root = \"x\"  # a\\nb:1\n"), std::string::npos) << text;
    EXPECT_EQ(load(text).snapshot, loaded.snapshot);
}

// A random value that the row takes.
Value random_value(const Field& field, Prng& prng) {
    Value value;
    const auto below = [&](std::uint64_t bound) {
        return static_cast<std::int64_t>(prng.below(bound));
    };
    switch (field.type) {
        case Type::Boolean:
            value.number = below(2);
            break;
        case Type::Choice:
            value.number = below(choices_of(field).size());
            break;
        case Type::Integer:
        case Type::Duration:
        case Type::Size:
        case Type::Mode:
            value.number = field.min + below(static_cast<std::uint64_t>(field.max - field.min) + 1);
            break;
        case Type::Text:
        case Type::Lines:
        case Type::Path: {
            static constexpr std::string_view kPieces[] = {
                "a", "/", "\"", "\\", "'", "#", " ", "ß", "€", "=", "[", "%", "\\u0041", "."};
            for (std::uint64_t n = 1 + prng.below(20); n > 0; --n) {
                value.text += kPieces[prng.below(std::size(kPieces))];
            }
            break;
        }
        case Type::Name:
            value.text = prng.chance(1, 2) ? "" : "cubic";
            break;
        case Type::Ipv4:
            value.text = prng.chance(1, 2) ? "" : "192.0.2.1";
            break;
        case Type::PortRange: {
            const auto first = static_cast<std::uint16_t>(1 + prng.below(65535));
            value.ports =
                PortRange(first, static_cast<std::uint16_t>(first + prng.below(65536u - first)));
            break;
        }
        case Type::HostNames:
        case Type::Paths:
            for (std::uint64_t n = prng.below(4); n > 0; --n) {
                value.names.emplace_back(prng.chance(1, 2) ? "ftp.example.org" : "a-b.test");
            }
            break;
        case Type::Words:
            for (std::uint64_t n = prng.below(4); n > 0; --n) {
                value.names.emplace_back(prng.chance(1, 2) ? "DCP \"9\"" : "HP\\x;y#");
            }
            break;
        case Type::TlsRules:
            if (prng.chance(1, 2)) {
                TlsRule rule;
                rule.need = static_cast<TlsNeed>(below(4));
                rule.users = static_cast<TlsUsers>(below(3));
                rule.has_to = rule.to_any = true;
                rule.to_port = static_cast<std::uint16_t>(1 + prng.below(65535));
                value.tls_rules.push_back(rule);
            }
            break;
        case Type::ListenList:
            for (std::uint64_t n = 1 + prng.below(5); n > 0; --n) {
                static constexpr const char* kHosts[] = {"*", "::", "::1", "127.0.0.1", "0.0.0.0"};
                value.listen.emplace_back(kHosts[prng.below(std::size(kHosts))],
                                          static_cast<std::uint16_t>(prng.below(65536)));
            }
            break;
    }
    return value;
}

// Seeded: every valid snapshot is printed and read back; cross-key contradictions, which random
// values have often, are reported by the reading but do not change the values.
TEST(PrintConfig, IsTheInverseOfReadingForRandomSnapshots) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Prng prng(seed);
        Snapshot snapshot;
        for (const Field& field : fields()) {
            field.put(snapshot, random_value(field, prng));
        }
        const std::string text = print_config(snapshot);
        const Loaded loaded = load(text);
        ASSERT_EQ(loaded.snapshot, snapshot) << "seed " << seed << "\n"
                                             << loaded.diagnostics.render() << text;
        ASSERT_EQ(print_config(loaded.snapshot), text) << "seed " << seed;
    }
}

// Seeded mutations of a full valid file: whatever comes out, nothing crashes, every message can be
// rendered within bounds, and what is accepted survives printing and reading.
TEST(Loader, SurvivesMutatedFiles) {
    const std::string original = print_default_config();
    static constexpr std::string_view kTokens[] = {"[",
                                                   "]",
                                                   "[[",
                                                   "]]",
                                                   "{",
                                                   "}",
                                                   "=",
                                                   "\"",
                                                   "'",
                                                   "\"\"\"",
                                                   "'''",
                                                   "#",
                                                   "\n",
                                                   "\r\n",
                                                   "\0",
                                                   ",",
                                                   ".",
                                                   "\\",
                                                   "\\u0000",
                                                   "\\UFFFFFFFF",
                                                   "\xff",
                                                   "\xc3",
                                                   "\xe2\x82",
                                                   "\xef\xbb\xbf",
                                                   "0x",
                                                   "1e999",
                                                   "9223372036854775808",
                                                   "-",
                                                   "nan",
                                                   "inf",
                                                   "1979-05-27T07:32:00Z",
                                                   "a.b.c",
                                                   "true",
                                                   "\x1b",
                                                   "\t"};
    int valid = 0;
    int invalid = 0;
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        Prng prng(seed);
        std::string text = original;
        for (std::uint64_t n = prng.below(4); n > 0; --n) {
            const std::size_t at = prng.below(text.size() + 1);
            const std::size_t count = prng.below(20);
            switch (prng.below(5)) {
                case 0:
                    text.erase(at, count);
                    break;
                case 1:
                    text.insert(at, kTokens[prng.below(std::size(kTokens))]);
                    break;
                case 2:
                    text.insert(at, original, prng.below(original.size()), count);
                    break;
                case 3:
                    text.resize(at);
                    break;
                default:
                    if (at < text.size()) {
                        text[at] = static_cast<char>(prng.below(256));
                    }
            }
        }
        const Loaded loaded = load(text);
        ASSERT_LT(loaded.diagnostics.render().size(), 100'000u) << "seed " << seed;
        (loaded.is_valid() ? valid : invalid) += 1;
        if (!loaded.is_valid()) {
            continue;
        }
        ASSERT_EQ(load(print_config(loaded.snapshot)).snapshot, loaded.snapshot) << "seed " << seed;
    }
    // Both kinds must occur often, or the mutations prove nothing.
    EXPECT_GT(valid, 200);
    EXPECT_GT(invalid, 200);
}

}  // namespace
}  // namespace sluice::config
