#include "sluice/proto/list_line.hpp"

#include <algorithm>
#include <cstring>

#include "proto/text_writer.hpp"
#include "sluice/proto/timestamp.hpp"

namespace sluice::proto {
namespace {

char type_letter(std::uint32_t mode) {
    switch (mode & kModeTypeMask) {
        case kModeDirectory:
            return 'd';
        case kModeSymlink:
            return 'l';
        case kModeFifo:
            return 'p';
        case kModeSocket:
            return 's';
        case kModeCharacterDevice:
            return 'c';
        case kModeBlockDevice:
            return 'b';
        default:
            return '-';
    }
}

// Ten letters as of ls, with s, S, t and T.
char* write_mode(char* out, std::uint32_t mode) {
    *out++ = type_letter(mode);
    for (int shift = 6; shift >= 0; shift -= 3) {
        const std::uint32_t bits = mode >> shift;
        *out++ = (bits & 4) != 0 ? 'r' : '-';
        *out++ = (bits & 2) != 0 ? 'w' : '-';
        *out++ = (bits & 1) != 0 ? 'x' : '-';
    }
    if ((mode & 04000) != 0) {
        out[-7] = (mode & 0100) != 0 ? 's' : 'S';
    }
    if ((mode & 02000) != 0) {
        out[-4] = (mode & 0010) != 0 ? 's' : 'S';
    }
    if ((mode & 01000) != 0) {
        out[-1] = (mode & 0001) != 0 ? 't' : 'T';
    }
    return out;
}

// Left-aligned in eight columns as in vsftpd, wider when it must be.
char* write_owner_column(char* out, std::string_view name, std::uint32_t number) {
    constexpr std::ptrdiff_t kColumns = 8;
    char* const begin = out;
    out = write_owner(out, name, number, kOwnerNameBytesMax);
    while (out - begin < kColumns) {
        *out++ = ' ';
    }
    *out++ = ' ';
    return out;
}

constexpr std::size_t kFixedBytesMax = 128;
static_assert(kFixedBytesMax + 2 * 4095 + 2 * kOwnerNameBytesMax <= kEntryLineBytesMax);

// -1 and -C are the same here, a name a line: ncftpls asks for what it shows by "NLST -CF".
bool is_option_letter(char c) {
    return std::string_view("aAlLRrtS1CFd").find(c) != std::string_view::npos;
}

void set_option(ListOptions& options, char letter) {
    switch (letter) {
        case 'a':
            options.all = true;
            break;
        case 'A':
            options.almost_all = true;
            break;
        case 'l':
            options.long_form = true;
            break;
        case 'L':
            options.follow_links = true;
            break;
        case 'F':
            options.classify = true;
            break;
        case 'R':
            options.recursive = true;
            break;
        case 'd':
            options.directory_itself = true;
            break;
        // As in ls, the last order wins.
        case 't':
            options.by_time = true;
            options.by_size = false;
            break;
        case 'S':
            options.by_size = true;
            options.by_time = false;
            break;
        case 'r':
            options.reverse = true;
            break;
        default:
            break;
    }
}

}  // namespace

std::size_t ListRenderer::render(const EntryFacts& entry, std::span<char> out) const {
    const std::size_t needed =
        kFixedBytesMax + entry.name.size() + entry.link_target.size() + 2 * kOwnerNameBytesMax;
    if (out.size() < needed) {
        return 0;
    }
    char* at = write_mode(out.data(), entry.mode);
    at = write_decimal_right(at, entry.links, 5);
    *at++ = ' ';
    at = write_owner_column(at, entry.owner, entry.uid);
    at = write_owner_column(at, entry.group, entry.gid);
    at = write_decimal_right(at, entry.size, 12);
    *at++ = ' ';
    at = write_list_date(at, entry.modified_seconds, now_seconds_);
    *at++ = ' ';
    at = write_clean(at, entry.name);
    if (entry.has_type(kModeSymlink) && !entry.link_target.empty()) {
        at = write_text(at, " -> ");
        at = write_clean(at, entry.link_target);
    } else if (classify_) {
        const char mark = kind_mark(entry.mode);
        if (mark != '\0') {
            *at++ = mark;
        }
    }
    at = write_text(at, "\r\n");
    return static_cast<std::size_t>(at - out.data());
}

char kind_mark(std::uint32_t mode) {
    switch (mode & kModeTypeMask) {
        case kModeDirectory:
            return '/';
        case kModeSymlink:
            return '@';
        case kModeFifo:
            return '|';
        case kModeSocket:
            return '=';
        case kModeFile:
            return (mode & 0111) != 0 ? '*' : '\0';
        default:
            return '\0';
    }
}

std::size_t render_name_line(std::string_view prefix, std::string_view name, std::span<char> out,
                             char mark) {
    const std::size_t size = prefix.size() + name.size() + 2 + (mark == '\0' ? 0 : 1);
    if (out.size() < size) {
        return 0;
    }
    char* at = write_clean(out.data(), prefix);
    at = write_clean(at, name);
    if (mark != '\0') {
        *at++ = mark;
    }
    write_text(at, "\r\n");
    return size;
}

ListRequest parse_list_argument(std::string_view argument) {
    ListRequest request;
    request.path = argument;
    while (!request.path.empty() && request.path.front() == '-') {
        const std::size_t end = std::min(request.path.find(' '), request.path.size());
        const std::string_view word = request.path.substr(1, end - 1);
        const std::string_view rest = request.path.substr(std::min(end + 1, request.path.size()));
        if (word == "-") {
            request.path = rest;
            break;
        }
        if (word.empty() || !std::all_of(word.begin(), word.end(), is_option_letter)) {
            break;
        }
        for (const char letter : word) {
            set_option(request.options, letter);
        }
        request.path = rest;
    }
    return request;
}

bool is_shown(ListOptions options, std::string_view name) {
    if (name == "." || name == "..") {
        return false;
    }
    return name.empty() || name.front() != '.' || options.all || options.almost_all;
}

}  // namespace sluice::proto
