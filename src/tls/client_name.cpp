#include "tls/client_name.hpp"

#include "tls/words.hpp"

namespace sluice::tls {
namespace {

bool has_common_name(X509* certificate, std::string_view wanted) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return false;
    }
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, at);
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) {
        ERR_clear_error();
        return false;
    }
    // With its length: a NUL inside does not end it.
    const bool same = as_text(Bytes(utf8, static_cast<std::size_t>(size))) == wanted;
    OPENSSL_free(utf8);
    return same;
}

const ASN1_STRING* text_in(const GENERAL_NAME* name, ClientName kind) {
    switch (kind) {
        case ClientName::Email:
            return name->type == GEN_EMAIL ? name->d.rfc822Name : nullptr;
        case ClientName::Uri:
            return name->type == GEN_URI ? name->d.uniformResourceIdentifier : nullptr;
        case ClientName::Host:
            return name->type == GEN_DNS ? name->d.dNSName : nullptr;
        case ClientName::CommonName:
            break;
    }
    return nullptr;
}

}  // namespace

bool is_named(X509* certificate, ClientName kind, std::string_view name) {
    if (name.empty()) {
        return false;
    }
    if (kind == ClientName::CommonName) {
        return has_common_name(certificate, name);
    }
    const Handle<GENERAL_NAMES> alternatives(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    const int count = alternatives ? sk_GENERAL_NAME_num(alternatives.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const ASN1_STRING* text = text_in(sk_GENERAL_NAME_value(alternatives.get(), i), kind);
        if (text != nullptr && text_of(text) == name) {
            return true;
        }
    }
    return false;
}

}  // namespace sluice::tls
