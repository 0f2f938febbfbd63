#include "source_pool.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "sluice/base/parse_number.hpp"

namespace sluice::load {

Result<SourcePool> SourcePool::parse(std::string_view network) {
    SourcePool pool;
    if (network.empty()) {
        return pool;
    }
    const std::size_t slash = network.find('/');
    const Result<sys::SocketAddress> address =
        sys::SocketAddress::parse(network.substr(0, slash), 0);
    if (!address) {
        return fail(Errc::BadArgument);
    }
    const std::uint32_t bits = address->is_v6() ? 128 : 32;
    std::uint32_t prefix = bits;
    if (slash != std::string_view::npos) {
        const Result<std::uint32_t> given =
            parse_decimal<std::uint32_t>(network.substr(slash + 1), 0, bits);
        if (!given) {
            return fail(Errc::BadArgument);
        }
        prefix = *given;
    }
    std::array<std::uint8_t, 16> bytes = {};
    std::memcpy(bytes.data(), address->bytes(), bits / 8);
    for (std::uint32_t bit = prefix; bit < bits; ++bit) {
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80u >> (bit % 8)));
    }
    pool.count_ = std::uint64_t{1} << std::min(bits - prefix, 32u);
    if (!address->is_v6() && pool.count_ > 2) {
        pool.count_ -= 2;
        ++bytes[3];
    }
    pool.first_ = address->is_v6() ? sys::SocketAddress::from_bytes_v6(bytes.data(), 0)
                                   : sys::SocketAddress::from_bytes_v4(bytes.data(), 0);
    return pool;
}

sys::SocketAddress SourcePool::address(std::uint64_t session) const {
    if (count_ == 0) {
        return {};
    }
    std::uint64_t add = session % count_;
    const std::size_t size = first_.is_v6() ? 16 : 4;
    std::array<std::uint8_t, 16> bytes = {};
    std::memcpy(bytes.data(), first_.bytes(), size);
    for (std::size_t i = size; i > 0 && add > 0; --i) {
        const std::uint64_t sum = bytes[i - 1] + (add & 0xFF);
        bytes[i - 1] = static_cast<std::uint8_t>(sum & 0xFF);
        add = (add >> 8) + (sum >> 8);
    }
    return first_.is_v6() ? sys::SocketAddress::from_bytes_v6(bytes.data(), 0)
                          : sys::SocketAddress::from_bytes_v4(bytes.data(), 0);
}

}  // namespace sluice::load
