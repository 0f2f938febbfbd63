// Holds the table of settings to its own rules, row by row, and to the Snapshot it fills.
#include "config/schema.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "config/value.hpp"

namespace sluice::config {
namespace {

Value parsed(const Field& field, std::string_view text) {
    RawValue raw;
    raw.text = text;
    const tl::expected<Value, Complaint> value = parse_value(field, raw);
    EXPECT_TRUE(value.has_value()) << field.key() << ": " << (value ? "" : value.error().text);
    return value.value_or(Value());
}

const Field& field_named(std::string_view key) {
    return fields()[find_field(key).value()];
}

TEST(Schema, EveryKeyHasAHelpThatIsASentence) {
    for (const Field& field : fields()) {
        ASSERT_GT(field.help.size(), 10u) << field.key();
        EXPECT_EQ(field.help.back(), '.') << field.key();
        EXPECT_EQ(field.help.find('\n'), std::string_view::npos) << field.key();
    }
    for (const Section& section : sections()) {
        ASSERT_GT(section.help.size(), 10u) << section.name;
        EXPECT_EQ(section.help.back(), '.') << section.name;
    }
}

TEST(Schema, EveryKeyIsUniqueAndInAKnownSection) {
    std::set<std::string> keys;
    for (const Field& field : fields()) {
        EXPECT_TRUE(keys.insert(field.key()).second) << field.key();
        bool is_known = false;
        for (const Section& section : sections()) {
            is_known = is_known || section.name == field.section;
        }
        EXPECT_TRUE(is_known) << field.key();
        EXPECT_EQ(&fields()[find_field(field.key()).value()], &field);
    }
}

TEST(Schema, EveryDefaultPassesItsOwnCheckAndEqualsTheSnapshotsInitialiser) {
    Snapshot from_table;
    // Start from values that differ, so that a row which forgets to put is seen.
    from_table.server.listen.clear();
    from_table.server.root = "other";
    from_table.server.passive_ports = PortRange(1, 2);
    from_table.limits.max_sessions = 7;
    for (const Field& field : fields()) {
        field.put(from_table, parsed(field, field.fallback));
    }
    EXPECT_EQ(from_table, Snapshot{});
}

TEST(Schema, EveryDefaultIsWrittenInTheFormThatPrintingGives) {
    for (const Field& field : fields()) {
        EXPECT_EQ(format_value(field, field.get(Snapshot{})), field.fallback) << field.key();
    }
}

// A number that reaches its member cut short would be read back as another one.
TEST(Schema, BothEndsOfEveryRangeFitTheMember) {
    for (const Field& field : fields()) {
        if (field.type != Type::Integer && field.type != Type::Duration &&
            field.type != Type::Size && field.type != Type::Mode) {
            continue;
        }
        ASSERT_LT(field.min, field.max) << field.key();
        for (const std::int64_t end : {field.min, field.max}) {
            Value value;
            value.number = end;
            Snapshot snapshot;
            field.put(snapshot, value);
            EXPECT_EQ(field.get(snapshot).number, end) << field.key();
            EXPECT_EQ(parsed(field, format_value(field, value)).number, end) << field.key();
        }
    }
}

TEST(Schema, EveryChoiceHasAnEnumeratorOfItsOwn) {
    for (const Field& field : fields()) {
        if (field.type != Type::Choice) {
            continue;
        }
        ASSERT_GE(choices_of(field).size(), 2u) << field.key();
        for (const std::string_view word : choices_of(field)) {
            Snapshot snapshot;
            field.put(snapshot, parsed(field, word));
            EXPECT_EQ(format_value(field, field.get(snapshot)), word) << field.key();
        }
    }
}

// The table names choices by their order; this is the list that would notice a swapped pair.
TEST(Schema, TheWordsMeanTheirEnumerators) {
    const auto with = [](std::string_view key, std::string_view word) {
        Snapshot snapshot;
        field_named(key).put(snapshot, parsed(field_named(key), word));
        return snapshot;
    };
    EXPECT_EQ(with("server.engine", "auto").server.engine, Engine::Auto);
    EXPECT_EQ(with("server.engine", "io_uring").server.engine, Engine::IoUring);
    EXPECT_EQ(with("server.engine", "epoll").server.engine, Engine::Epoll);
    EXPECT_EQ(with("server.passive_mode", "auto").server.passive_mode, PassiveMode::Auto);
    EXPECT_EQ(with("server.passive_mode", "pooled").server.passive_mode, PassiveMode::Pooled);
    EXPECT_EQ(with("server.passive_mode", "exclusive").server.passive_mode, PassiveMode::Exclusive);
    EXPECT_EQ(with("upload.durability", "none").upload.durability, Durability::None);
    EXPECT_EQ(with("upload.durability", "data").upload.durability, Durability::Data);
    EXPECT_EQ(with("upload.durability", "full").upload.durability, Durability::Full);
    EXPECT_EQ(with("upload.partial", "keep").upload.partial, PartialUpload::Keep);
    EXPECT_EQ(with("upload.partial", "discard").upload.partial, PartialUpload::Discard);
    EXPECT_EQ(with("upload.partial", "dot_partial").upload.partial, PartialUpload::DotPartial);
    EXPECT_EQ(with("upload.size_mismatch", "refuse").upload.size_mismatch, SizeMismatch::Refuse);
    EXPECT_EQ(with("upload.size_mismatch", "accept").upload.size_mismatch, SizeMismatch::Accept);
    EXPECT_EQ(with("tree.symlinks", "in_root").tree.symlinks, SymlinkPolicy::InRoot);
    EXPECT_EQ(with("tree.symlinks", "beneath").tree.symlinks, SymlinkPolicy::Beneath);
    EXPECT_EQ(with("tree.symlinks", "never").tree.symlinks, SymlinkPolicy::Never);
    EXPECT_EQ(with("tls.kernel", "auto").tls.kernel, KernelTls::Auto);
    EXPECT_EQ(with("tls.kernel", "off").tls.kernel, KernelTls::Off);
    EXPECT_EQ(with("log.format", "text").log.format, LogFormat::Text);
    EXPECT_EQ(with("log.format", "json").log.format, LogFormat::Json);
    EXPECT_EQ(with("log.level", "error").log.level, LogLevel::Error);
    EXPECT_EQ(with("log.level", "warn").log.level, LogLevel::Warn);
    EXPECT_EQ(with("log.level", "info").log.level, LogLevel::Info);
    EXPECT_EQ(with("log.level", "debug").log.level, LogLevel::Debug);
}

TEST(Schema, EachRowFillsAMemberOfItsOwn) {
    // Two rows bound to one member would overwrite each other: set each row alone to something
    // that is not its default, and see that exactly its own text changes.
    for (const Field& changed : fields()) {
        std::string other = "x";
        switch (changed.type) {
            case Type::Boolean:
                other = changed.fallback == "true" ? "false" : "true";
                break;
            case Type::Choice:
                other = choices_of(changed).back();
                break;
            case Type::Integer:
                other = changed.max < 17 ? std::to_string(changed.max) : "17";
                break;
            case Type::Duration:
                other = "17s";
                break;
            case Type::Size:
                other = "17MiB";
                break;
            case Type::Mode:
                other = "0701";
                break;
            case Type::Ipv4:
                other = "203.0.113.7";
                break;
            case Type::PortRange:
                other = "17-18";
                break;
            case Type::ListenList:
                other = "*:17";
                break;
            case Type::Paths:
            case Type::HostNames:
                other = "ftp.example.org";
                break;
            case Type::Words:
                other = "printer,camera 1";
                break;
            case Type::TlsRules:
                other = "off from 10.0.0.0/8,data for named";
                break;
            case Type::Text:
            case Type::Lines:
            case Type::Name:
            case Type::Path:
                break;
        }
        if (other == changed.fallback) {
            other = choices_of(changed).front();
        }
        Snapshot snapshot;
        changed.put(snapshot, parsed(changed, other));
        for (const Field& field : fields()) {
            EXPECT_EQ(format_value(field, field.get(snapshot)),
                      &field == &changed ? other : field.fallback)
                << changed.key() << " changed " << field.key();
        }
    }
}

TEST(Schema, FindsNothingUnderNamesItDoesNotHave) {
    for (const char* key : {"", ".", "server", "server.", ".root", "root", "server.root.x",
                            "Server.root", "server.Root"}) {
        EXPECT_FALSE(find_field(key).has_value()) << key;
    }
}

}  // namespace
}  // namespace sluice::config
