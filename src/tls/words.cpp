#include "tls/words.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

namespace sluice::tls {
namespace {

constexpr std::size_t kNameBytesMax = 256;

}  // namespace

void report(Findings& findings, bool is_error, std::string text) {
    Finding finding;
    finding.is_error = is_error;
    finding.text = std::move(text);
    findings.push_back(std::move(finding));
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lower;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm fields = {};
    if (ASN1_TIME_to_tm(time, &fields) != 1) {
        return 0;
    }
    return static_cast<std::int64_t>(::timegm(&fields));
}

std::string name_of(const X509_NAME* name) {
    const Handle<BIO> memory(BIO_new(BIO_s_mem()));
    // Control bytes and what is no ASCII are escaped.
    if (memory == nullptr || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) {
        return {};
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return std::string(data, std::min(static_cast<std::size_t>(size), kNameBytesMax));
}

}  // namespace sluice::tls
