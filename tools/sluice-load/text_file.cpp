#include "text_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace sluice::load {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

}  // namespace

Parsed<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
    const File file(std::fopen(path.c_str(), "rbe"));
    if (!file) {
        return refuse(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
    }
    std::string text;
    char chunk[16 * 1024];
    while (text.size() <= bytes_max) {
        const std::size_t count = std::fread(chunk, 1, sizeof chunk, file.get());
        if (count == 0) {
            break;
        }
        text.append(chunk, count);
    }
    if (std::ferror(file.get()) != 0) {
        return refuse(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
    }
    if (text.size() > bytes_max) {
        return refuse(fmt::format("'{}' is larger than {} bytes", path, bytes_max));
    }
    return text;
}

Parsed<std::size_t> write_text_file(const std::string& path, std::string_view text) {
    const std::string beside = path + ".part";
    const auto failed = [&] {
        return refuse(fmt::format("cannot write '{}': {}", path, std::strerror(errno)));
    };
    File file(std::fopen(beside.c_str(), "wbe"));
    if (!file) {
        return failed();
    }
    const bool is_written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
                            std::fflush(file.get()) == 0;
    const bool is_closed = std::fclose(file.release()) == 0;
    if (!is_written || !is_closed || std::rename(beside.c_str(), path.c_str()) != 0) {
        const auto refusal = failed();
        std::remove(beside.c_str());
        return refusal;
    }
    return text.size();
}

}  // namespace sluice::load
