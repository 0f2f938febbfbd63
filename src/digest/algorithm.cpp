#include "sluice/digest/algorithm.hpp"

namespace sluice::digest {
namespace {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::Sha256:
            return "SHA-256";
        case Algorithm::Sha512:
            return "SHA-512";
        case Algorithm::Sha1:
            return "SHA-1";
        case Algorithm::Md5:
            return "MD5";
        case Algorithm::Crc32:
            return "CRC32";
    }
    return "";
}

std::optional<Algorithm> find_algorithm(std::string_view name) {
    for (const Algorithm algorithm : kAlgorithms) {
        if (equal_ignoring_case(name, name_of(algorithm))) {
            return algorithm;
        }
    }
    return std::nullopt;
}

std::string feature_list(Algorithm chosen) {
    std::string list;
    for (const Algorithm algorithm : kAlgorithms) {
        if (!list.empty()) {
            list += ';';
        }
        list += name_of(algorithm);
        if (algorithm == chosen) {
            list += '*';
        }
    }
    return list;
}

}  // namespace sluice::digest
