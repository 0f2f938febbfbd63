// The media type that a name's extension stands for: the media-type fact (RFC 3659 7.5.10).
//
// A small table of what FTP servers hold, registered with IANA; a file is never looked into. Pure,
// any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::proto {

// Of the longest type in the table; the renderer's bound counts on it.
inline constexpr std::size_t kMediaTypeBytesMax = 80;

// Empty when the extension is none of the table's. Letters in any case.
std::string_view media_type_of(std::string_view name);

}  // namespace sluice::proto
