// What --manifest knows of files: lines of "crc32c-hex size path". Blank lines and lines that begin
// with '#' are skipped. Read once, then asked by all threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::load {

class Manifest {
public:
    static constexpr std::size_t kBytesMax = 256u << 20;
    struct Entry {
        std::uint32_t crc32c;
        std::uint64_t size;
    };

    // "" when all is well, else what is wrong and where.
    std::string read(const std::string& file);
    std::string parse(std::string_view text);

    // Null for a path that no line names.
    const Entry* find(const std::string& path) const;
    bool is_empty() const { return entries_.empty(); }

private:
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace sluice::load
