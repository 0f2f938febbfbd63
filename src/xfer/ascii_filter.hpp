// TYPE A as filters: proto/ascii.hpp does the work.
#pragma once

#include <cstdint>

#include "sluice/proto/ascii.hpp"
#include "xfer/filter.hpp"

namespace sluice::xfer {

// LF to CRLF. The first `skip` bytes of the result are left out: in TYPE A a restart offset counts
// bytes as they are sent (RFC 3659 5.2), and only counting tells where that is in the file.
class AsciiEncode final : public Filter {
public:
    explicit AsciiEncode(std::int64_t skip) : skip_(skip) {}
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    proto::AsciiEncoder encoder_;
    std::int64_t skip_;
};

// CRLF to LF.
class AsciiDecode final : public Filter {
public:
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    proto::AsciiDecoder decoder_;
};

}  // namespace sluice::xfer
