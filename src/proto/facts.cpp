#include "sluice/proto/facts.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "proto/text_writer.hpp"
#include "proto/utc.hpp"
#include "sluice/proto/media_type.hpp"
#include "sluice/proto/timestamp.hpp"
#include "sluice/proto/verb.hpp"

namespace sluice::proto {
namespace {

constexpr std::array<std::string_view, kFactCount> kFactNames = {
    "type",       "size",       "modify", "perm",           "unique",         "UNIX.mode",
    "UNIX.owner", "UNIX.group", "create", "UNIX.ownername", "UNIX.groupname", "media-type"};

constexpr Fact fact_at(std::size_t index) {
    return static_cast<Fact>(index);
}

// All facts with their longest values but for the names: see the sum in the test
// FactsRenderer.FitsTheLongestEntryIntoTheBound.
constexpr std::size_t kFixedBytesMax = 448;
static_assert(kFixedBytesMax + 2 * 4095 + 4 * kOwnerNameBytesMax <= kEntryLineBytesMax);

// A fact ends at ';' and all facts at a blank, so a link target that holds either cannot be shown.
bool is_fact_value(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != ';' && c != 0x7F;
    });
}

char* write_type(char* out, const EntryFacts& entry) {
    out = write_text(out, "type=");
    switch (entry.mode & kModeTypeMask) {
        case kModeDirectory:
            if (entry.role == EntryRole::CurrentDirectory) {
                return write_text(out, "cdir;");
            }
            if (entry.role == EntryRole::ParentDirectory) {
                return write_text(out, "pdir;");
            }
            return write_text(out, "dir;");
        case kModeSymlink:
            // FileZilla reads the target behind the colon.
            if (!is_fact_value(entry.link_target)) {
                return write_text(out, "OS.unix=symlink;");
            }
            out = write_text(out, "OS.unix=slink:");
            out = write_text(out, entry.link_target);
            *out++ = ';';
            return out;
        case kModeFifo:
            return write_text(out, "OS.unix=fifo;");
        case kModeSocket:
            return write_text(out, "OS.unix=socket;");
        case kModeCharacterDevice:
            return write_text(out, "OS.unix=chr;");
        case kModeBlockDevice:
            return write_text(out, "OS.unix=blk;");
        default:
            return write_text(out, "file;");
    }
}

// RFC 3659 7.5.5, letters in alphabetical order.
char* write_permissions(char* out, const EntryFacts& entry) {
    out = write_text(out, "perm=");
    const EntryRights rights = entry.rights;
    if (entry.has_type(kModeDirectory)) {
        if (rights.write) {
            *out++ = 'c';
        }
        if (rights.remove) {
            *out++ = 'd';
        }
        if (rights.enter) {
            *out++ = 'e';
        }
        if (rights.remove) {
            *out++ = 'f';
        }
        if (rights.read) {
            *out++ = 'l';
        }
        if (rights.write) {
            out = write_text(out, "mp");
        }
    } else {
        if (rights.append) {
            *out++ = 'a';
        }
        if (rights.remove) {
            out = write_text(out, "df");
        }
        if (rights.read) {
            *out++ = 'r';
        }
        if (rights.write) {
            *out++ = 'w';
        }
    }
    *out++ = ';';
    return out;
}

char* write_mode(char* out, std::uint32_t mode) {
    out = write_text(out, "UNIX.mode=");
    for (int shift = 9; shift >= 0; shift -= 3) {
        *out++ = static_cast<char>('0' + ((mode >> shift) & 7));
    }
    *out++ = ';';
    return out;
}

}  // namespace

std::string_view name_of(Fact fact) {
    return kFactNames[static_cast<std::size_t>(fact)];
}

FactSet parse_facts(std::string_view list) {
    FactSet facts;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(';'), list.size());
        for (std::size_t i = 0; i < kFactCount; ++i) {
            if (equal_ignoring_case(kFactNames[i], list.substr(0, end))) {
                facts.add(fact_at(i));
            }
        }
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return facts;
}

void append_facts_feature(std::string& out, FactSet enabled) {
    out += "MLST ";
    for (std::size_t i = 0; i < kFactCount; ++i) {
        out += kFactNames[i];
        out += enabled.has(fact_at(i)) ? "*;" : ";";
    }
}

