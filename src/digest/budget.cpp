#include "sluice/digest/budget.hpp"

#include "sluice/base/assert.hpp"

namespace sluice::digest {

struct Budget::Place {
    ClientKey client;
    bool is_taken = false;
    std::uint32_t running = 0;
    std::uint64_t spent = 0;
    Instant window_began;
};

namespace {

std::size_t first_place(ClientKey client) {
    const std::uint64_t hash =
        (client.network ^ (client.is_v6 ? 0x8000000000000000u : 0u)) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(hash >> 52);  // 12 bits
}
static_assert(Budget::kClientsMax == std::size_t{1} << 12);

}  // namespace

Budget::Budget(Rules rules) : rules_(rules) {}
Budget::~Budget() = default;

Budget::Place* Budget::find(ClientKey client) {
    for (std::size_t i = 0; i < kProbes; ++i) {
        Place& place = places_[(first_place(client) + i) % kClientsMax];
        if (place.is_taken && place.client == client) {
            return &place;
        }
    }
    return nullptr;
}

// A free place, or that of the client who loses least by being forgotten; null when all compute.
Budget::Place* Budget::make_place(ClientKey client, Instant now) {
    Place* best = nullptr;
    for (std::size_t i = 0; i < kProbes; ++i) {
        Place& place = places_[(first_place(client) + i) % kClientsMax];
        if (place.running > 0) {
            continue;
        }
        if (best == nullptr || place.spent < best->spent) {
            best = &place;
        }
    }
    if (best == nullptr) {
        return nullptr;
    }
    *best = Place();
    best->client = client;
    best->is_taken = true;
    best->window_began = now;
    return best;
}

Verdict Budget::enter(ClientKey client, std::uint64_t bytes, Instant now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (places_ == nullptr) {
        places_ = std::make_unique<Place[]>(kClientsMax);
    }
    Place* place = find(client);
    if (place == nullptr) {
        place = make_place(client, now);
    }
    if (place == nullptr || place->running >= rules_.at_once) {
        return Verdict::Busy;
    }
    if (now - place->window_began >= kWindow) {
        place->spent = 0;
        place->window_began = now;
    }
    if (rules_.bytes_per_hour > 0) {
        // The bytes of a digest that runs from one hour into the next count for the first only, so
        // `spent` never exceeds the rule.
        const std::uint64_t left = rules_.bytes_per_hour - place->spent;
        if (bytes > left) {
            return Verdict::Spent;
        }
        place->spent += bytes;
    }
    ++place->running;
    return Verdict::Granted;
}

void Budget::leave(ClientKey client, std::uint64_t bytes_unread, Instant entered) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Place* const place = places_ == nullptr ? nullptr : find(client);
    SLUICE_ASSERT(place != nullptr && place->running > 0);  // a place that computes is never taken
    --place->running;
    if (rules_.bytes_per_hour > 0 && entered >= place->window_began) {
        place->spent -= bytes_unread;
    }
}

}  // namespace sluice::digest
