#include "manifest.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sluice/base/parse_number.hpp"

namespace sluice::load {

std::string Manifest::read(const std::string& file) {
    std::FILE* const stream = std::fopen(file.c_str(), "rbe");
    if (stream == nullptr) {
        return fmt::format("{}: {}", file, std::strerror(errno));
    }
    std::string text;
    std::string piece(1 << 16, '\0');
    for (;;) {
        const std::size_t got = std::fread(piece.data(), 1, piece.size(), stream);
        text.append(piece, 0, got);
        if (got < piece.size() || text.size() > kBytesMax) {
            break;
        }
    }
    const bool broken = std::ferror(stream) != 0;
    (void)std::fclose(stream);  // only read
    if (broken) {
        return fmt::format("{}: cannot be read", file);
    }
    if (text.size() > kBytesMax) {
        return fmt::format("{}: larger than 256 MiB", file);
    }
    const std::string wrong = parse(text);
    return wrong.empty() ? wrong : fmt::format("{}: {}", file, wrong);
}

std::string Manifest::parse(std::string_view text) {
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        ++number;
        if (line.empty() || line[0] == '#') {
            continue;
        }
        const std::size_t first = line.find(' ');
        const std::size_t second =
            first == std::string_view::npos ? first : line.find(' ', first + 1);
        if (second == std::string_view::npos || second + 1 == line.size()) {
            return fmt::format("line {}: not \"crc32c size path\"", number);
        }
        const Result<std::uint32_t> sum =
            parse_digits<std::uint32_t>(line.substr(0, first), 16, 0, 0xFFFFFFFF);
        const Result<std::uint64_t> size =
            parse_decimal<std::uint64_t>(line.substr(first + 1, second - first - 1));
        if (!sum) {
            return fmt::format("line {}: not a checksum of hexadecimal digits", number);
        }
        if (!size) {
            return fmt::format("line {}: not a size", number);
        }
        entries_[std::string(line.substr(second + 1))] = Entry{*sum, *size};
    }
    return entries_.empty() ? "names no file" : "";
}

const Manifest::Entry* Manifest::find(const std::string& path) const {
    const auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : &found->second;
}

}  // namespace sluice::load
