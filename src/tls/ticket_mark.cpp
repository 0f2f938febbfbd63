#include "tls/ticket_mark.hpp"

#include <algorithm>

namespace sluice::tls {
namespace {

// What it is, and whose.
constexpr std::uint8_t kUnmarked = 0;
constexpr std::uint8_t kMarked = 1;
constexpr std::size_t kMarkedBytes = 1 + sizeof(Mark);

}  // namespace

std::optional<Mark> mark_of(SSL_SESSION* session) {
    void* data = nullptr;
    std::size_t size = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != kMarkedBytes) {
        return std::nullopt;
    }
    const std::uint8_t* bytes = static_cast<const std::uint8_t*>(data);
    if (bytes[0] != kMarked) {
        return std::nullopt;
    }
    Mark mark;
    std::copy_n(bytes + 1, mark.size(), mark.begin());
    return mark;
}

bool set_mark(SSL_SESSION* session, const std::optional<Mark>& mark) {
    std::array<std::uint8_t, kMarkedBytes> data;
    data[0] = mark ? kMarked : kUnmarked;
    if (mark) {
        std::copy(mark->begin(), mark->end(), data.begin() + 1);
    }
    return SSL_SESSION_set1_ticket_appdata(session, data.data(), mark ? data.size() : 1) == 1;
}

}  // namespace sluice::tls
