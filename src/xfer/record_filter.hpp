// STRU R in stream mode and in MODE Z (RFC 959 3.4.1): the lines of a Unix file are its records.
//
// An LF of the file becomes the end-of-record code 0xFF 0x01, a data byte 0xFF is doubled, and the
// file ends in 0xFF 0x02; a last line without LF is a record that only the end of file closes. That
// is invertible (RFC 1123 4.1.2.4) for every file; a record that holds an LF comes back as two.
#pragma once

#include "xfer/filter.hpp"

namespace sluice::xfer {

class RecordEncode final : public Filter {
public:
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;
};

// Takes 0xFF 0x03, both ends at once, as well. Any other code is Protocol.
class RecordDecode final : public Filter {
public:
    Result<FilterStep> run(Bytes in, MutableBytes out, bool is_last) override;

private:
    bool after_escape_ = false;
    bool ended_ = false;
};

}  // namespace sluice::xfer
