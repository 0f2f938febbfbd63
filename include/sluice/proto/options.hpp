// OPTS (RFC 2389 4): what is being set. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/proto/facts.hpp"

namespace sluice::proto {

enum class OptionKind : std::uint8_t {
    Utf8On,     // OPTS UTF8 [ON], OPTS UTF-8 [ON]: 200 always, Windows Explorer gives up otherwise
    Utf8Off,    // 501 unless there is a fall-back character set
    Utf8Nlst,   // OPTS UTF8 NLST of an expired draft: 200
    MlstFacts,  // OPTS MLST type;size;
    DeflateLevel,  // OPTS MODE Z LEVEL n, n of 0 to 9
    Hash,       // OPTS HASH [SHA-256] (draft-bryan-ftpext-hash-02 3.2): `value` is the algorithm
    StoreHash,  // OPTS STOR HASH SHA-256;CRC32, or OFF: digests of uploads; `value` as it stands
    Malformed,  // a known option with a wrong argument: 501
    Unknown,    // 501
};

struct OptionRequest {
    OptionKind kind = OptionKind::Unknown;
    FactSet facts;           // MlstFacts only
    std::uint8_t level = 0;  // DeflateLevel only
    std::string_view value;  // Hash and StoreHash; a view into the line
};
OptionRequest parse_options(std::string_view argument);

}  // namespace sluice::proto
