#include "url.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sluice/base/parse_number.hpp"

namespace sluice::load {
namespace {

constexpr std::string_view kForm = "a URL looks like ftp://user:password@host:21/path";

struct Scheme {
    std::string_view name;
    TlsMode tls;
};
// In the order of TlsMode.
constexpr Scheme kSchemes[] = {
    {"ftp", TlsMode::Off}, {"ftpes", TlsMode::Explicit}, {"ftps", TlsMode::Implicit}};

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

Parsed<std::string> decoded(std::string_view text, std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const Result<std::uint8_t> byte =
                parse_digits<std::uint8_t>(text.substr(i + 1, 2), 16, 0, 255);
            if (!byte || text.size() - i < 3) {
                return refuse(fmt::format(
                    "'{}' in the {} is no percent code: two hexadecimal digits follow a '%', and "
                    "'%' itself is written %25",
                    text.substr(i, 3), part));
            }
            c = static_cast<char>(*byte);
            i += 2;
        }
        if (c == '\0' || c == '\r' || c == '\n') {
            return refuse(
                fmt::format("the {} holds a line end or a NUL, which FTP cannot carry", part));
        }
        out.push_back(c);
    }
    return out;
}

Parsed<std::string_view> take_scheme(std::string_view text, Url& url) {
    const std::size_t end = text.find("://");
    if (end == std::string_view::npos) {
        return refuse(fmt::format("'{0}' has no scheme; did you mean 'ftp://{0}'?", text));
    }
    const std::string scheme = lowered(text.substr(0, end));
    for (const Scheme& known : kSchemes) {
        if (known.name == scheme) {
            url.tls = known.tls;
            url.port = default_port(known.tls);
            return text.substr(end + 3);
        }
    }
    return refuse(fmt::format("sluice-load speaks FTP alone, not '{}'; {}", scheme, kForm));
}

std::optional<std::string> read_user(std::string_view text, Url& url) {
    const std::size_t colon = text.find(':');
    Parsed<std::string> user = decoded(text.substr(0, colon), "user");
    if (!user) {
        return user.error();
    }
    if (user->empty()) {
        return fmt::format("the user before the '@' is empty; {}", kForm);
    }
    url.user = *std::move(user);
    if (colon == std::string_view::npos) {
        const bool is_anonymous = url.user == "anonymous" || url.user == "ftp";
        url.password = is_anonymous ? url.password : "";
        return std::nullopt;
    }
    Parsed<std::string> password = decoded(text.substr(colon + 1), "password");
    if (!password) {
        return password.error();
    }
    url.password = *std::move(password);
    return std::nullopt;
}

std::optional<std::string> read_port(std::string_view text, Url& url) {
    const Result<std::uint16_t> port = parse_decimal<std::uint16_t>(text, 1);
    if (!port) {
        return fmt::format("'{}' is no port: a number from 1 to 65535", text);
    }
    url.port = *port;
    url.has_port = true;
    return std::nullopt;
}

std::optional<std::string> read_bracketed(std::string_view text, Url& url) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
        return std::string("the '[' of the IPv6 address has no ']'");
    }
    url.host = std::string(text.substr(1, end - 1));
    in6_addr address{};
    if (inet_pton(AF_INET6, url.host.c_str(), &address) != 1) {
        return fmt::format("'{}' is no IPv6 address", url.host);
    }
    const std::string_view rest = text.substr(end + 1);
    if (rest.empty()) {
        return std::nullopt;
    }
    if (rest.front() != ':') {
        return fmt::format("'{}' after the address is no ':port'", rest);
    }
    return read_port(rest.substr(1), url);
}

std::optional<std::string> read_host(std::string_view text, Url& url) {
    if (text.starts_with('[')) {
        return read_bracketed(text, url);
    }
    const std::size_t colon = text.find(':');
    if (colon != text.rfind(':')) {
        return fmt::format("an IPv6 address is written in brackets: ftp://[{}]/", text);
    }
    url.host = std::string(text.substr(0, colon));
    if (url.host.empty()) {
        return fmt::format("the host is missing; {}", kForm);
    }
    const bool has_odd_byte = std::any_of(url.host.begin(), url.host.end(), [](char c) {
        return c <= ' ' || c == '%' || c == '\\' || c == '"' || c == 127;
    });
    if (has_odd_byte) {
        return fmt::format("'{}' is neither a host name nor an address", url.host);
    }
    return colon == std::string_view::npos ? std::nullopt : read_port(text.substr(colon + 1), url);
}

// What a URL may hold as it is; everything else becomes a percent code.
std::string encoded(std::string_view text, std::string_view plain) {
    std::string out;
    for (const char c : text) {
        const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || plain.find(c) != std::string_view::npos;
        if (is_word) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

}  // namespace

Parsed<Url> parse_url(std::string_view text) {
    if (text.size() > kUrlBytesMax) {
        return refuse(fmt::format("the URL is longer than {} bytes", kUrlBytesMax));
    }
    Url url;
    const Parsed<std::string_view> rest = take_scheme(text, url);
    if (!rest) {
        return refuse(rest.error());
    }
    const std::size_t slash = rest->find('/');
    std::string_view authority = rest->substr(0, slash);
    // The last '@': a user name may be a mail address, written without its percent code.
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
        if (std::optional<std::string> wrong = read_user(authority.substr(0, at), url)) {
            return refuse(*std::move(wrong));
        }
        authority.remove_prefix(at + 1);
    }
    if (std::optional<std::string> wrong = read_host(authority, url)) {
        return refuse(*std::move(wrong));
    }
    if (slash != std::string_view::npos) {
        Parsed<std::string> path = decoded(rest->substr(slash + 1), "path");
        if (!path) {
            return refuse(path.error());
        }
        url.path = *std::move(path);
    }
    return url;
}

std::string show(const Url& url) {
    const bool is_ipv6 = url.host.find(':') != std::string::npos;
    std::string text(kSchemes[static_cast<std::size_t>(url.tls)].name);
    text += "://";
    if (url.user != "anonymous") {
        text += encoded(url.user, "-._~!$&'()*+,;=") + "@";
    }
    text += is_ipv6 ? "[" + url.host + "]" : url.host;
    if (url.port != default_port(url.tls)) {
        text += fmt::format(":{}", url.port);
    }
    // A leading slash of the path would read as an empty folder.
    const bool is_absolute = url.path.starts_with('/');
    const std::string_view below = std::string_view(url.path).substr(is_absolute ? 1 : 0);
    return text + "/" + (is_absolute ? "%2F" : "") + encoded(below, "-._~!$&'()*+,;=:@/?");
}

}  // namespace sluice::load
