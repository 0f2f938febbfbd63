#include "sluice/proto/media_type.hpp"

#include <algorithm>
#include <array>

#include "sluice/proto/verb.hpp"

namespace sluice::proto {
namespace {

struct Row {
    std::string_view extension;
    std::string_view type;
};

constexpr std::size_t kExtensionBytesMax = 5;

// By extension, which is what makes the search below possible.
constexpr std::array kRows = {
    Row{"7z", "application/x-7z-compressed"},
    Row{"aac", "audio/aac"},
    Row{"avi", "video/x-msvideo"},
    Row{"bin", "application/octet-stream"},
    Row{"bmp", "image/bmp"},
    Row{"bz2", "application/x-bzip2"},
    Row{"c", "text/x-c"},
    Row{"cpp", "text/x-c"},
    Row{"css", "text/css"},
    Row{"csv", "text/csv"},
    Row{"deb", "application/vnd.debian.binary-package"},
    Row{"doc", "application/msword"},
    Row{"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    Row{"epub", "application/epub+zip"},
    Row{"flac", "audio/flac"},
    Row{"gif", "image/gif"},
    Row{"gz", "application/gzip"},
    Row{"h", "text/x-c"},
    Row{"htm", "text/html"},
    Row{"html", "text/html"},
    Row{"ico", "image/vnd.microsoft.icon"},
    Row{"ics", "text/calendar"},
    Row{"iso", "application/vnd.efi.iso"},
    Row{"jar", "application/java-archive"},
    Row{"jpeg", "image/jpeg"},
    Row{"jpg", "image/jpeg"},
    Row{"js", "text/javascript"},
    Row{"json", "application/json"},
    Row{"m4a", "audio/mp4"},
    Row{"md", "text/markdown"},
    Row{"mkv", "video/matroska"},
    Row{"mov", "video/quicktime"},
    Row{"mp3", "audio/mpeg"},
    Row{"mp4", "video/mp4"},
    Row{"mpeg", "video/mpeg"},
    Row{"mpg", "video/mpeg"},
    Row{"odp", "application/vnd.oasis.opendocument.presentation"},
    Row{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    Row{"odt", "application/vnd.oasis.opendocument.text"},
    Row{"ogg", "audio/ogg"},
    Row{"opus", "audio/ogg"},
    Row{"otf", "font/otf"},
    Row{"pdf", "application/pdf"},
    Row{"png", "image/png"},
    Row{"ppt", "application/vnd.ms-powerpoint"},
    Row{"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    Row{"ps", "application/postscript"},
    Row{"rpm", "application/x-rpm"},
    Row{"rtf", "application/rtf"},
    Row{"sh", "application/x-sh"},
    Row{"sql", "application/sql"},
    Row{"svg", "image/svg+xml"},
    Row{"tar", "application/x-tar"},
    Row{"tgz", "application/gzip"},
    Row{"tif", "image/tiff"},
    Row{"tiff", "image/tiff"},
    Row{"toml", "application/toml"},
    Row{"ttf", "font/ttf"},
    Row{"txt", "text/plain"},
    Row{"wav", "audio/vnd.wave"},
    Row{"webm", "video/webm"},
    Row{"webp", "image/webp"},
    Row{"woff2", "font/woff2"},
    Row{"xls", "application/vnd.ms-excel"},
    Row{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    Row{"xml", "application/xml"},
    Row{"xz", "application/x-xz"},
    Row{"yaml", "application/yaml"},
    Row{"yml", "application/yaml"},
    Row{"zip", "application/zip"},
    Row{"zst", "application/zstd"},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kRows.size(); ++i) {
        if (i > 0 && kRows[i - 1].extension >= kRows[i].extension) { return false; }
        if (kRows[i].extension.size() > kExtensionBytesMax) { return false; }
        if (kRows[i].type.size() > kMediaTypeBytesMax) { return false; }
    }
    return true;
}
static_assert(is_in_order());

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view media_type_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    // ".txt" is a hidden file without an extension.
    if (dot == std::string_view::npos || dot == 0) { return {}; }
    const std::string_view written = name.substr(dot + 1);
    if (written.empty() || written.size() > kExtensionBytesMax) { return {}; }
    std::array<char, kExtensionBytesMax> text = {};
    std::transform(written.begin(), written.end(), text.begin(), lower);
    const std::string_view extension(text.data(), written.size());
    const auto found =
        std::lower_bound(kRows.begin(), kRows.end(), extension,
                         [](const Row& row, std::string_view wanted) {
                             return row.extension < wanted;
                         });
    return found != kRows.end() && found->extension == extension ? found->type
                                                                 : std::string_view();
}

}  // namespace sluice::proto
