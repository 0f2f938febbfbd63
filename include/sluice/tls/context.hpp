// What all TLS connections of a shard share: certificates, versions, ciphers, tickets.
//
// One per shard, because OpenSSL 3.0 counts references with atomics wherever something is shared;
// only the ticket keys are one object for the process. Made whole or not at all, and never changed:
// other certificates are another Context, which new sessions use from then on; those there keep
// theirs, and so there are never more old ones than sessions.
// Must outlive its Connections. Owned by: Shard. Thread: its shard; the handshakes of its
// connections may run on helpers, and so the parts that they read do not change.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/base/time.hpp"
#include "sluice/sys/kernel.hpp"
#include "sluice/tls/certificate.hpp"
#include "sluice/tls/handshake_budget.hpp"
#include "sluice/tls/ticket_keys.hpp"

// OpenSSL's own names stay out of the headers that others include.
struct ssl_ctx_st;
struct ssl_st;
struct bio_method_st;
struct x509_st;

namespace sluice::tls {

enum class Version : std::uint8_t { Tls12, Tls13 };

enum class ClientCertificates : std::uint8_t {
    Off,       // not asked for
    Optional,  // asked for; one that is shown must be good
    Required,  // and without one there is no connection
};

struct ClientRules {
    ClientCertificates wanted = ClientCertificates::Off;
    // Who may vouch for clients, and what they have revoked since ("" and "": nothing is looked
    // up). Texts in PEM; the names are for messages.
    std::string authorities_name;
    std::string authorities_pem;
    std::string revoked_name;
    std::string revoked_pem;
};

struct Settings {
    // The first one is for clients that name no host, or one that is not here. Identities with the
    // same host names stand side by side, one for each kind of key: a client that knows ECDSA gets
    // that.
    std::vector<IdentityText> identities;
    Version version_min = Version::Tls12;
    Version version_max = Version::Tls13;
    // In OpenSSL's language; "" is ours. `ciphers` is for TLS 1.2, `suites` for 1.3.
    std::string ciphers;
    std::string suites;
    std::string groups;
    // A client that names a host without a certificate here is refused (unrecognized_name).
    bool strict_sni = false;
    ClientRules clients;
    // Some data connections will lead to other servers, to which we are the client (SSCN, CPSV).
    bool also_client = false;
    // What the kernel may encrypt of downloads (sys::Kernel::tls_ciphers); 0: nothing.
    std::uint64_t kernel_ciphers = 0;
};

class Context {
public:
    // Nothing when something cannot be used: then `findings` has an error, beside warnings.
    static std::unique_ptr<Context> make(sys::Kernel& kernel, const Settings& settings,
                                         TicketKeys& keys, Findings& findings);
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context();

    // From now on its handshakes take their time from `budget`, which outlives them.
    void use(HandshakeBudget& budget) { budget_ = &budget; }
    using Room = HandshakeBudget::Room;
    // Where the next step of a handshake may run; see HandshakeBudget.
    Room find_room(Instant turn) { return budget_->find_room(turn, steps_are_long_); }
    void spend(Duration time) { budget_->spend(time); }
    void leave_helper() { budget_->leave_helper(); }

    // What will have an end: certificates and what belongs to them.
    const std::vector<Term>& terms() const { return terms_; }
    ClientCertificates client_certificates() const { return clients_wanted_; }
    // Whether any Connection is left; the shard's to ask.
    bool is_used() const { return users_ > 0; }

private:
    friend class Connection;
    friend struct Callbacks;
    struct Site;
    struct Clients;

    Context(sys::Kernel& kernel, TicketKeys& keys);
    bool set_up(Site& site, const Settings& settings, Findings& findings);
    static bool set_up_wire(ssl_ctx_st* context, const Settings& settings, Findings& findings);
    bool set_up_client(const Settings& settings, Findings& findings);
    void note_terms();
    const Site* site_of(std::string_view host) const;
    ssl_ctx_st* main() const;

    sys::Kernel& kernel_;
    TicketKeys& keys_;
    bool strict_sni_ = false;
    ClientCertificates clients_wanted_ = ClientCertificates::Off;
    bool steps_are_long_ = false;
    std::uint64_t kernel_ciphers_ = 0;
    ssl_ctx_st* client_ = nullptr;    // Settings::also_client
    bio_method_st* wires_ = nullptr;  // how OpenSSL reaches a Connection's bytes
    std::vector<std::unique_ptr<Site>> sites_;
    std::unique_ptr<Clients> clients_;  // null: none are asked for a certificate
    std::vector<Term> terms_;
    std::uint32_t users_ = 0;
    HandshakeBudget* budget_ = nullptr;
};

}  // namespace sluice::tls
