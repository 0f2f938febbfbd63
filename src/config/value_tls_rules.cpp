#include "config/value_tls_rules.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "config/tls_rule_words.hpp"
#include "config/value_words.hpp"
#include "sluice/base/parse_number.hpp"
#include "sluice/config/near_miss.hpp"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 3> kClauses = {"for", "from", "to"};
// As much of a wrong word as a message repeats.
constexpr std::size_t kShownWordMax = 60;

struct Address {
    AddressBytes bytes = {};
    bool is_ipv6 = false;

    unsigned bits() const { return is_ipv6 ? 128 : 32; }
};

std::optional<Address> parse_address(std::string_view text) {
    char input[INET6_ADDRSTRLEN + 1] = {};
    if (text.size() >= sizeof input || text.find('\0') != std::string_view::npos) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), input);
    Address address;
    address.is_ipv6 = text.find(':') != std::string_view::npos;
    const int family = address.is_ipv6 ? AF_INET6 : AF_INET;
    if (inet_pton(family, input, address.bytes.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

// Clears what is behind the prefix; true when there was something.
bool cut(AddressBytes& bytes, unsigned bits) {
    const AddressBytes before = bytes;
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = std::min(8u, bits > 8 * i ? bits - 8 * i : 0u);
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xFF00u >> kept));
    }
    return bytes != before;
}

// One rule, word by word.
class RuleReader {
public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    tl::expected<TlsRule, Complaint> read() {
        const std::string_view need = next_word();
        if (!choose(need, kTlsNeedWords, "", rule_.need)) {
            return tl::unexpected<Complaint>(std::move(complaint_));
        }
        for (std::string_view clause = next_word(); !clause.empty(); clause = next_word()) {
            if (!read_clause(clause)) {
                return tl::unexpected<Complaint>(std::move(complaint_));
            }
        }
        return rule_;
    }

private:
    std::string_view next_word() {
        const std::size_t begin = std::min(rest_.find_first_not_of(" \t"), rest_.size());
        const std::size_t end = std::min(rest_.find_first_of(" \t", begin), rest_.size());
        const std::string_view word = rest_.substr(begin, end - begin);
        rest_.remove_prefix(end);
        return word;
    }

    bool complain(std::string text, std::string_view near = {}) {
        complaint_.text = std::move(text);
        if (!near.empty()) {
            complaint_.hint = fmt::format("did you mean \"{}\"?", near);
        }
        return false;
    }

    static std::string shown(std::string_view word) {
        return word.empty() ? "nothing" : quoted(word, kShownWordMax);
    }

    template <class Choice, std::size_t count>
    bool choose(std::string_view word, const std::array<std::string_view, count>& words,
                std::string_view behind, Choice& choice) {
        const auto found = std::find(words.begin(), words.end(), word);
        if (!word.empty() && found != words.end()) {
            choice = static_cast<Choice>(found - words.begin());
            return true;
        }
        std::string list;
        for (const std::string_view one : words) {
            if (!one.empty()) {
                list += (list.empty() ? "" : ", ") + quoted(one);
            }
        }
        return complain(fmt::format("wants one of {}{}; got {}", list, behind, shown(word)),
                        near_miss(word, words));
    }

    bool read_clause(std::string_view clause) {
        const auto found = std::find(kClauses.begin(), kClauses.end(), clause);
        if (found == kClauses.end()) {
            return complain(fmt::format("wants \"for USERS\", \"from NETWORK\" or \"to ADDRESS\" "
                                        "behind the level; got {}",
                                        shown(clause)),
                            near_miss(clause, kClauses));
        }
        bool& seen = seen_[static_cast<std::size_t>(found - kClauses.begin())];
        if (std::exchange(seen, true)) {
            return complain(fmt::format("has \"{}\" twice in one rule", clause));
        }
        const std::string_view word = next_word();
        if (clause == "for") {
            return choose(word, kTlsUsersWords, " behind \"for\"", rule_.users);
        }
        return clause == "from" ? read_from(word) : read_to(word);
    }

