// PORT PASV EPRT EPSV LPRT LPSV CPSV: the data connection of the next transfer. RFC 959
// section 4.1.2, RFC 2428, RFC 1639, and the checks of RFC 2577.
#include <algorithm>

#include "session/handlers.hpp"
#include "sluice/proto/host_port.hpp"
#include "sluice/proto/long_port.hpp"

namespace sluice::session {
namespace {

using proto::ReplyCode;

sys::SocketAddress address_of(const proto::HostPort& given) {
    return given.is_v6 ? sys::SocketAddress::from_bytes_v6(given.address.data(), given.port)
                       : sys::SocketAddress::from_bytes_v4(given.address.data(), given.port);
}

void set_active_target(Session& session, const sys::SocketAddress& target) {
    const Status allowed = net::check_active_target(session.services().peer_rules, target,
                                                    session.peer(), session.local());
    if (!allowed) {
        session.drop_data_setup();
        session.reply(ReplyCode::ParameterNotImplemented,
                      "Only ports of your own address, from 1024 up.");
        return;
    }
    auto setup = std::make_unique<xfer::DataSetup>(xfer::DataSetup::Mode::Active);
    setup->target = target;
    setup->source = session.local();
    session.set_data_setup(std::move(setup));
    session.reply(ReplyCode::Okay, "Data address noted.");
}

// Reserves a port, waiting a bounded time for one when this client address holds them all. False:
// none came free, and 425 has been answered.
io::Task<bool> reserve_port(Session& session) {
    session.drop_data_setup();
    auto setup = std::make_unique<xfer::DataSetup>(xfer::DataSetup::Mode::Passive);
    io::Reactor& reactor = session.reactor();
    net::PassivePorts& ports = session.passive_ports();
    Status reserved = ports.reserve(setup->reservation, session.peer());
    if (!reserved) {
        io::Event freed(reactor.ready());
        bool timed_out = false;
        struct Late {
            io::Event* event;
            bool* flag;
        } late = {&freed, &timed_out};
        io::Timer timer(
            [](void* context) {
                Late* who = static_cast<Late*>(context);
                *who->flag = true;
                who->event->notify();
            },
            &late);
        reactor.set_timer(timer, session.config().server.passive_wait);
        session.flush();
        while (!reserved && !timed_out && !session.is_ending()) {
            net::PortWaiter waiter;
            waiter.event = &freed;
            waiter.peer = session.peer();
            ports.wait_for_port(waiter);
            co_await freed.wait();
            waiter.unlink();
            reserved = ports.reserve(setup->reservation, session.peer());
        }
    }
    if (!reserved) {
        session.reply(ReplyCode::CannotOpenData, "No data port is free now, try again later.");
        co_return false;
    }
    session.set_data_setup(std::move(setup));
    co_return true;
}

// The address 227 names: the configured one, or the one the client dialled.
proto::HostPort passive_address(Session& session) {
    std::array<std::uint8_t, 4> four = {};
    std::copy_n(session.passive_host().bytes(), 4, four.begin());
    return proto::HostPort::v4(four, session.data_setup().reservation.port());
}

// The one 228 names. The configured address is of IPv4.
proto::HostPort long_passive_address(Session& session) {
    if (!session.local().is_v6()) { return passive_address(session); }
    std::array<std::uint8_t, 16> sixteen = {};
    std::copy_n(session.local().bytes(), sixteen.size(), sixteen.begin());
    return proto::HostPort::v6(sixteen, session.data_setup().reservation.port());
}

}  // namespace

void handle_port(Session& session, const Command& command) {
    const Result<proto::HostPort> target = proto::parse_port(command.argument);
    if (!target) {
        session.reply(ReplyCode::BadArgument, "PORT wants h1,h2,h3,h4,p1,p2.");
        return;
    }
    set_active_target(session, address_of(*target));
}

void handle_eprt(Session& session, const Command& command) {
    const Result<proto::HostPort> target = proto::parse_eprt(command.argument);
    const bool is_v6 = session.local().is_v6();
    const proto::NetworkProtocols usable = {.v4 = !is_v6, .v6 = is_v6};
    if (!target && target.error().code == Errc::NotSupported) {
        proto::append_protocol_refusal(session.output(), usable);
        return;
    }
    if (!target) {
        session.reply(ReplyCode::BadArgument, "EPRT wants |1|address|port| or |2|address|port|.");
        return;
    }
    if (target->is_v6 != is_v6) {
        proto::append_protocol_refusal(session.output(), usable);
        return;
    }
    set_active_target(session, address_of(*target));
}

io::Task<void> handle_pasv(Session& session, const Command&) {
    if (session.local().is_v6()) {
        session.reply(ReplyCode::ProtocolNotSupported, "PASV is for IPv4, use EPSV.");
        co_return;
    }
    const bool reserved = co_await reserve_port(session);
    if (reserved) { proto::append_passive_reply(session.output(), passive_address(session)); }
}

// PASV for a connection from another server, on which we are the TLS client.
io::Task<void> handle_cpsv(Session& session, const Command&) {
    if (!may_meet_servers(session)) { co_return; }
    if (session.local().is_v6()) {
        session.reply(ReplyCode::ProtocolNotSupported, "CPSV is for IPv4, use SSCN ON and EPSV.");
        co_return;
    }
    const bool reserved = co_await reserve_port(session);
    if (!reserved) { co_return; }
    session.data_setup().is_tls_client = true;
    proto::append_passive_reply(session.output(), passive_address(session));
}

io::Task<void> handle_epsv(Session& session, const Command& command) {
    const proto::EpsvKind kind = proto::parse_epsv(command.argument);
    const bool is_v6 = session.local().is_v6();
    switch (kind) {
        case proto::EpsvKind::All:
            session.state().epsv_all = true;
            session.drop_data_setup();
            session.reply(ReplyCode::Okay, "EPSV ALL ok.");
            co_return;
        case proto::EpsvKind::Malformed:
            session.reply(ReplyCode::BadArgument, "EPSV wants 1, 2, ALL or nothing.");
            co_return;
        case proto::EpsvKind::Any: break;
        case proto::EpsvKind::V4:
        case proto::EpsvKind::V6:
        case proto::EpsvKind::NotSupported:
            if (kind != (is_v6 ? proto::EpsvKind::V6 : proto::EpsvKind::V4)) {
                const proto::NetworkProtocols usable = {.v4 = !is_v6, .v6 = is_v6};
                proto::append_protocol_refusal(session.output(), usable);
                co_return;
            }
            break;
    }
    const bool reserved = co_await reserve_port(session);
    if (reserved) {
        proto::append_extended_passive_reply(session.output(),
                                             session.data_setup().reservation.port());
    }
}

void handle_lprt(Session& session, const Command& command) {
    const Result<proto::HostPort> target = proto::parse_long_port(command.argument);
    const bool is_v6 = session.local().is_v6();
    if (!target && target.error().code == Errc::NotSupported) {
        proto::append_family_refusal(session.output(), is_v6);
        return;
    }
    if (!target) {
        session.reply(ReplyCode::BadArgument, "LPRT wants af,hal,h1,h2,...,pal,p1,p2.");
        return;
    }
    if (target->is_v6 != is_v6) {
        proto::append_family_refusal(session.output(), is_v6);
        return;
    }
    set_active_target(session, address_of(*target));
}

io::Task<void> handle_lpsv(Session& session, const Command&) {
    const bool reserved = co_await reserve_port(session);
    if (reserved) {
        proto::append_long_passive_reply(session.output(), long_passive_address(session));
    }
}

}  // namespace sluice::session
