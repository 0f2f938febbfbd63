// LIST lines in the form of `ls -l`, and the option letters of LIST, NLST and STAT.
//
// Dates are UTC, month names English whatever the locale. A name's CR, LF and NUL become '?', as in
// `ls -q`. Pure; one renderer per listing, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/proto/entry.hpp"

namespace sluice::proto {

class ListRenderer {
public:
    // `now_seconds` decides between "Jan  2 15:04" and "Jan  2  2006" for the whole listing.
    // `classify` marks the kind of a name behind it, as `ls -F` does.
    explicit ListRenderer(std::int64_t now_seconds, bool classify = false)
        : now_seconds_(now_seconds), classify_(classify) {}

    // Writes "-rw-r--r--    1 ftp      ftp          1234 Jan  2 15:04 name\r\n" and returns its
    // length, or 0 when `out` is too small (kEntryLineBytesMax always suffices).
    std::size_t render(const EntryFacts& entry, std::span<char> out) const;

private:
    std::int64_t now_seconds_;
    bool classify_;
};

// What `ls -F` writes behind a name of this mode: '/', '@', '|', '=', '*', or '\0' for nothing.
char kind_mark(std::uint32_t mode);

// Writes `name` and CRLF for NLST, or returns 0 when `out` is too small. `prefix` is what the
// client asked for ("dir/"), so that it can use the names as they are. A `mark` that is not '\0'
// comes behind the name.
std::size_t render_name_line(std::string_view prefix, std::string_view name, std::span<char> out,
                             char mark = '\0');

struct ListOptions {
    bool all : 1 = false;               // -a: dot files, and "." and ".." in LIST
    bool almost_all : 1 = false;        // -A: dot files
    bool long_form : 1 = false;         // -l: NLST writes the lines of LIST
    bool follow_links : 1 = false;      // -L: a link is shown as what it leads to
    bool classify : 1 = false;          // -F
    bool recursive : 1 = false;         // -R
    bool directory_itself : 1 = false;  // -d
    bool by_time : 1 = false;           // -t
    bool by_size : 1 = false;           // -S
    bool reverse : 1 = false;           // -r, by name if nothing else is said

    bool are_sorted() const { return by_time || by_size || reverse; }
    friend bool operator==(const ListOptions&, const ListOptions&) = default;
};

struct ListRequest {
    ListOptions options;
    std::string_view path;  // a view into the argument, empty for the current directory
};

// Takes leading words that begin with '-' and hold only letters of -aAlLRrtS1CFd as options ("--"
// ends them); the rest, behind one blank, is the path byte for byte. A word with any other letter
// is a path: a file may be called "-x". -1 and -C change nothing: NLST has one name a line anyway,
// and LIST means -l, which stays in force as in `ls -l1`.
ListRequest parse_list_argument(std::string_view argument);

// Dot files are shown with -a or -A only, as vsftpd and ProFTPD do; "." and ".." never: a lister
// adds them itself where it wants them. MLSD does not ask, it shows everything.
bool is_shown(ListOptions options, std::string_view name);

}  // namespace sluice::proto
