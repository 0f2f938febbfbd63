// MODE B and MODE Z as a client of the simulator speaks them: whole strings, zlib's own calls, none
// of the server's filters.
#pragma once

#include <string>
#include <string_view>

namespace sluice::sim {

// `mode` is the letter of MODE: S, B or Z.
std::string to_wire(char mode, std::string_view bytes);

// What was received, or a first part of it, as the bytes it stands for. `whole`: the end mark was
// there and nothing behind it. Panics over anything that a server must not send.
struct FromWire {
    std::string bytes;
    bool whole = false;
};
FromWire from_wire(char mode, std::string_view wire);

}  // namespace sluice::sim
