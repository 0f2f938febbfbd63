// One end of a TLS connection over a socket that does not block: the client's, or, where the server
// itself is the client, the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace sluice::conform {

class Certificate;

class TlsChannel {
public:
    enum class Want : std::uint8_t {
        Nothing,  // it is done
        Input,    // when the socket is readable
        Room,     // when it is writable
        End,      // the server has said close_notify
        Broken,   // an alert, a FIN without close_notify, or no TLS
    };
    struct Moved {
        Want want = Want::Nothing;
        std::size_t count = 0;
    };

    struct Setup {
        const TlsChannel* origin = nullptr;  // whose session to resume; null: none
        const Certificate* shows = nullptr;  // null: none
        bool serves = false;                 // the server's end
    };
    TlsChannel(int socket, const Setup& setup);
    TlsChannel(const TlsChannel&) = delete;
    TlsChannel& operator=(const TlsChannel&) = delete;
    ~TlsChannel();

    Want handshake();
    Moved read(char* into, std::size_t bytes_max);
    Moved write(std::string_view bytes);
    void close();  // close_notify, if there is room for it

private:
    Want want_of(int outcome);

    ssl_ctx_st* context_ = nullptr;
    ssl_st* ssl_ = nullptr;
};

}  // namespace sluice::conform
