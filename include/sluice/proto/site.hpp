// Arguments of the SITE commands. Pure, any thread; views point into the line.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/proto/command_table.hpp"
#include "sluice/proto/reply.hpp"

namespace sluice::proto {

struct SiteCommand {
    const SiteRow* row = nullptr;  // null: unknown, 500
    std::string_view argument;     // behind one blank, byte for byte
};
SiteCommand parse_site(std::string_view argument);

// SITE CHMOD 644 path: one to four octal digits, up to 07777. What of it is granted is policy.
struct ChmodRequest {
    std::uint32_t mode = 0;
    std::string_view path;
};
Result<ChmodRequest> parse_chmod(std::string_view argument);

// SITE UTIME in both forms that lftp tries: "YYYYMMDDhhmm[ss] path" and
// "path atime mtime ctime UTC". Times are UTC.
struct UtimeRequest {
    WallTime accessed;
    WallTime modified;
    std::string_view path;
};
Result<UtimeRequest> parse_utime(std::string_view argument);

// The answer to SITE HELP, from the table.
void append_site_help(ReplyBuffer& out);

}  // namespace sluice::proto
