#include "sluice/vfs/hidden_name.hpp"

#include <charconv>

#include "sluice/base/assert.hpp"

namespace sluice::vfs {
namespace {

constexpr std::size_t kRandomDigits = 16;
constexpr std::size_t kCheckDigits = 8;

void append_hex(HiddenName& name, std::uint64_t value, std::size_t digits) {
    for (std::size_t left = digits; left > 0; --left) {
        const char digit = "0123456789abcdef"[(value >> (4 * (left - 1))) & 15];
        const bool fitted = name.append(digit);
        SLUICE_ASSERT(fitted);
    }
}

// The finaliser of splitmix64, its upper half.
std::uint64_t check_sum(std::uint64_t random) {
    std::uint64_t z = random + 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (z ^ (z >> 31)) >> 32;
}

}  // namespace

HiddenName make_hidden_name(std::uint64_t random) {
    HiddenName name;
    const bool fitted = name.append(kHiddenPrefix);
    SLUICE_ASSERT(fitted);
    append_hex(name, random, kRandomDigits);
    append_hex(name, check_sum(random), kCheckDigits);
    return name;
}

bool is_hidden_name(std::string_view name) {
    if (name.size() != kHiddenNameBytes || name.substr(0, kHiddenPrefix.size()) != kHiddenPrefix) {
        return false;
    }
    const char* first = name.data() + kHiddenPrefix.size();
    const char* last = first + kRandomDigits;
    std::uint64_t random = 0;
    const std::from_chars_result read = std::from_chars(first, last, random, 16);
    // Comparing with what we would write also refuses capital digits.
    return read.ec == std::errc() && read.ptr == last && make_hidden_name(random) == name;
}

bool has_hidden_component(std::string_view path) {
    std::size_t at =
        path.substr(0, kHiddenPrefix.size()) == kHiddenPrefix ? 0 : std::string_view::npos;
    if (at == std::string_view::npos) {
        at = path.find("/.in.");
        if (at == std::string_view::npos) {
            return false;
        }  // all paths but few end here
        ++at;
    }
    while (at < path.size()) {
        std::size_t end = path.find('/', at);
        if (end == std::string_view::npos) {
            end = path.size();
        }
        if (is_hidden_name(path.substr(at, end - at))) {
            return true;
        }
        at = end + 1;
    }
    return false;
}

}  // namespace sluice::vfs
