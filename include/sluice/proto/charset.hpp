// Names for clients that know no UTF-8 (server.charset): old Windows programs, cameras, devices.
//
// On the disk and within the server names are UTF-8. What such a client sends is taken as UTF-8 if
// it is UTF-8, else as the character set; what it is sent is in the character set wherever that
// comes back as the same name, else in UTF-8. So no name is lost: each can be sent back as it was
// shown. Whole lines are converted, as everything else in them is ASCII.
// Owned by: Shard. Thread: its shard (iconv keeps state).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::proto {

bool is_utf8(std::string_view bytes);

class Charset {
public:
    // By a name that iconv(3) knows. NotSupported: it does not, or ASCII is something else there.
    static Result<std::unique_ptr<Charset>> open(const std::string& name);
    Charset(const Charset&) = delete;
    Charset& operator=(const Charset&) = delete;
    ~Charset();

    // A client's line in UTF-8; unchanged where it is UTF-8 already or cannot be converted.
    std::string from_client(std::string_view line);
    // A line for the client.
    std::string to_client(std::string_view line);

private:
    using Converter = void*;  // iconv_t

    Charset(Converter in, Converter out) : in_(in), out_(out) {}
    // False when some byte has no counterpart; nothing is put in its place.
    static bool convert(Converter converter, std::string_view text, std::string& into);

    Converter in_;
    Converter out_;
};

}  // namespace sluice::proto
