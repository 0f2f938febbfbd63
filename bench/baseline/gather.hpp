// Where OpenSSL's records gather so that one send takes them all: the smallest BIO that does it. A
// Gather belongs to one connection, and is empty again when its user has sent what is in it.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

// One send. Who writes stops at this many; the last record and alerts may come behind it.
inline constexpr std::size_t kPieceBytes = 256 * 1024;

struct Gather {
    std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(kPieceBytes + 64 * 1024);
    std::size_t used = 0;
};

// The Gather is the data of its BIO (BIO_set_data).
inline int gather_write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    Gather& gather = *static_cast<Gather*>(BIO_get_data(bio));
    std::memcpy(gather.memory.data() + gather.used, from, size);
    gather.used += size;
    *count = size;
    return 1;
}

inline long gather_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

inline BIO_METHOD* make_gatherer() {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "gather");
    BIO_meth_set_write_ex(made, gather_write);
    BIO_meth_set_ctrl(made, gather_control);
    return made;
}
