#include "sim/modes.hpp"

#include <zlib.h>

#include <algorithm>

#include "sim/panic.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t kBlockBytes = 1'000;
constexpr std::size_t kHeaderBytes = 3;
constexpr int kEndOfFile = 64;

std::string block(int descriptor, std::string_view data) {
    std::string bytes;
    bytes += static_cast<char>(descriptor);
    bytes += static_cast<char>(data.size() >> 8);
    bytes += static_cast<char>(data.size() & 0xFF);
    return bytes.append(data);
}

std::size_t byte_at(std::string_view wire, std::size_t at) {
    return static_cast<unsigned char>(wire[at]);
}

FromWire from_blocks(std::string_view wire) {
    FromWire result;
    while (wire.size() >= kHeaderBytes) {
        const std::size_t descriptor = byte_at(wire, 0);
        const std::size_t count = byte_at(wire, 1) << 8 | byte_at(wire, 2);
        if (descriptor != 0 && descriptor != kEndOfFile) { panic("a block that means nothing"); }
        wire.remove_prefix(kHeaderBytes);
        result.bytes.append(wire.substr(0, count));
        if (wire.size() < count) { return result; }
        wire.remove_prefix(count);
        if (descriptor == kEndOfFile) {
            if (!wire.empty()) { panic("%zu bytes behind the last block", wire.size()); }
            result.whole = true;
            return result;
        }
    }
    return result;
}

FromWire from_deflate(std::string_view wire) {
    FromWire result;
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) { panic("no memory for zlib"); }
    std::string room(64 * 1024, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(wire.data()));
    stream.avail_in = static_cast<uInt>(wire.size());
    int code = Z_OK;
    do {
        stream.next_out = reinterpret_cast<Bytef*>(room.data());
        stream.avail_out = static_cast<uInt>(room.size());
        code = inflate(&stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
            panic("a deflate stream that zlib calls wrong: %d", code);
        }
        result.bytes.append(room, 0, room.size() - stream.avail_out);
    } while (code == Z_OK);
    result.whole = code == Z_STREAM_END;
    if (result.whole && stream.avail_in > 0) {
        panic("%u bytes behind the deflate stream", stream.avail_in);
    }
    inflateEnd(&stream);
    return result;
}

}  // namespace

std::string to_wire(char mode, std::string_view bytes) {
    if (mode == 'B') {
        std::string wire;
        while (!bytes.empty()) {
            wire += block(0, bytes.substr(0, kBlockBytes));
            bytes.remove_prefix(std::min(bytes.size(), kBlockBytes));
        }
        return wire + block(kEndOfFile, "");
    }
    if (mode == 'Z') {
        uLongf size = compressBound(bytes.size());
        std::string wire(size, '\0');
        if (compress(reinterpret_cast<Bytef*>(wire.data()), &size,
                     reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK) {
            panic("zlib cannot compress");
        }
        wire.resize(size);
        return wire;
    }
    return std::string(bytes);
}

FromWire from_wire(char mode, std::string_view wire) {
    if (mode == 'B') { return from_blocks(wire); }
    if (mode == 'Z') { return from_deflate(wire); }
    return FromWire{std::string(wire), true};
}

}  // namespace sluice::sim