void append_facts_reply(ReplyBuffer& out, FactSet enabled) {
    std::string text = enabled.is_empty() ? "MLST OPTS" : "MLST OPTS ";
    for (std::size_t i = 0; i < kFactCount; ++i) {
        if (!enabled.has(fact_at(i))) {
            continue;
        }
        text += kFactNames[i];
        text += ';';
    }
    append_reply(out, ReplyCode::Okay, text);
}

char* FactsRenderer::write_time(char* out, std::int64_t seconds) {
    const std::int64_t clamped = std::clamp(seconds, kTimeSecondsMin, kTimeSecondsMax);
    const std::int64_t day = day_of(clamped);
    if (day != day_) {
        write_date_digits(day_text_, date_of_day(day));
        day_ = day;
    }
    const auto in_day = static_cast<std::uint32_t>(clamped - day * kDaySeconds);
    std::memcpy(out, day_text_, sizeof(day_text_));
    out += sizeof(day_text_);
    out = write_two(out, in_day / 3600);
    out = write_two(out, in_day / 60 % 60);
    out = write_two(out, in_day % 60);
    *out++ = ';';
    return out;
}

std::size_t FactsRenderer::render(const EntryFacts& entry, std::span<char> out) {
    const std::size_t needed =
        kFixedBytesMax + entry.name.size() + entry.link_target.size() + 4 * kOwnerNameBytesMax;
    if (out.size() < needed) {
        return 0;
    }
    char* at = out.data();
    if (facts_.has(Fact::Type)) {
        at = write_type(at, entry);
    }
    // The size of a directory or a link says nothing to a client (RFC 3659 7.5.7).
    if (facts_.has(Fact::Size) && entry.has_type(kModeFile)) {
        at = write_text(at, "size=");
        at = write_decimal(at, entry.size);
        *at++ = ';';
    }
    if (facts_.has(Fact::Modify)) {
        at = write_text(at, "modify=");
        at = write_time(at, entry.modified_seconds);
    }
    if (facts_.has(Fact::Perm)) {
        at = write_permissions(at, entry);
    }
    if (facts_.has(Fact::Unique)) {
        at = write_text(at, "unique=");
        at = write_hex(at, entry.device);
        *at++ = '-';
        at = write_hex(at, entry.inode);
        *at++ = ';';
    }
    if (facts_.has(Fact::UnixMode)) {
        at = write_mode(at, entry.mode);
    }
    if (facts_.has(Fact::UnixOwner)) {
        at = write_text(at, "UNIX.owner=");
        at = write_owner(at, entry.owner, entry.uid, kOwnerNameBytesMax);
        *at++ = ';';
    }
    if (facts_.has(Fact::UnixGroup)) {
        at = write_text(at, "UNIX.group=");
        at = write_owner(at, entry.group, entry.gid, kOwnerNameBytesMax);
        *at++ = ';';
    }
    if (facts_.has(Fact::Create) && entry.has_created) {
        at = write_text(at, "create=");
        at = write_time(at, entry.created_seconds);
    }
    if (facts_.has(Fact::UnixOwnerName)) {
        at = write_text(at, "UNIX.ownername=");
        at = write_owner(at, entry.owner, entry.uid, kOwnerNameBytesMax);
        *at++ = ';';
    }
    if (facts_.has(Fact::UnixGroupName)) {
        at = write_text(at, "UNIX.groupname=");
        at = write_owner(at, entry.group, entry.gid, kOwnerNameBytesMax);
        *at++ = ';';
    }
    if (facts_.has(Fact::MediaType) && entry.has_type(kModeFile)) {
        const std::string_view type = media_type_of(entry.name);
        if (!type.empty()) {
            at = write_text(at, "media-type=");
            at = write_text(at, type);
            *at++ = ';';
        }
    }
    *at++ = ' ';
    at = write_clean(at, entry.name);
    at = write_text(at, "\r\n");
    return static_cast<std::size_t>(at - out.data());
}

void append_facts_line(ReplyBuffer& out, FactSet facts, const EntryFacts& entry) {
    char line[1 + kEntryLineBytesMax];
    line[0] = ' ';
    const std::size_t size = FactsRenderer(facts).render(entry, std::span<char>(line).subspan(1));
    out.append(std::string_view(line, size == 0 ? 0 : 1 + size));
}

}  // namespace sluice::proto
