// ftp://[user[:password]@]host[:port][/path], from text to Url and back. ftps:// is implicit TLS
// and ftpes:// explicit, as clients with graphical screens call it.
//
// RFC 1738 section 3.2: the path is below the login folder, and "%2F" begins one at the root. A '?'
// and a '#' are bytes of the name, because such a URL has neither query nor fragment. What decodes
// to CR, LF or NUL is refused: it would end the command line it is put into. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "options.hpp"
#include "parsed.hpp"

namespace sluice::load {

// A host is 253 bytes (RFC 1035), a path PATH_MAX; three times that when every byte is encoded.
inline constexpr std::size_t kUrlBytesMax = 16 * 1024;

constexpr std::uint16_t default_port(TlsMode mode) {
    return mode == TlsMode::Implicit ? kImplicitPort : kPort;
}

Parsed<Url> parse_url(std::string_view text);

// Without the password and without a port that goes without saying, so that it can stand in a
// report. parse_url takes it back.
std::string show(const Url& url);

}  // namespace sluice::load
