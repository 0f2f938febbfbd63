// What is good for a time only, and what is said about its end.
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <ctime>

#include "sluice/tls/certificate.hpp"

namespace sluice::tls {
namespace {

constexpr std::int64_t kDaySeconds = 24 * 3600;

Finding finding_of(bool is_urgent, std::string text) {
    Finding finding;
    finding.is_urgent = is_urgent;
    finding.text = std::move(text);
    return finding;
}

Finding judge_early(const Term& term) {
    const std::string begins = day_of(term.begins);
    switch (term.kind) {
        case Term::Kind::RevocationList:
            return finding_of(true, fmt::format("{}: the list of {} is not valid before {}, and "
                                                "until then its clients are refused",
                                                term.name, term.host, begins));
        case Term::Kind::OcspResponse:
            return finding_of(false,
                              fmt::format("{}: the OCSP response is not valid before {}, and is "
                                          "not stapled until then",
                                          term.name, begins));
        case Term::Kind::Authority:
            return finding_of(true, fmt::format("{}: the authority {} is not valid before {}, and "
                                                "until then its clients are refused",
                                                term.name, term.host, begins));
        case Term::Kind::Certificate:
            break;
    }
    return finding_of(true,
                      fmt::format("{}: the certificate is not valid before {}", term.name, begins));
}

Finding judge_late(const Term& term) {
    const std::string ends = day_of(term.ends);
    switch (term.kind) {
        case Term::Kind::RevocationList:
            return finding_of(true, fmt::format("{}: the list of {} ended on {}; its clients are "
                                                "refused until there is a newer one",
                                                term.name, term.host, ends));
        case Term::Kind::OcspResponse:
            return finding_of(false, fmt::format("{}: the OCSP response ended on {} and is not "
                                                 "stapled; fetch a new one (openssl ocsp)",
                                                 term.name, ends));
        case Term::Kind::Authority:
            return finding_of(true, fmt::format("{}: the authority {} expired on {}; its clients "
                                                "are refused",
                                                term.name, term.host, ends));
        case Term::Kind::Certificate:
            break;
    }
    return finding_of(true, fmt::format("{}: the certificate expired on {}", term.name, ends));
}

}  // namespace

IdentityText::~IdentityText() {
    // The chain, too: one file may hold both.
    OPENSSL_cleanse(chain_pem.data(), chain_pem.size());
    OPENSSL_cleanse(key_pem.data(), key_pem.size());
}

std::string day_of(std::int64_t seconds) {
    const std::time_t when = static_cast<std::time_t>(seconds);
    std::tm fields = {};
    ::gmtime_r(&when, &fields);
    return fmt::format("{:04}-{:02}-{:02}", fields.tm_year + 1900, fields.tm_mon + 1,
                       fields.tm_mday);
}

std::int64_t Term::days_left(WallTime now) const {
    const std::int64_t left = ends - now.seconds;
    return left >= 0 ? left / kDaySeconds : (left - kDaySeconds + 1) / kDaySeconds;
}

std::optional<Finding> judge(const Term& term, WallTime now) {
    if (now.seconds >= term.ends) {
        return judge_late(term);
    }
    if (now.seconds < term.begins) {
        return judge_early(term);
    }
    const bool has_long_life =
        term.kind == Term::Kind::Certificate || term.kind == Term::Kind::Authority;
    if (!has_long_life || term.days_left(now) >= kWarnDays) {
        return std::nullopt;
    }
    const std::string_view what = term.kind == Term::Kind::Authority ? "authority" : "certificate";
    return finding_of(false,
                      fmt::format("{}: the {} expires on {}", term.name, what, day_of(term.ends)));
}

}  // namespace sluice::tls
