#include "sluice/tls/ticket_keys.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

#include "sluice/base/assert.hpp"

namespace sluice::tls {
namespace {

constexpr std::size_t kKeyBytes = 16 + 32 + 32;

int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool parse_key(std::string_view line, TicketKey& key) {
    if (line.size() != 2 * kKeyBytes) {
        return false;
    }
    for (std::size_t i = 0; i < kKeyBytes; ++i) {
        const int high = digit_value(line[2 * i]);
        const int low = digit_value(line[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        const std::uint8_t value = static_cast<std::uint8_t>(high * 16 + low);
        if (i < 16) {
            key.name[i] = value;
        } else if (i < 48) {
            key.cipher[i - 16] = value;
        } else {
            key.mac[i - 48] = value;
        }
    }
    return true;
}

std::string_view trimmed(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) {
        return {};
    }
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

TicketKey random_key() {
    TicketKey key;
    // Fails only where the kernel gives no entropy: nothing of TLS would be safe then.
    const bool made =
        RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
        RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) == 1 &&
        RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) == 1;
    SLUICE_ASSERT(made);
    return key;
}

}  // namespace

TicketKey::~TicketKey() {
    OPENSSL_cleanse(cipher.data(), cipher.size());
    OPENSSL_cleanse(mac.data(), mac.size());
}

TicketKeys::TicketKeys(Duration lifetime, Instant now) : lifetime_(lifetime), made_(now) {
    keys_.reserve(kKeysMax);  // never moved, so no copy stays behind
    keys_.push_back(random_key());
}

Status TicketKeys::load(std::string_view text, std::string& refusal) {
    std::vector<TicketKey> loaded;
    loaded.reserve(kKeysMax);
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) {
            continue;
        }
        TicketKey key;
        if (!parse_key(line, key)) {
            refusal = fmt::format("line {}: a key is {} hexadecimal digits (openssl rand -hex {})",
                                  number, 2 * kKeyBytes, kKeyBytes);
            return fail(Errc::BadArgument);
        }
        if (loaded.size() == kKeysMax) {
            refusal = fmt::format("line {}: more than {} keys", number, kKeysMax);
            return fail(Errc::LimitReached);
        }
        loaded.push_back(key);
    }
    if (loaded.empty()) {
        refusal = "no key in it";
        return fail(Errc::BadArgument);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    keys_.swap(loaded);
    rotates_ = false;
    return {};
}

void TicketKeys::rotate_if_due(Instant now) {
    const Duration age = now - made_;
    if (!rotates_ || age < lifetime_) {
        return;
    }
    // Nobody has asked for two lifetimes: what the present one has sealed is too old as well.
    if (age >= lifetime_ + lifetime_) {
        keys_.clear();
    }
    keys_.insert(keys_.begin(), random_key());
    if (keys_.size() > 2) {
        keys_.resize(2);
    }
    made_ = now;
}

TicketKey TicketKeys::newest(Instant now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    rotate_if_due(now);
    return keys_.front();
}

std::optional<TicketKey> TicketKeys::find(Bytes name, Instant now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    rotate_if_due(now);
    for (const TicketKey& key : keys_) {
        if (std::equal(key.name.begin(), key.name.end(), name.begin(), name.end())) {
            return key;
        }
    }
    return std::nullopt;
}

}  // namespace sluice::tls
