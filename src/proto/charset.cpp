#include "sluice/proto/charset.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>

namespace sluice::proto {
namespace {

iconv_t none() { return reinterpret_cast<iconv_t>(-1); }

// How many bytes follow a first byte, or -1 where none may begin with it; and the range of the
// second byte, which keeps out overlong forms, surrogates and what lies beyond U+10FFFF (RFC 3629).
struct Lead {
    int more = -1;
    unsigned char second_min = 0x80;
    unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
    Lead lead;
    if (byte < 0x80) {
        lead.more = 0;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
        lead.more = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        lead.more = 2;
        if (byte == 0xE0) { lead.second_min = 0xA0; }
        if (byte == 0xED) { lead.second_max = 0x9F; }
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        lead.more = 3;
        if (byte == 0xF0) { lead.second_min = 0x90; }
        if (byte == 0xF4) { lead.second_max = 0x8F; }
    }
    return lead;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const Lead lead = lead_of(static_cast<unsigned char>(bytes[at++]));
        if (lead.more < 0) { return false; }
        for (int i = 0; i < lead.more; ++i, ++at) {
            if (at == bytes.size()) { return false; }
            const auto byte = static_cast<unsigned char>(bytes[at]);
            const unsigned char least = i == 0 ? lead.second_min : 0x80;
            const unsigned char most = i == 0 ? lead.second_max : 0xBF;
            if (byte < least || byte > most) { return false; }
        }
    }
    return true;
}

Result<std::unique_ptr<Charset>> Charset::open(const std::string& name) {
    const iconv_t in = ::iconv_open("UTF-8", name.c_str());
    if (in == none()) { return fail(Errc::NotSupported); }
    const iconv_t out = ::iconv_open(name.c_str(), "UTF-8");
    if (out == none()) {
        ::iconv_close(in);
        return fail(Errc::NotSupported);
    }
    std::unique_ptr<Charset> made(new Charset(in, out));
    // The commands themselves must stay what they are, byte for byte (UTF-16, EBCDIC).
    std::string ascii;
    for (char c = 0x20; c < 0x7F; ++c) { ascii.push_back(c); }
    std::string converted;
    if (!convert(made->out_, ascii, converted) || converted != ascii) {
        return fail(Errc::NotSupported);
    }
    return made;
}

Charset::~Charset() {
    ::iconv_close(in_);
    ::iconv_close(out_);
}

bool Charset::convert(Converter converter, std::string_view text, std::string& into) {
    (void)::iconv(converter, nullptr, nullptr, nullptr, nullptr);  // to the initial shift state
    into.clear();
    std::array<char, 1024> piece;
    char* from = const_cast<char*>(text.data());  // iconv(3) only reads it
    std::size_t left = text.size();
    while (left > 0) {
        char* to = piece.data();
        std::size_t room = piece.size();
        const std::size_t irreversible = ::iconv(converter, &from, &left, &to, &room);
        const bool is_full = irreversible == static_cast<std::size_t>(-1) && errno == E2BIG;
        if (irreversible != 0 && !is_full) { return false; }
        into.append(piece.data(), piece.size() - room);
    }
    return true;
}

std::string Charset::from_client(std::string_view line) {
    std::string converted;
    if (is_utf8(line) || !convert(in_, line, converted)) { return std::string(line); }
    return converted;
}

std::string Charset::to_client(std::string_view line) {
    std::string converted;
    if (!convert(out_, line, converted) || from_client(converted) != line) {
        return std::string(line);
    }
    return converted;
}

}  // namespace sluice::proto
