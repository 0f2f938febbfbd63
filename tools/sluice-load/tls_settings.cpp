#include "tls_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text_file.hpp"

namespace sluice::load {
namespace {

// Names of TLS 1.3 begin with TLS_, and OpenSSL keeps them in a list of their own.
void divide_ciphers(std::string_view text, tls::ClientSettings& settings) {
    while (!text.empty()) {
        const std::string_view name = text.substr(0, text.find(':'));
        std::string& list = name.starts_with("TLS_") ? settings.suites : settings.ciphers;
        if (!list.empty()) {
            list += ':';
        }
        list += name;
        text.remove_prefix(std::min(name.size() + 1, text.size()));
    }
}

}  // namespace

std::string read_tls_settings(const Options& options, tls::ClientSettings& settings) {
    if (options.url.tls == TlsMode::Off) {
        return "";
    }
    const TlsOptions& wanted = options.tls;
    settings.host = options.url.host;
    divide_ciphers(wanted.ciphers, settings);
    // Who names ciphers of one version wants no other: it would have ciphers that were not asked
    // for.
    const bool has_any = !settings.suites.empty() || !settings.ciphers.empty();
    if (wanted.version == TlsVersion::Tls13 || (has_any && settings.ciphers.empty())) {
        settings.version_min = tls::Version::Tls13;
    }
    if (wanted.version == TlsVersion::Tls12 || (has_any && settings.suites.empty())) {
        settings.version_max = tls::Version::Tls12;
    }
    if (settings.version_min > settings.version_max) {
        return fmt::format("--tls-ciphers: '{}' is of the other version than --tls-version",
                           wanted.ciphers);
    }
    std::string refusal;
    if (tls::ClientContext::make(settings, refusal) == nullptr) {
        return fmt::format("--tls-ciphers: {}", refusal);
    }
    if (!wanted.authorities_file.empty()) {
        const Parsed<std::string> text =
            read_text_file(wanted.authorities_file, kAuthoritiesBytesMax);
        if (!text) {
            return fmt::format("--tls-ca: {}", text.error());
        }
        settings.authorities = *text;
        if (text->empty() || tls::ClientContext::make(settings, refusal) == nullptr) {
            return fmt::format("--tls-ca: '{}' holds no certificate in PEM",
                               wanted.authorities_file);
        }
    }
    return "";
}

}  // namespace sluice::load
