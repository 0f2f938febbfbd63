// Client: data connections, and whether what came of them is what the replies say.
#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "sim/client.hpp"
#include "sim/modes.hpp"

namespace sluice::sim {
namespace {

// How long a connection that we gave up may still wait in the server's accept queue. The server's
// quarantine keeps its port from us, unless there are too few ports or one too many connections;
// then the next transfer may have the same port, and nothing tells the two apart.
constexpr int kFewPorts = 4;
constexpr Duration kStrayTime = Duration::seconds(8);
constexpr std::size_t kReadPerStep = 64 * 1024;
constexpr std::size_t kReadPerStepSlow = 3'000;

bool is_success(const Reply& reply) { return reply.code == 226 || reply.code == 250; }

// The numbers of "...(h1,h2,h3,h4,p1,p2)"; false if there are not six of them.
bool parse_passive(const std::string& text, std::array<unsigned, 6>& numbers) {
    const std::size_t open = text.find('(');
    return open != std::string::npos &&
           std::sscanf(text.c_str() + open, "(%u,%u,%u,%u,%u,%u)", &numbers[0], &numbers[1],
                       &numbers[2], &numbers[3], &numbers[4], &numbers[5]) == 6;
}

std::string port_argument(const sys::SocketAddress& address) {
    std::string text;
    for (int i = 0; i < 4; ++i) { text += std::to_string(address.bytes()[i]) + ","; }
    return text + std::to_string(address.port() / 256) + "," +
           std::to_string(address.port() % 256);
}

std::string eprt_argument(const sys::SocketAddress& address) {
    return std::string("|") + (address.is_v6() ? "2" : "1") + "|" + address.host_text() + "|" +
           std::to_string(address.port()) + "|";
}

}  // namespace

// Runs `what` later, unless the transfer is over by then.
void Client::later(Duration from_now, void (Client::*what)()) {
    const std::uint64_t number = transfer_number_;
    world_.clock.after(from_now, [this, number, what] {
        if (is_over() || !transfer_ || transfer_number_ != number) { return; }
        (this->*what)();
        plan_step(Duration(0));
    });
}

void Client::set_up_passive() {
    const auto on_final = [this](const Reply& reply) { on_passive_reply(reply); };
    if (chance(habits_.extras)) {
        command("EPSV");  // a port that nobody will use: the next one replaces it (O-DAT-11)
    }
    if (host_.is_v6() || chance(50)) {
        command("EPSV", {}, on_final);
    } else {
        command("PASV", {}, on_final);
    }
}

void Client::on_passive_reply(const Reply& reply) {
    if (!transfer_) { return; }
    Transfer& t = *transfer_;
    unsigned port = 0;
    std::array<unsigned, 6> numbers = {};
    if (reply.code == 229) {
        const std::size_t open = reply.text.find('(');
        if (open == std::string::npos ||
            std::sscanf(reply.text.c_str() + open, "(|||%u|)", &port) != 1) {
            panic("client %u: a 229 without a port: %s", number_, reply.text.c_str());
        }
    } else if (reply.code == 227) {
        if (!parse_passive(reply.text, numbers)) {
            panic("client %u: a 227 without an address: %s", number_, reply.text.c_str());
        }
        for (int i = 0; i < 4; ++i) {
            if (numbers[static_cast<std::size_t>(i)] != server_.address.bytes()[i]) {
                panic("client %u: 227 names another host: %s", number_, reply.text.c_str());
            }
        }
        port = numbers[4] * 256 + numbers[5];
    } else {
        transfer_.reset();  // 425: all ports are taken
        return;
    }
    if (port < server_.ports_first || port > server_.ports_last) {
        panic("client %u: passive port %u is outside of the range", number_, port);
    }
    t.port = static_cast<std::uint16_t>(port);
    const bool few = server_.ports_last - server_.ports_first < kFewPorts;
    t.uncertain =
        world_.clock.now() < stray_anywhere_until_ || (few && world_.clock.now() < stray_until_);
    if (chance(habits_.extras)) {
        const sys::SocketAddress stranger =
            host_.is_v6() ? *sys::SocketAddress::parse("fd00::66", 0)
                          : sys::SocketAddress::v4(10, 66, 66, 66, 0);
        t.stranger = *world_.network.open(stranger, Side::Client, this);
        world_.network.connect(t.stranger, server_.address.with_port(t.port));
    }
    if (t.never_connects) {
        send_transfer_command();
    } else if (chance(50)) {
        connect_data();
        later(Duration(static_cast<std::int64_t>(world_.prng.below(2'000'000))),
              &Client::send_transfer_command);
    } else {
        send_transfer_command();
        later(Duration(static_cast<std::int64_t>(
                  world_.prng.below(chance(10) ? 20'000'000'000 : 2'000'000))),
              &Client::connect_data);
    }
}

void Client::set_up_active() {
    Transfer& t = *transfer_;
    const Result<SocketId> listener =
        world_.network.listen(host_.with_port(0), {}, Side::Client, this);
    if (!listener) { panic("client %u cannot listen", number_); }
    t.listener = *listener;
    const sys::SocketAddress address = *world_.network.local_address(*listener);
    if (t.never_connects) { world_.network.close(std::exchange(t.listener, 0)); }
    const auto on_final = [this](const Reply& reply) {
        if (!transfer_) { return; }
        if (reply.code != 200 && !end_expected_) { panic("client %u: PORT: %s", number_, reply.text.c_str()); }
        send_transfer_command();
    };
    if (host_.is_v6() || chance(50)) {
        command("EPRT", eprt_argument(address), on_final);
    } else {
        command("PORT", port_argument(address), on_final);
    }
}

// Another host, a low port, the server itself: never accepted (O-DAT-1 to 4).
void Client::set_up_wrong_port() {
    sys::SocketAddress target = host_.with_port(1023);
    const std::uint64_t kind = world_.prng.below(4);
    if (kind == 0) {
        target = host_.is_v6() ? *sys::SocketAddress::parse("fd00::1:1", 4000)
                               : sys::SocketAddress::v4(10, 200, 0, 1, 4000);
    }
    if (kind == 1) { target = server_.address; }
    if (kind == 2) { target = host_.with_port(0); }
    const bool is_ours = target.same_host(host_) && target.port() >= 1024;
    const auto on_final = [this, is_ours](const Reply& reply) {
        transfer_.reset();
        if (reply.code == 200 && !is_ours) {
            panic("client %u: a data address that is not ours is accepted", number_);
        }
    };
    command("EPRT", eprt_argument(target), on_final);
}

void Client::send_transfer_command() {
    Transfer& t = *transfer_;
    if (t.restart > 0) { command("REST", std::to_string(t.restart)); }
    if (t.goal == Goal::Upload && chance(20)) {
        // 0 would bind nobody, and with an offset the size of the whole file would be right, too.
        const bool is_true = t.announced == 0 || t.restart > 0 || t.verb == "APPE" || chance(80);
        command("ALLO", std::to_string(t.announced + (is_true ? 0 : 1)),
                [this, is_true](const Reply& reply) {
                    if (transfer_) { transfer_->misannounced = !is_true && reply.code == 200; }
                });
    }
    t.commanded = true;
    command(t.verb, t.path, [this](const Reply& reply) {
        if (!transfer_) { return; }
        transfer_->answered = true;
        transfer_->answer = reply;
    });
    if (t.goal == Goal::Download) { library_.maybe_change(); }
    if (chance(habits_.interjects)) {
        later(Duration(static_cast<std::int64_t>(world_.prng.below(3'000'000))),
              &Client::interject);
    }
    if (t.abort_planned) {
        later(Duration(static_cast<std::int64_t>(
                  world_.prng.below(chance(30) ? 100'000'000 : 2'000'000))),
              &Client::abort);
    } else if (chance(habits_.pipelines)) {
        command("PWD");  // waits for the transfer
    }
}

void Client::interject() {
    if (transfer_->answered || pending_.size() != 1) { return; }
    command(chance(50) ? "NOOP" : "STAT");
}

void Client::abort() {
    const bool undisturbed = std::none_of(
        pending_.begin(), pending_.end(),
        [&](const Pending& p) { return p.verb != transfer_->verb && p.verb != "NOOP"; });
    if (transfer_->answered || !undisturbed || stage_ != Stage::Ready) { return; }
    if (chance(50)) { output_.append("\xFF\xF4\xFF\xF2"); }
    command("ABOR");
    transfer_->aborted = true;
}

void Client::connect_data() {
    Transfer& t = *transfer_;
    if (t.answered) { return; }
    const sys::SocketAddress target = server_.address.with_port(t.port);
    t.dialled = true;
    t.socket = *world_.network.open(host_, Side::Client, this);
    world_.network.connect(t.socket, target);
    if (t.goal != Goal::Upload && chance(habits_.extras)) {
        t.had_second = true;
        t.second = *world_.network.open(host_, Side::Client, this);
        world_.network.connect(t.second, target);
    }
}

void Client::pump_data() {
    Transfer& t = *transfer_;
    look_for_stranger();
    Network& network = world_.network;
    if (t.listener != 0 && t.socket == 0 && network.is_readable(t.listener)) {
        t.socket = *network.accept(t.listener);
        network.set_observer(t.socket, this);
    }
    if (t.socket != 0 && !t.connected && !network.is_connecting(t.socket)) {
        t.connected = network.take_error(t.socket).has_value();
        t.was_connected = t.was_connected || t.connected;
        if (!t.connected) {
            network.close(std::exchange(t.socket, std::exchange(t.second, 0)));
            t.ended = t.was_reset = t.socket == 0;
            plan_step(Duration(0));
        } else if (t.goal == Goal::Download && chance(habits_.extras)) {
            (void)network.send(t.socket, as_bytes("uninvited"));  // O-DAT-10
        }
    }
    if (t.socket != 0 && t.connected && !t.ended) {
        if (t.goal == Goal::Upload) {
            pump_out();
        } else {
            pump_in();
        }
    }
    if (!t.answered) { return; }
    // The reply may overtake the data, and even our own accept.
    const bool waits_for_accept = t.listener != 0 && t.socket == 0;
    const bool waits_for_end = t.goal != Goal::Upload && t.socket != 0 && !t.ended;
    if (is_success(t.answer) && (waits_for_accept || waits_for_end)) { return; }
    finish_transfer();
}

void Client::pump_in() {
    Transfer& t = *transfer_;
    Network& network = world_.network;
    std::vector<std::uint8_t> buffer(habits_.slow_reader ? kReadPerStepSlow : kReadPerStep);
    if (t.second != 0 && !network.is_connecting(t.second)) {
        const Result<std::size_t> got = network.receive(t.second, buffer);
        if (got && *got > 0) {
            if (!t.received.empty()) {
                panic("client %u: two data connections were sent data", number_);
            }
            t.received.append(as_text(Bytes(buffer.data(), *got)));
            std::swap(t.socket, t.second);
        }
    }
    const Result<std::size_t> got = network.receive(t.socket, buffer);
    if (!got && got.error().code == Errc::WouldBlock) { return; }
    if (!got || *got == 0) {
        if (t.received.empty() && t.second != 0) {
            // Not the one that the server has chosen.
            network.close(t.socket);
            t.socket = std::exchange(t.second, 0);
            t.connected = false;
            plan_step(Duration(0));
            return;
        }
        t.ended = true;
        t.was_reset = !got;
        return;
    }
    t.received.append(as_text(Bytes(buffer.data(), *got)));
    if (t.received.size() >= t.cut_at) {
        t.cut_by_us = true;
        close_data(chance(50));
        return;
    }
    plan_step(patience_);
}

void Client::pump_out() {
    Transfer& t = *transfer_;
    Network& network = world_.network;
    std::uint8_t byte[1];
    const Result<std::size_t> back = network.receive(t.socket, byte);
    if (back && *back > 0) { panic("client %u: an upload's connection was sent data", number_); }
    if (!back && back.error().code != Errc::WouldBlock) {
        t.ended = t.was_reset = true;
        return;
    }
    if (back && !t.sending_over) { t.ended = true; }  // closed by the server before our end
    while (t.sent < t.wire.size()) {
        if (t.sent >= t.cut_at) {
            t.cut_by_us = true;
            close_data(true);
            return;
        }
        const Result<std::size_t> count = network.send(
            t.socket, as_bytes(std::string_view(t.wire).substr(t.sent, kReadPerStep)));
        if (!count && count.error().code == Errc::WouldBlock) { return; }
        if (!count) {
            t.ended = t.was_reset = true;
            return;
        }
        t.sent += *count;
        if (habits_.slow_reader) {
            plan_step(patience_);
            return;
        }
    }
    if (!t.sending_over) {
        t.sending_over = network.shutdown_sending(t.socket).has_value();
    }
}

void Client::look_for_stranger() {
    Transfer& t = *transfer_;
    if (t.stranger == 0 || world_.network.is_connecting(t.stranger)) { return; }
    std::uint8_t byte[1];
    const Result<std::size_t> got = world_.network.receive(t.stranger, byte);
    if (got && *got > 0) { panic("client %u: a stranger was sent data", number_); }
    // A stranger that talks: nothing of it may get into an upload.
    if (!got && got.error().code == Errc::WouldBlock) {
        (void)world_.network.send(t.stranger, as_bytes("stolen"));
    }
}

void Client::close_data(bool abortive) {
    Transfer& t = *transfer_;
    for (SocketId* socket : {&t.socket, &t.second, &t.stranger, &t.listener}) {
        if (*socket != 0) { world_.network.close(std::exchange(*socket, 0), abortive); }
    }
    t.ended = true;
}

void Client::finish_transfer() {
    Transfer& t = *transfer_;
    look_for_stranger();
    const bool success = is_success(t.answer);
    const Instant stray_until = world_.clock.now() + kStrayTime;
    if (t.dialled && !t.opened) { stray_until_ = stray_until; }
    if (t.had_second) { stray_anywhere_until_ = stray_until; }
    if (success && t.uncertain) {
        close_data(false);
        transfer_.reset();
        return;
    }
    if (success && !t.was_connected) {
        panic("client %u: %s %s succeeded without a data connection", number_, t.verb.c_str(),
              t.path.c_str());
    }
    // We read and write whenever we can: only a wake-up that was lost can make us stall.
    const bool stalled = t.answer.text.find("stalled") != std::string::npos;
    if (stalled && t.was_connected && !t.cut_by_us && !t.uncertain && !t.had_second) {
        panic("stalled, and not by our doing: %s", describe().c_str());
    }
    if (!success) { ++counts_.broken; }
    switch (t.goal) {
        case Goal::Download: check_download(); break;
        case Goal::Upload: check_upload(); break;
        case Goal::Listing: check_listing(); break;
    }
    close_data(false);
    transfer_.reset();
}

// Turns what was received into the bytes it stands for; true when its end mark was there.
bool Client::decode_received() {
    FromWire decoded = from_wire(transfer_->mode, transfer_->received);
    transfer_->received = std::move(decoded.bytes);
    return decoded.whole;
}

void Client::check_download() {
    Transfer& t = *transfer_;
    const bool whole = is_success(t.answer) && !t.cut_by_us && !t.was_reset;
    const bool has_end = decode_received();
    if ((whole && !has_end) ||
        !Library::matches(library_.versions(t.path, t.version_since), t.restart,
                          as_bytes(t.received), whole)) {
        panic("client %u: RETR %s from %lld is answered with %d after %zu bytes, which are not %s",
              number_, t.path.c_str(), static_cast<long long>(t.restart), t.answer.code,
              t.received.size(), whole ? "the whole file" : "a first part of the file");
    }
    if (whole) { ++counts_.downloads; }
}

bool Client::is_stored(const Transfer& t) {
    std::string after;
    if (!library_.read(t.path, after)) { return false; }
    if (!t.existed || (t.verb == "STOR" && t.restart == 0)) { return after == t.content; }
    const std::size_t offset =
        t.verb == "APPE" ? t.before.size() : static_cast<std::size_t>(t.restart);
    std::string expected = t.before.substr(0, offset) + t.content;
    if (expected.size() < t.before.size()) { expected += t.before.substr(expected.size()); }
    return after == expected;
}

bool Client::is_left_by_failure(const Transfer& t) {
    std::string after;
    const bool exists = library_.read(t.path, after);
    if (exists == t.existed && after == t.before) { return true; }
    if (!t.opened && !t.aborted && t.answered) { return false; }  // refused: nothing may change
    // With the directory's sync failed the file is there, whole, and not promised.
    if (server_.full_durability && (t.sending_over || t.mode == 'B') && is_stored(t)) {
        return true;
    }
    if (!exists) { return false; }
    if (!t.existed) {
        if (!server_.keeps_partial || after.empty()) { return false; }
        const std::string_view kept(after);
        // A CR whose LF had not come yet stands for itself.
        const bool lone = t.ascii && kept.back() == '\r';
        return t.content.compare(0, after.size(), after) == 0 ||
               (lone && t.content.compare(0, after.size() - 1, after, 0, after.size() - 1) == 0);
    }
    if (t.verb == "STOR" && t.restart == 0) { return false; }
    const std::size_t offset =
        t.verb == "APPE" ? t.before.size() : static_cast<std::size_t>(t.restart);
    if (after.size() < offset || after.compare(0, offset, t.before, 0, offset) != 0) {
        return false;
    }
    std::size_t same = 0;
    while (offset + same < after.size() && same < t.content.size() &&
           after[offset + same] == t.content[same]) {
        ++same;
    }
    const std::size_t rest = std::min(offset + same, t.before.size());
    return after.substr(offset + same) == t.before.substr(rest);
}

void Client::check_upload() {
    Transfer& t = *transfer_;
    const bool success = is_success(t.answer);
    if (t.verb == "STOU") {
        const std::size_t open = t.answer.text.find('(');
        const std::size_t close = t.answer.text.rfind(')');
        if (!success) { return; }  // under which name the part is kept is not told
        if (open == std::string::npos || close == std::string::npos) {
            panic("client %u: STOU does not name its file: %s", number_, t.answer.text.c_str());
        }
        t.path = home_ + "/" + t.answer.text.substr(open + 1, close - open - 1);
    }
    if (success && (t.lacks_end || t.misannounced)) {
        panic("client %u: %s %s is answered with %d although %s", number_, t.verb.c_str(),
              t.path.c_str(), t.answer.code,
              t.lacks_end ? "its end was not sent" : "ALLO announced another size");
    }
    // The last block says that it is: that needs no close.
    const bool all_is_sent = t.sending_over || (t.mode == 'B' && t.sent == t.wire.size());
    if (success && !all_is_sent) {
        panic("client %u: %s %s is answered with %d before its end was sent", number_,
              t.verb.c_str(), t.path.c_str(), t.answer.code);
    }
    if (success ? !is_stored(t) : !is_left_by_failure(t)) {
        std::string after;
        const bool exists = library_.read(t.path, after);
        panic("client %u: %s %s (restart %lld, %zu bytes, over %s of %zu) is answered with %d and "
              "has left %s of %zu bytes",
              number_, t.verb.c_str(), t.path.c_str(), static_cast<long long>(t.restart),
              t.content.size(), t.existed ? "a file" : "nothing", t.before.size(), t.answer.code,
              exists ? "a file" : "nothing", after.size());
    }
    if (success) {
        ++counts_.uploads;
        std::string now;
        library_.read(t.path, now);
        stored_.push_back({t.path, std::move(now)});
    }
}

void Client::check_remains() {
    if (!interrupted_ || interrupted_->verb == "STOU") { return; }
    const Transfer& t = *interrupted_;
    const bool may_be_whole = t.sent == t.wire.size();
    if (!is_left_by_failure(t) && !(may_be_whole && is_stored(t))) {
        panic("client %u: an interrupted %s has left something else under %s", number_,
              t.verb.c_str(), t.path.c_str());
    }
}

void Client::check_listing() {
    const Transfer& t = *transfer_;
    if (!is_success(t.answer) || t.cut_by_us || t.was_reset) { return; }
    if (!decode_received()) { panic("client %u: a listing without its end", number_); }
    std::set<std::string> names;
    std::size_t at = 0;
    while (at < t.received.size()) {
        const std::size_t end = t.received.find("\r\n", at);
        if (end == std::string::npos) { panic("client %u: a listing without CRLF", number_); }
        const std::string line = t.received.substr(at, end - at);
        const std::size_t name = line.find("entry-");
        const bool is_right = t.verb == "NLST" || (t.verb == "LIST" && line.starts_with("-rw-r--r--")) ||
                              line.starts_with("type=file;size=10;");
        if (name != std::string::npos && !is_right) {
            panic("client %u: a wrong line in a listing: %s", number_, line.c_str());
        }
        if (name != std::string::npos && !names.insert(line.substr(name)).second) {
            panic("client %u: an entry twice in a listing: %s", number_, line.c_str());
        }
        at = end + 2;
    }
    const std::size_t expected = library_.directories().at(t.path);
    if (names.size() != expected) {
        panic("client %u: %s %s is answered with %d after %zu of %zu entries", number_,
              t.verb.c_str(), t.path.c_str(), t.answer.code, names.size(), expected);
    }
    ++counts_.listings;
}

}  // namespace sluice::sim
