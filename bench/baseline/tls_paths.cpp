// Ways of sending a file over TLS 1.3 in user space, side by side: what one core does per GB, how
// fast, and in how many sends.
//
//     bare     SSL_write into a piece of memory by a BIO as small as one can be, one send per piece
//     memory   the same through OpenSSL's memory BIO
//     records  SSL_write on the socket: one send for each record of 16 KiB
//     layer    tls::Connection with OpenSSL's record layer, as for other ciphers than AES-GCM
//     sluice   the same with records of its own, as src/xfer/pump_tls.cpp drives it
//
// The file lies in the page cache. The client is a thread that shakes hands and then takes the
// ciphertext from the kernel without looking at it. The first three use nothing of sluice.
//
//     tls_paths [GIB [ROUNDS]]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gather.hpp"
#include "sluice/sys/linux_kernel.hpp"
#include "sluice/tls/connection.hpp"

namespace {

using namespace sluice;

constexpr std::size_t kPlainBytes = 64 * 1024;
constexpr std::size_t kFileBytes = 64 << 20;

std::uint64_t sends = 0;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

void send_all(int socket, const std::uint8_t* data, std::size_t size) {
    while (size > 0) {
        const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
        ++sends;
        if (sent <= 0) { die("send"); }
        data += sent;
        size -= static_cast<std::size_t>(sent);
    }
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double thread_seconds() {
    rusage usage = {};
    ::getrusage(RUSAGE_THREAD, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// A connected pair on the loopback.
void connect_pair(int& server, int& client) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener, 1) != 0 ||
        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        die("listen");
    }
    client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(client, reinterpret_cast<sockaddr*>(&address), size) != 0) { die("connect"); }
    server = ::accept(listener, nullptr, nullptr);
    const int one = 1;
    ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::close(listener);
}

void run_client(int socket) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, socket);
    if (SSL_connect(ssl) != 1) { die("handshake of the client"); }
    while (::recv(socket, nullptr, 1 << 20, MSG_TRUNC) > 0) {
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    ::close(socket);
}

struct Source {
    int file;
    std::size_t position = 0;
    std::vector<std::uint8_t> plain = std::vector<std::uint8_t>(kPlainBytes);
    std::size_t read() {
        const ssize_t got = ::pread(file, plain.data(), plain.size(),
                                    static_cast<off_t>(position % kFileBytes));
        if (got <= 0) { die("pread"); }
        position += static_cast<std::size_t>(got);
        return static_cast<std::size_t>(got);
    }
};

// An SSL of OpenSSL alone, shaken hands over the socket.
SSL* accept_plain(SSL_CTX* context, int socket) {
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, socket);
    if (SSL_accept(ssl) != 1) { die("handshake of the server"); }
    return ssl;
}

SSL_CTX* plain_context(const tls::IdentityText& identity) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    BIO* chain = BIO_new_mem_buf(identity.chain_pem.data(), -1);
    BIO* key = BIO_new_mem_buf(identity.key_pem.data(), -1);
    X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    EVP_PKEY* private_key = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, private_key);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    X509_free(certificate);
    EVP_PKEY_free(private_key);
    BIO_free(chain);
    BIO_free(key);
    return context;
}

void send_bare(SSL* ssl, int socket, Source& source, std::uint64_t bytes) {
    static BIO_METHOD* const method = make_gatherer();
    Gather gather;
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, &gather);
    BIO_set_init(bio, 1);
    SSL_set0_wbio(ssl, bio);
    while (source.position < bytes) {
        for (std::size_t filled = 0; filled < kPieceBytes; filled += kPlainBytes) {
            const std::size_t size = source.read();
            SSL_write(ssl, source.plain.data(), static_cast<int>(size));
        }
        send_all(socket, gather.memory.data(), gather.used);
        gather.used = 0;
    }
}

void send_by_memory_bio(SSL* ssl, int socket, Source& source, std::uint64_t bytes) {
    BIO* bio = BIO_new(BIO_s_mem());
    SSL_set0_wbio(ssl, bio);
    while (source.position < bytes) {
        for (std::size_t filled = 0; filled < kPieceBytes; filled += kPlainBytes) {
            const std::size_t size = source.read();
            SSL_write(ssl, source.plain.data(), static_cast<int>(size));
        }
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio, &data);
        send_all(socket, reinterpret_cast<const std::uint8_t*>(data),
                 static_cast<std::size_t>(size));
        (void)BIO_reset(bio);
    }
}

