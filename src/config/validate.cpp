#include "config/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/schema.hpp"
#include "sluice/base/assert.hpp"
#include "sluice/base/units.hpp"

namespace sluice::config {
namespace {

class Checker {
public:
    Checker(const std::vector<Place>& places, Diagnostics& diagnostics)
        : places_(places), diagnostics_(diagnostics) {}

    // Points at `key`, or at `other` when `key` has its default and `other` was set by someone.
    void report(Severity severity, std::string_view key, std::string_view other,
                std::string message) {
        Diagnostic diagnostic;
        diagnostic.severity = severity;
        diagnostic.place = place_of(key);
        if (diagnostic.place.kind == Place::Kind::Default) {
            diagnostic.place = place_of(other);
        }
        diagnostic.message = std::move(message);
        diagnostics_.add(std::move(diagnostic));
    }

private:
    const Place& place_of(std::string_view key) const {
        const std::optional<std::size_t> index = find_field(key);
        SLUICE_ASSERT(index.has_value() && *index < places_.size());
        return places_[*index];
    }

    const std::vector<Place>& places_;
    Diagnostics& diagnostics_;
};

std::string address_text(const ListenAddress& address) {
    return address.is_ipv6() ? fmt::format("[{}]:{}", address.host, address.port)
                             : fmt::format("{}:{}", address.host, address.port);
}

void check_listen(const Snapshot& snapshot, Checker& checker) {
    const ServerSection& server = snapshot.server;
    std::vector<ListenAddress> all = server.listen;  // each at most kListenMax
    all.insert(all.end(), snapshot.tls.listen.begin(), snapshot.tls.listen.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (server.passive_ports.contains(all[i].port)) {
            checker.report(Severity::Error, "server.passive_ports", "server.listen",
                           fmt::format("'server.passive_ports' contains the port of \"{}\" in "
                                       "'server.listen'",
                                       address_text(all[i])));
        }
        for (std::size_t j = 0; j < i && all[i].port != 0; ++j) {
            if (all[i].port != all[j].port) {
                continue;
            }
            // "*" binds every address of its port. Other overlaps are the kernel's to allow.
            if (all[i].host == all[j].host || all[i].is_any() || all[j].is_any()) {
                checker.report(Severity::Error, "server.listen", "server.listen",
                               fmt::format("'server.listen' names \"{}\" and \"{}\", which are the "
                                           "same port twice",
                                           address_text(all[j]), address_text(all[i])));
                break;
            }
        }
    }
}

// The port of a rule must be one that somebody listens on: else it would never decide, unseen.
bool listens(const std::vector<ListenAddress>& listen, const TlsRule& rule) {
    return std::any_of(listen.begin(), listen.end(), [&rule](const ListenAddress& address) {
        return address.port == 0 || rule.to_port == 0 || address.port == rule.to_port;
    });
}

void check_tls_rules(const Snapshot& snapshot, Checker& checker) {
    const TlsSection& tls = snapshot.tls;
    for (const TlsRule& rule : tls.rules) {
        const bool plain = listens(snapshot.server.listen, rule);
        if (rule.has_to && !plain && !listens(tls.listen, rule)) {
            checker.report(Severity::Error, "tls.rules", "server.listen",
                           fmt::format("the rule \"{}\" names a port that is neither in "
                                       "'server.listen' nor in 'tls.listen'",
                                       tls_rule_text(rule)));
        } else if (rule.has_to && !plain && rule.need == TlsNeed::Off) {
            checker.report(Severity::Error, "tls.rules", "tls.listen",
                           fmt::format("the rule \"{}\" names a port where TLS begins at once",
                                       tls_rule_text(rule)));
        }
    }
}

void check_tls_clients(const TlsSection& tls, Checker& checker) {
    const bool asks_clients = tls.client_certificates != ClientCertificates::Off;
    if (asks_clients && !tls.is_on()) {
        checker.report(Severity::Error, "tls.client_certificates", "tls.mode",
                       "'tls.client_certificates' needs TLS, and 'tls.mode' is \"off\"");
    }
    if (asks_clients && tls.client_authorities.empty()) {
        checker.report(Severity::Error, "tls.client_certificates", "tls.client_authorities",
                       "'tls.client_certificates' needs 'tls.client_authorities': the file with the "
                       "certificates of those that vouch for clients");
    }
    if (!asks_clients && (!tls.client_authorities.empty() || !tls.client_crl.empty())) {
        checker.report(Severity::Warning,
                       tls.client_authorities.empty() ? "tls.client_crl" : "tls.client_authorities",
                       "tls.client_certificates",
                       "no client is asked for a certificate while 'tls.client_certificates' is "
                       "\"off\"");
    }
}

void check_tls(const TlsSection& tls, Checker& checker) {
    if (tls.is_on() && tls.certificate.empty() && tls.certificates.empty() && !tls.self_signed) {
        checker.report(Severity::Error, "tls.certificate", tls.listen.empty() ? "tls.mode" : "tls.listen",
                       "TLS needs 'tls.certificate' or 'tls.certificates', or, for trying things "
                       "out, 'tls.self_signed'");
    }
    if (!tls.is_on() && (!tls.certificate.empty() || !tls.certificates.empty())) {
        checker.report(Severity::Warning,
                       tls.certificate.empty() ? "tls.certificates" : "tls.certificate", "tls.mode",
                       "nobody is offered TLS while 'tls.mode' is \"off\" and 'tls.listen' names "
                       "no address");
    }
    if (!tls.ocsp.empty() && tls.certificate.empty()) {
        checker.report(Severity::Error, "tls.ocsp", "tls.certificate",
                       "'tls.ocsp' belongs to 'tls.certificate', which is not set; in a folder of "
                       "'tls.certificates' it is the file ocsp.der");
    }
    check_tls_clients(tls, checker);
    if (tls.protect_data && !tls.is_on()) {
        checker.report(Severity::Error, "tls.protect_data", "tls.mode",
                       "'tls.protect_data' refuses all transfers while 'tls.mode' is \"off\"");
    }
}

}  // namespace

void validate(const Snapshot& snapshot, const std::vector<Place>& places,
              Diagnostics& diagnostics) {
    Checker checker(places, diagnostics);
    check_listen(snapshot, checker);
    check_tls_rules(snapshot, checker);

    const LimitsSection& limits = snapshot.limits;
    if (limits.max_sessions_per_ip > limits.max_sessions) {
        checker.report(
            Severity::Error, "limits.max_sessions_per_ip", "limits.max_sessions",
            fmt::format("'limits.max_sessions_per_ip' is {}, more than 'limits.max_sessions', {}",
                        limits.max_sessions_per_ip, limits.max_sessions));
    }
    const ListingSection& listing = snapshot.listing;
    if (listing.memory > listing.memory_total) {
        checker.report(
            Severity::Error, "listing.memory", "listing.memory_total",
            fmt::format("'listing.memory' is {}, more than 'listing.memory_total', {}",
                        format_size(listing.memory), format_size(listing.memory_total)));
    }
    const TransferSection& transfer = snapshot.transfer;
    if (transfer.slice > transfer.turn_budget) {
        checker.report(Severity::Error, "transfer.slice", "transfer.turn_budget",
                       fmt::format("'transfer.slice' is {}, more than 'transfer.turn_budget', {}",
                                   format_size(transfer.slice), format_size(transfer.turn_budget)));
    }
    if (transfer.allow_foreign_data && snapshot.server.passive_mode == PassiveMode::Pooled) {
        // A shared port is told apart by the client's address, which is just what is unknown then.
        checker.report(
            Severity::Error, "transfer.allow_foreign_data", "server.passive_mode",
            "'transfer.allow_foreign_data' needs 'server.passive_mode' to be \"auto\" or "
            "\"exclusive\"; it is \"pooled\"");
    }
    check_tls(snapshot.tls, checker);
    if (!snapshot.anonymous.enabled) {
        checker.report(Severity::Warning, "anonymous.enabled", "anonymous.enabled",
                       "'anonymous.enabled' is false and there are no other users: nobody can log "
                       "in");
    }
}

}  // namespace sluice::config
