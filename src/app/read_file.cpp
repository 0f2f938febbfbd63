#include "app/read_file.hpp"

#include <fcntl.h>
#include <string.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "sluice/base/bytes.hpp"
#include "sluice/sys/fd.hpp"

namespace sluice::app {

Result<std::string> read_file(sys::Kernel& kernel, const std::string& path, std::size_t bytes_max) {
    sys::OpenHow how;
    // O_NONBLOCK: opening a pipe without a writer must not hang the start.
    how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const Result<int> opened = kernel.open(AT_FDCWD, path.c_str(), how);
    if (!opened) {
        return fail(opened.error());
    }
    const sys::Fd file(kernel, *opened);

    const Result<sys::FileStatus> status = kernel.status(file.number());
    if (!status) {
        return fail(status.error());
    }
    if (status->is_directory()) {
        return fail(Errc::IsDirectory);
    }
    if (!status->is_regular()) {
        return fail(Errc::NotRegularFile);
    }

    // One byte more than is allowed tells a file that is too big from one that just fits.
    std::string text(bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const MutableBytes room(reinterpret_cast<std::uint8_t*>(text.data()) + size,
                                text.size() - size);
        const Result<std::size_t> count =
            kernel.read_at(file.number(), room, static_cast<std::int64_t>(size));
        if (!count) {
            ::explicit_bzero(text.data(), text.size());
            return fail(count.error());
        }
        if (*count == 0) {
            break;
        }
        size += *count;
    }
    if (size > bytes_max) {
        ::explicit_bzero(text.data(), text.size());
        return fail(Errc::FileTooBig);
    }
    // A private key may be among it: what is given back holds nothing.
    std::string exact(text, 0, size);
    ::explicit_bzero(text.data(), text.size());
    return exact;
}

Result<sys::FileStatus> status_of(sys::Kernel& kernel, const std::string& path) {
    sys::OpenHow how;
    how.flags = O_PATH | O_CLOEXEC;
    const Result<int> opened = kernel.open(AT_FDCWD, path.c_str(), how);
    if (!opened) {
        return fail(opened.error());
    }
    const sys::Fd file(kernel, *opened);
    return kernel.status(file.number());
}

Result<std::vector<std::string>> names_in(const std::string& folder, std::size_t count_max) {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator each(folder, error);
    for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
        if (names.size() == count_max) {
            return fail(Errc::LimitReached);
        }
        names.push_back(each->path().filename().string());
    }
    if (error) {
        return fail_errno(error.value());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace sluice::app