    bool read_from(std::string_view word) {
        const std::size_t slash = word.find('/');
        const std::optional<Address> address = parse_address(word.substr(0, slash));
        if (!address) {
            return complain(
                fmt::format("wants a network like \"192.0.2.0/24\" or "
                            "\"2001:db8::/32\" behind \"from\"; got {}",
                            shown(word)));
        }
        unsigned bits = address->bits();
        if (slash != std::string_view::npos) {
            const Result<std::uint8_t> given = parse_decimal<std::uint8_t>(word.substr(slash + 1));
            if (!given || *given > bits) {
                return complain(fmt::format("wants a prefix from 0 to {} behind the \"/\"; got {}",
                                            bits, shown(word)));
            }
            bits = *given;
        }
        rule_.has_from = true;
        rule_.from_ipv6 = address->is_ipv6;
        rule_.from_bits = static_cast<std::uint8_t>(bits);
        rule_.from = address->bytes;
        if (!cut(rule_.from, bits)) {
            return true;
        }
        // Whether the address or the prefix is the mistake, nobody knows.
        const std::string whole = tls_rule_text(rule_);
        return complain(fmt::format("names an address inside the network, {}", shown(word)),
                        std::string_view(whole).substr(whole.rfind(' ') + 1));
    }

    bool read_to(std::string_view word) {
        std::string_view host = word;
        const bool is_bracketed = host.starts_with('[');
        const std::size_t colon = host.rfind(':');
        const bool is_alone = is_bracketed ? host.ends_with(']') : host.find(':') != colon;
        bool is_right = true;
        if (colon != std::string_view::npos && !is_alone) {
            const Result<std::uint16_t> port = parse_decimal<std::uint16_t>(host.substr(colon + 1));
            is_right = port && *port != 0;
            rule_.to_port = port.value_or(0);
            host = host.substr(0, colon);
        }
        if (is_bracketed) {
            is_right = is_right && host.ends_with(']');
            host.remove_prefix(1);
            host.remove_suffix(host.empty() ? 0 : 1);
        }
        rule_.has_to = true;
        rule_.to_any = host == "*";
        const std::optional<Address> address = rule_.to_any ? Address() : parse_address(host);
        if (!is_right || !address || (is_bracketed && !address->is_ipv6)) {
            return complain(
                fmt::format("wants an address like \"192.0.2.1\", \"[::1]:21\" or "
                            "\"*:990\" behind \"to\"; got {}",
                            shown(word)));
        }
        rule_.to = address->bytes;
        rule_.to_ipv6 = address->is_ipv6;
        return true;
    }

    std::string_view rest_;
    TlsRule rule_;
    Complaint complaint_;
    std::array<bool, kClauses.size()> seen_ = {};
};

}  // namespace

Parsed parse_tls_rules(const Field&, const RawValue& raw) {
    Value value;
    if (raw.kind != RawValue::Kind::List && raw.text.empty()) {
        return value;
    }
    const std::vector<std::string> items = items_of(raw);
    if (items.size() > kTlsRulesMax) {
        return refused(fmt::format("wants at most {} rules; got {}", kTlsRulesMax, items.size()));
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        tl::expected<TlsRule, Complaint> rule = RuleReader(items[i]).read();
        if (!rule) {
            rule.error().item = i;
            return tl::unexpected<Complaint>(std::move(rule.error()));
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (rule->is_behind(value.tls_rules[j])) {
                tl::unexpected<Complaint> complaint = refused(fmt::format(
                    "has the rule {}, which never decides: {} stands before it",
                    quoted(items[i], kShownWordMax), quoted(tls_rule_text(value.tls_rules[j]))));
                complaint.value().item = i;
                return complaint;
            }
        }
        value.tls_rules.push_back(*rule);
    }
    return value;
}

}  // namespace sluice::config
