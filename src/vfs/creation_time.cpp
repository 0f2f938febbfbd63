#include "sluice/vfs/creation_time.hpp"

#include <array>
#include <charconv>

#include "sluice/base/bytes.hpp"

namespace sluice::vfs {
namespace {

constexpr std::size_t kDigitsMax = 20;  // of any 64-bit number with its sign

}  // namespace

Status give_creation_time(sys::Kernel& kernel, int fd, WallTime created) {
    if (created.seconds < kCreationSecondsMin || created.seconds > kCreationSecondsMax) {
        return fail(Errc::BadArgument);
    }
    std::array<char, kDigitsMax> text;
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), created.seconds);
    if (error != std::errc()) {
        return fail(Errc::BadArgument);
    }
    const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
    return kernel.set_attribute(fd, kCreationAttribute, as_bytes(digits));
}

void read_creation_time(sys::Kernel& kernel, int directory, const char* name,
                        sys::FileStatus& status) {
    if (!status.is_regular() && !status.is_directory()) {
        return;  // nothing else has attributes of this kind (xattr(7))
    }
    std::array<char, kDigitsMax> text;
    const MutableBytes into(reinterpret_cast<std::uint8_t*>(text.data()), text.size());
    const Result<std::size_t> length =
        kernel.attribute_at(directory, name, kCreationAttribute, into);
    if (!length) {
        return;
    }
    std::int64_t seconds = 0;
    const char* const end = text.data() + *length;
    const auto [stop, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc() || stop != end || seconds < kCreationSecondsMin ||
        seconds > kCreationSecondsMax) {
        return;
    }
    status.created = WallTime(seconds);
    status.has_created = true;
}

}  // namespace sluice::vfs
