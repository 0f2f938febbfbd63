// The floor of FTPS: a bare FTP-shaped server with OpenSSL's blocking calls, a thread for each
// session, and one gathered send per 256 KiB. No checks, no limits, nothing of sluice: never serve
// anybody with it. bench/compare and bench/must_hold hold sluice against it.
//
//     tls_floor PORT ROOT CERTIFICATE KEY
//
// AUTH TLS, PROT P, EPSV and PASV, RETR and STOR of files below ROOT, TLS 1.3 alone.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gather.hpp"

namespace {

constexpr std::size_t kPlainBytes = 64 * 1024;
constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::size_t kCommandBytesMax = 4096;
// Of 5,000 idle sessions, were they asked for.
constexpr int kBacklog = 4096;

SSL_CTX* tls = nullptr;
std::string root;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

int listen_on(std::uint16_t& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener, kBacklog) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        die("listen");
    }
    port = ntohs(address.sin_port);
    return listener;
}

bool send_all(int socket, const std::uint8_t* data, std::size_t size) {
    while (size > 0) {
        const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
        if (sent <= 0) { return false; }
        data += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, FreeSsl>;

Ssl shake_hands(int socket) {
    Ssl ssl(SSL_new(tls));
    SSL_set_fd(ssl.get(), socket);
    if (SSL_accept(ssl.get()) != 1) { ssl.reset(); }
    return ssl;
}

class Session {
public:
    explicit Session(int socket) : control_(socket), plain_(kPlainBytes) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        if (listener_ >= 0) { ::close(listener_); }
        ::close(control_);
    }

    void run() {
        say("220 floor");
        std::string line;
        while (read_line(line) && answer(line)) {
        }
        if (ssl_ != nullptr) { SSL_shutdown(ssl_.get()); }
    }

private:
    void say(std::string text) {
        text += "\r\n";
        if (ssl_ != nullptr) {
            SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
        } else {
            send_all(control_, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
        }
    }

    bool read_line(std::string& line) {
        std::size_t end = 0;
        while ((end = inbox_.find("\r\n")) == std::string::npos) {
            char room[512];
            const ssize_t got = ssl_ != nullptr ? SSL_read(ssl_.get(), room, sizeof room)
                                                : ::recv(control_, room, sizeof room, 0);
            if (got <= 0 || inbox_.size() > kCommandBytesMax) { return false; }
            inbox_.append(room, static_cast<std::size_t>(got));
        }
        line = inbox_.substr(0, end);
        inbox_.erase(0, end + 2);
        return true;
    }

    bool answer(const std::string& line) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        const std::string verb = line.substr(0, blank);
        const std::string argument = line.substr(std::min(blank + 1, line.size()));
        if (verb == "AUTH") {
            say("234 go");
            ssl_ = shake_hands(control_);
            return ssl_ != nullptr;
        }
        if (verb == "USER") {
            say("331 password");
        } else if (verb == "PASS") {
            say("230 in");
        } else if (verb == "SIZE") {
            struct stat facts = {};
            const bool is_there = ::stat(path_of(argument).c_str(), &facts) == 0;
            say(is_there ? "213 " + std::to_string(facts.st_size) : "550 none");
        } else if (verb == "EPSV" || verb == "PASV") {
            passive(verb == "EPSV");
        } else if (verb == "RETR" || verb == "STOR") {
            transfer(path_of(argument), verb == "STOR");
        } else if (verb == "QUIT") {
            say("221 bye");
            return false;
        } else {
            say("200 fine");
        }
        return true;
    }

    static std::string path_of(const std::string& name) { return root + "/" + name; }

    void passive(bool extended) {
        if (listener_ >= 0) { ::close(listener_); }
        std::uint16_t port = 0;
        listener_ = listen_on(port);
        if (extended) {
            say("229 here (|||" + std::to_string(port) + "|)");
        } else {
            say("227 here (127,0,0,1," + std::to_string(port >> 8) + "," +
                std::to_string(port & 255) + ")");
        }
    }

    void transfer(const std::string& path, bool stores) {
        const int flags = stores ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
        const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (file < 0) {
            say("550 none");
            return;
        }
        const int data = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        ::close(listener_);
        listener_ = -1;
        say("150 go");
        const int one = 1;
        ::setsockopt(data, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const Ssl ssl = shake_hands(data);
        const bool is_whole = ssl != nullptr && (stores ? store(ssl.get(), file)
                                                        : retrieve(ssl.get(), data, file));
        ::shutdown(data, SHUT_WR);
        // The client's close_notify and its FIN.
        while (::recv(data, plain_.data(), plain_.size(), 0) > 0) {
        }
        ::close(data);
        ::close(file);
        say(is_whole ? "226 done" : "426 broken");
    }

    bool retrieve(SSL* ssl, int socket, int file) {
        static BIO_METHOD* const method = make_gatherer();
        Gather gather;
        BIO* bio = BIO_new(method);
        BIO_set_data(bio, &gather);
        BIO_set_init(bio, 1);
        SSL_set0_wbio(ssl, bio);
        bool is_end = false;
        while (!is_end) {
            for (std::size_t filled = 0; filled < kPieceBytes && !is_end;) {
                const ssize_t got = ::read(file, plain_.data(), plain_.size());
                is_end = got <= 0;
                if (is_end) {
                    SSL_shutdown(ssl);
                } else {
                    SSL_write(ssl, plain_.data(), static_cast<int>(got));
                    filled += static_cast<std::size_t>(got);
                }
            }
            if (!send_all(socket, gather.memory.data(), gather.used)) { return false; }
            gather.used = 0;
        }
        return true;
    }

    bool store(SSL* ssl, int file) {
        while (true) {
            std::size_t filled = 0;
            int got = 1;
            while (filled + kRecordBytes <= plain_.size() && got > 0) {
                got = SSL_read(ssl, plain_.data() + filled, static_cast<int>(kRecordBytes));
                filled += got > 0 ? static_cast<std::size_t>(got) : 0;
            }
            if (filled > 0 && ::write(file, plain_.data(), filled) < 0) { return false; }
            if (got <= 0) { break; }
        }
        SSL_shutdown(ssl);
        return true;
    }

    int control_;
    int listener_ = -1;
    Ssl ssl_;
    std::string inbox_;
    std::vector<std::uint8_t> plain_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: tls_floor PORT ROOT CERTIFICATE KEY\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    root = argv[2];
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
    if (SSL_CTX_use_certificate_chain_file(tls, argv[3]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, argv[4], SSL_FILETYPE_PEM) != 1) {
        std::fprintf(stderr, "tls_floor: no good certificate and key\n");
        return 1;
    }
    auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    const int listener = listen_on(port);
    while (true) {
        const int control = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (control < 0) { die("accept"); }
        const int one = 1;
        ::setsockopt(control, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        std::thread([control] { Session(control).run(); }).detach();
    }
}