void send_by_records(SSL* ssl, Source& source, std::uint64_t bytes) {
    while (source.position < bytes) {
        const std::size_t size = source.read();
        SSL_write(ssl, source.plain.data(), static_cast<int>(size));
        sends += size / (16 * 1024);
    }
}

void send_by_sluice(tls::Context& context, int socket, Source& source, std::uint64_t bytes,
                    bool seals_here) {
    tls::Connection control(context);
    tls::Connection connection(context, tls::Connection::DataRole{.owner = control});
    std::vector<std::uint8_t> memory(tls::Connection::kGatherBytes);
    while (!connection.handshake()) {
        send_all(socket, connection.output().data(), connection.output().size());
        connection.consume_output(connection.output().size());
        const ssize_t got = ::recv(socket, memory.data(), memory.size(), 0);
        if (got <= 0) { die("recv"); }
        connection.feed(Bytes(memory.data(), static_cast<std::size_t>(got)));
    }
    send_all(socket, connection.output().data(), connection.output().size());
    connection.consume_output(connection.output().size());
    connection.lend_output(memory);
    if (seals_here) { connection.seal_here(); }
    while (source.position < bytes) {
        while (connection.write_room() >= kPlainBytes) {
            const std::size_t size = source.read();
            if (!connection.write(Bytes(source.plain).first(size))) { die("write"); }
        }
        send_all(socket, connection.output().data(), connection.output().size());
        connection.consume_output(connection.output().size());
    }
    connection.lend_output({});
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t bytes = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2) << 30;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
    sys::LinuxKernel kernel;
    const int file = ::memfd_create("tls_paths", MFD_CLOEXEC);
    if (file < 0 || ::ftruncate(file, kFileBytes) != 0) { die("memfd"); }
    std::vector<std::uint8_t> content(kFileBytes);
    for (std::size_t i = 0; i < content.size(); ++i) {
        content[i] = static_cast<std::uint8_t>(i * 2654435761u >> 13);
    }
    if (::pwrite(file, content.data(), content.size(), 0) < 0) { die("pwrite"); }
    tls::Settings settings;
    settings.identities.push_back(*tls::make_self_signed({}, kernel.wall_time()));
    SSL_CTX* const plain = plain_context(settings.identities.front());
    tls::TicketKeys keys(Duration::seconds(3600), kernel.now());
    tls::Findings findings;
    const std::unique_ptr<tls::Context> context =
        tls::Context::make(kernel, settings, keys, findings);
    if (context == nullptr) { return 1; }
    std::printf("%-8s %10s %12s %10s\n", "path", "MiB/s", "CPU s/GB", "sends/MiB");
    for (int round = 0; round < rounds; ++round) {
        for (const char* name : {"bare", "memory", "records", "layer", "sluice"}) {
            int server = -1;
            int client = -1;
            connect_pair(server, client);
            std::thread sink(run_client, client);
            const std::string path = name;
            const bool is_ours = path == "sluice" || path == "layer";
            SSL* ssl = is_ours ? nullptr : accept_plain(plain, server);
            Source source{file};
            sends = 0;
            const double cpu = thread_seconds();
            const auto began = std::chrono::steady_clock::now();
            if (path == "bare") { send_bare(ssl, server, source, bytes); }
            if (path == "memory") { send_by_memory_bio(ssl, server, source, bytes); }
            if (path == "records") { send_by_records(ssl, source, bytes); }
            if (is_ours) { send_by_sluice(*context, server, source, bytes, path == "sluice"); }
            const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
            const double used = thread_seconds() - cpu;
            ::shutdown(server, SHUT_WR);
            sink.join();
            SSL_free(ssl);
            ::close(server);
            const double mib = static_cast<double>(source.position) / (1 << 20);
            std::printf("%-8s %10.0f %12.3f %10.2f\n", name, mib / elapsed.count(),
                        used / (static_cast<double>(source.position) * 1e-9),
                        static_cast<double>(sends) / mib);
        }
    }
    SSL_CTX_free(plain);
    ::close(file);
    return 0;
}
