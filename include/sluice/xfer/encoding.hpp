// What TYPE, STRU and MODE together make of a file on the wire.
//
// A transfer is a source, filters and a sink. TYPE I, STRU F, MODE S needs no filter: those are the
// pumps of pumps.hpp that copy nothing. Everything else goes through the filters that an Encoding
// asks for (src/xfer/filters.hpp), one pump per direction whatever the combination.
// A value, chosen by the session when the transfer begins.
#pragma once

#include <cstdint>

#include "sluice/proto/type_mode.hpp"

namespace sluice::xfer {

struct Encoding {
    bool ascii = false;
    proto::FileStructure structure = proto::FileStructure::File;
    proto::TransferMode mode = proto::TransferMode::Stream;
    std::uint8_t deflate_level = 6;   // MODE Z, downloads and listings
    std::uint32_t inflate_ratio = 0;  // MODE Z, uploads: transfer.mode_z_ratio

    bool has_records() const { return structure == proto::FileStructure::Record; }
    bool is_deflated() const { return mode == proto::TransferMode::Deflate; }
    // In STRU R lines are records and no CRLF ends them, whatever TYPE says (RFC 959 3.4).
    bool turns_line_ends() const { return ascii && !has_records(); }
    bool is_plain() const {
        return !turns_line_ends() && !has_records() && mode == proto::TransferMode::Stream;
    }
    // The sender's close is (a part of) the end of the data. Blocks and records have an end mark of
    // their own, behind which a client may leave the connection open (RFC 959 3.3).
    bool ends_with_close() const {
        return is_deflated() || (mode == proto::TransferMode::Stream && !has_records());
    }
};

}  // namespace sluice::xfer
