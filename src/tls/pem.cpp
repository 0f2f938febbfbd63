#include "tls/pem.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string>

namespace sluice::tls {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

void PemReader::wipe() {
    OPENSSL_cleanse(der_.data(), der_.size());
    der_.clear();
}

bool PemReader::next() {
    wipe();
    name_ = {};
    if (at_end_ || !failure_.empty()) {
        return false;
    }
    const std::size_t begin = text_.find(kBegin);
    if (begin == std::string_view::npos) {
        at_end_ = true;
        return false;
    }
    text_.remove_prefix(begin + kBegin.size());
    const std::size_t line = std::min(text_.find('\n'), text_.size());
    const std::size_t name_end = text_.substr(0, line).find(kDashes);
    if (name_end == std::string_view::npos) {
        failure_ = "its first line is cut off";
        return false;
    }
    const std::string_view name = text_.substr(0, name_end);
    text_.remove_prefix(line);
    const std::size_t end = text_.find(kEnd);
    if (end == std::string_view::npos || text_.substr(end + kEnd.size(), name.size()) != name ||
        text_.substr(end + kEnd.size() + name.size(), kDashes.size()) != kDashes) {
        failure_ = "it does not end with its last line";
        return false;
    }
    if (!decode(text_.substr(0, end))) {
        failure_ = "it is not in base 64";
        return false;
    }
    text_.remove_prefix(end);
    name_ = name;
    return true;
}

bool PemReader::decode(std::string_view body) {
    std::string digits;
    digits.reserve(body.size());  // never moved, so no copy stays behind
    for (const char c : body) {
        if (!is_blank(c)) {
            digits.push_back(c);
        }
    }
    const std::size_t padding = digits.size() - (digits.find_last_not_of('=') + 1);
    bool is_good = !digits.empty() && digits.size() % 4 == 0 && padding <= 2;
    if (is_good) {
        der_.resize(digits.size() / 4 * 3);
        const int size =
            EVP_DecodeBlock(der_.data(), reinterpret_cast<const unsigned char*>(digits.data()),
                            static_cast<int>(digits.size()));
        is_good = size == static_cast<int>(der_.size());
        der_.resize(is_good ? der_.size() - padding : 0);
    }
    OPENSSL_cleanse(digits.data(), digits.size());
    return is_good;
}

}  // namespace sluice::tls
