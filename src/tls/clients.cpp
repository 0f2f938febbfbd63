#include "tls/clients.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <utility>

#include "tls/words.hpp"

namespace sluice::tls {
namespace {

// Longer files are a mistake: the authorities of the whole web, for example.
constexpr int kAuthoritiesMax = 128;
constexpr std::size_t kListsMax = 128;

int no_passphrase(char*, int, int, void*) {
    return -1;
}

// True when the last object of the text has been read, and nothing was wrong with any.
bool is_at_end(std::string_view& why) {
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    why = last_failure();
    return at_end;
}

bool read_authorities(const ClientRules& rules, STACK_OF(X509) * authorities, Findings& findings) {
    const std::string& file = rules.authorities_name;
    const Handle<BIO> reader = reader_of(rules.authorities_pem);
    while (X509* next = PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr)) {
        sk_X509_push(authorities, next);
        if (sk_X509_num(authorities) > kAuthoritiesMax) {
            report(findings, true,
                   fmt::format("{}: more than {} authorities; name only those that vouch for "
                               "clients of this server",
                               file, kAuthoritiesMax));
            return false;
        }
        if (X509_check_ca(next) == 0) {
            report(findings, true,
                   fmt::format("{}: {} is no authority and cannot vouch for clients", file,
                               name_of(X509_get_subject_name(next))));
            return false;
        }
    }
    const int count = sk_X509_num(authorities);
    std::string_view why;
    if (!is_at_end(why)) {
        report(findings, true,
               fmt::format("{}: certificate {} cannot be read: {}", file, count + 1, why));
        return false;
    }
    if (count == 0) {
        report(findings, true,
               fmt::format("{}: {}; put the certificates of the authorities that vouch for clients "
                           "there",
                           file,
                           rules.authorities_pem.empty() ? "the file is empty"
                                                         : "holds no certificate in PEM"));
    }
    return count > 0;
}

// By name; several may have one, while a key is replaced.
bool is_signed_by_any(X509_CRL* list, STACK_OF(X509) * authorities, bool& is_known) {
    is_known = false;
    for (int i = 0; i < sk_X509_num(authorities); ++i) {
        X509* authority = sk_X509_value(authorities, i);
        if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) != 0) {
            continue;
        }
        is_known = true;
        if (X509_CRL_verify(list, X509_get0_pubkey(authority)) == 1) {
            return true;
        }
    }
    ERR_clear_error();
    return false;
}

Term term_of(const ClientRules& rules, X509_CRL* list) {
    Term term;
    term.kind = Term::Kind::RevocationList;
    term.name = rules.revoked_name;
    term.host = name_of(X509_CRL_get_issuer(list));
    term.begins = seconds_of(X509_CRL_get0_lastUpdate(list));
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list);
    term.ends = next == nullptr ? INT64_MAX : seconds_of(next);
    return term;
}

// Each authority needs one: a client whose authority has none is refused, for who cannot be asked
// has not said yes.
void find_missing(const ClientRules& rules, const std::vector<Handle<X509_CRL>>& lists,
                  STACK_OF(X509) * authorities, Findings& findings) {
    for (int i = 0; i < sk_X509_num(authorities); ++i) {
        X509_NAME* name = X509_get_subject_name(sk_X509_value(authorities, i));
        bool found = false;
        for (const Handle<X509_CRL>& list : lists) {
            found = found || X509_NAME_cmp(X509_CRL_get_issuer(list.get()), name) == 0;
        }
        if (!found) {
            report(findings, false,
                   fmt::format("{}: has no list of {}; its clients are refused", rules.revoked_name,
                               name_of(name)));
        }
    }
}

bool read_lists(const ClientRules& rules, STACK_OF(X509) * authorities, X509_STORE* store,
                std::vector<Term>& terms, Findings& findings) {
    const std::string& file = rules.revoked_name;
    const Handle<BIO> reader = reader_of(rules.revoked_pem);
    std::vector<Handle<X509_CRL>> lists;
    while (X509_CRL* next = PEM_read_bio_X509_CRL(reader.get(), nullptr, no_passphrase, nullptr)) {
        lists.emplace_back(next);
        if (lists.size() > kListsMax) {
            report(findings, true, fmt::format("{}: more than {} lists", file, kListsMax));
            return false;
        }
        bool is_known = false;
        if (!is_signed_by_any(next, authorities, is_known) && is_known) {
            report(findings, true,
                   fmt::format("{}: the list of {} is not signed by its key in {}", file,
                               name_of(X509_CRL_get_issuer(next)), rules.authorities_name));
            return false;
        }
        terms.push_back(term_of(rules, next));
        if (X509_STORE_add_crl(store, next) != 1) {
            report(findings, true, fmt::format("{}: {}", file, last_failure()));
            return false;
        }
    }
    std::string_view why;
    if (!is_at_end(why)) {
        report(findings, true,
               fmt::format("{}: list {} cannot be read: {}", file, lists.size() + 1, why));
        return false;
    }
    if (lists.empty()) {
        report(findings, true,
               fmt::format("{}: {}; openssl crl -inform DER makes PEM of the other form", file,
                           rules.revoked_pem.empty()
                               ? "the file is empty"
                               : "holds no list of revoked certificates in PEM"));
        return false;
    }
    find_missing(rules, lists, authorities, findings);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return true;
}

}  // namespace

std::unique_ptr<Context::Clients> Context::Clients::parse(const ClientRules& rules,
                                                          Findings& findings) {
    ERR_clear_error();
    auto made = std::make_unique<Clients>();
    made->store.reset(X509_STORE_new());
    made->names.reset(sk_X509_NAME_new_null());
    const Handle<STACK_OF(X509)> authorities(sk_X509_new_null());
    if (!read_authorities(rules, authorities.get(), findings)) {
        return nullptr;
    }
    for (int i = 0; i < sk_X509_num(authorities.get()); ++i) {
        X509* authority = sk_X509_value(authorities.get(), i);
        Term term;
        term.kind = Term::Kind::Authority;
        term.name = rules.authorities_name;
        term.host = name_of(X509_get_subject_name(authority));
        term.begins = seconds_of(X509_get0_notBefore(authority));
        term.ends = seconds_of(X509_get0_notAfter(authority));
        made->terms.push_back(std::move(term));
        X509_NAME* name = X509_NAME_dup(X509_get_subject_name(authority));
        if (name == nullptr || sk_X509_NAME_push(made->names.get(), name) <= 0 ||
            X509_STORE_add_cert(made->store.get(), authority) != 1) {
            report(findings, true, fmt::format("{}: {}", rules.authorities_name, last_failure()));
            return nullptr;
        }
    }
    const bool has_lists = !rules.revoked_name.empty();
    if (has_lists &&
        !read_lists(rules, authorities.get(), made->store.get(), made->terms, findings)) {
        return nullptr;
    }
    return made;
}

bool Context::Clients::add_to(SSL_CTX* context) const {
    STACK_OF(X509_NAME)* copy = SSL_dup_CA_list(names.get());
    if (copy == nullptr) {
        return false;
    }
    SSL_CTX_set_client_CA_list(context, copy);
    SSL_CTX_set1_cert_store(context, store.get());
    return true;
}

}  // namespace sluice::tls
