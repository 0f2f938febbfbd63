// MLST and MLSD: which facts are on, and the lines themselves (RFC 3659 7).
//
// The renderer writes straight into the caller's send buffer, without allocation and without a
// format string: a mirror's directory has hundreds of thousands of entries. A name's CR, LF and NUL
// become '?'. Pure; one renderer per listing, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/proto/entry.hpp"
#include "sluice/proto/reply.hpp"

namespace sluice::proto {

enum class Fact : std::uint8_t {
    Type,
    Size,
    Modify,
    Perm,
    Unique,
    UnixMode,
    UnixOwner,
    UnixGroup,
    Create,
    UnixOwnerName,
    UnixGroupName,
    MediaType,
};
inline constexpr std::size_t kFactCount = 12;

class FactSet {
public:
    constexpr FactSet() = default;

    static constexpr FactSet all() { return FactSet((1u << kFactCount) - 1); }
    // On at login: what clients read. The others are there for who asks with OPTS MLST.
    static constexpr FactSet initial() { return FactSet(0x3F); }

    constexpr bool has(Fact fact) const {
        return ((bits_ >> static_cast<unsigned>(fact)) & 1u) != 0;
    }
    constexpr void add(Fact fact) {
        bits_ = static_cast<std::uint16_t>(bits_ | (1u << static_cast<unsigned>(fact)));
    }
    constexpr bool is_empty() const { return bits_ == 0; }
    // As a number, for keys.
    constexpr std::uint16_t bits() const { return bits_; }
    // The name and its type say it all: a lister need not look at each file.
    constexpr bool needs_no_status() const {
        return (bits_ & ~(1u << static_cast<unsigned>(Fact::Type))) == 0;
    }
    friend constexpr bool operator==(FactSet, FactSet) = default;

private:
    constexpr explicit FactSet(unsigned bits) : bits_(static_cast<std::uint16_t>(bits)) {}
    std::uint16_t bits_ = 0;
};

std::string_view name_of(Fact fact);

// The facts that OPTS MLST names ("Type;size;UNIX.mode;"), in any case; unknown ones are ignored
// (RFC 3659 7.9) and an empty list turns all off.
FactSet parse_facts(std::string_view list);

// "MLST type*;size*;...;UNIX.group;": the FEAT line, every fact followed by ';' because FileZilla
// drops the last one otherwise.
void append_facts_feature(std::string& out, FactSet enabled);
// "200 MLST OPTS type;size;"
void append_facts_reply(ReplyBuffer& out, FactSet enabled);

class FactsRenderer {
public:
    explicit FactsRenderer(FactSet facts) : facts_(facts) {}

    // Writes "type=file;size=1;...; name\r\n" and returns its length, or 0 when `out` is too small
    // (kEntryLineBytesMax always suffices): send what is there and call again.
    std::size_t render(const EntryFacts& entry, std::span<char> out);

private:
    char* write_time(char* out, std::int64_t seconds);

    FactSet facts_;
    char day_text_[8] = {};  // the last day written: neighbours in a directory often share it
    std::int64_t day_ = INT64_MIN;
};

// The inner line of an MLST answer: one blank, facts, blank, name.
void append_facts_line(ReplyBuffer& out, FactSet facts, const EntryFacts& entry);

}  // namespace sluice::proto
