// Client: the control connection.
#include "sim/client.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "sim/legal_codes.hpp"

namespace sluice::sim {
namespace {

Duration micro(std::uint64_t n) { return Duration(static_cast<std::int64_t>(n * 1000)); }

}  // namespace

Client::Habits Client::Habits::draw(Prng& prng) {
    Habits habits;
    // Swarm: most clients have most habits not at all.
    std::uint64_t* const rates[] = {&habits.pipelines, &habits.aborts,        &habits.cuts,
                                    &habits.vanishes,  &habits.no_connection, &habits.extras,
                                    &habits.wrong_port, &habits.garbage,      &habits.interjects,
                                    &habits.idles};
    constexpr std::uint64_t kMost[] = {60, 30, 30, 3, 15, 30, 20, 5, 60, 10};
    for (std::size_t i = 0; i < std::size(rates); ++i) {
        if (prng.chance(1, 3)) { *rates[i] = kMost[i]; }
    }
    habits.slow_reader = prng.chance(1, 6);
    return habits;
}

Client::Client(World& world, Library& library, const ServerFacts& server,
               const sys::SocketAddress& host, std::uint32_t number, const Habits& habits)
    : world_(world),
      library_(library),
      server_(server),
      host_(host),
      number_(number),
      habits_(habits),
      home_("/up/c" + std::to_string(number)) {
    patience_ = habits_.slow_reader ? Duration::milliseconds(200) : micro(50);
}

Client::~Client() {
    if (!is_over()) { end(); }
}

void Client::start() {
    control_ = *world_.network.open(host_, Side::Client, this);
    world_.network.connect(control_, server_.address);
}

void Client::on_socket(SocketId) { plan_step(micro(world_.prng.below(100))); }

void Client::plan_step(Duration from_now) {
    const Instant at = world_.clock.now() + from_now;
    if (step_planned_ && step_at_ <= at) { return; }
    step_planned_ = true;
    step_at_ = at;
    world_.clock.after(from_now, [this, at] {
        if (!step_planned_ || step_at_ != at) { return; }  // an earlier one came in between
        step_planned_ = false;
        step();
    });
}

void Client::step() {
    if (is_over() || world_.network.is_connecting(control_)) { return; }
    read_control();
    if (is_over()) { return; }
    if (transfer_) { pump_data(); }
    if (is_over()) { return; }
    const bool free = stage_ == Stage::Ready && pending_.empty() && !transfer_ && output_.empty();
    if (free && world_.clock.now() >= next_action_) { act(); }
    if (is_over()) { return; }
    write_control();
    if (stage_ == Stage::Ready && world_.clock.now() < next_action_) {
        plan_step(next_action_ - world_.clock.now());
    }
}

void Client::read_control() {
    std::array<std::uint8_t, 4096> buffer;
    while (!is_over()) {
        const Result<std::size_t> got = world_.network.receive(control_, buffer);
        if (!got && got.error().code == Errc::WouldBlock) { return; }
        if (!got || *got == 0) {
            on_control_end(!got);
            return;
        }
        world_.trace.note_text("client reads", number_, as_text(Bytes(buffer.data(), *got)));
        replies_.feed(as_text(Bytes(buffer.data(), *got)));
        while (std::optional<Reply> reply = replies_.next()) {
            on_reply(*reply);
            if (is_over()) { return; }
        }
    }
}

void Client::write_control() {
    while (!output_.empty()) {
        const Result<std::size_t> sent = world_.network.send(control_, as_bytes(output_));
        if (!sent && sent.error().code == Errc::WouldBlock) { return; }
        if (!sent) {
            on_control_end(true);
            return;
        }
        world_.trace.note_text("client says", number_, std::string_view(output_).substr(0, *sent));
        output_.erase(0, *sent);
    }
}

void Client::command(std::string_view verb, std::string_view argument, OnFinal on_final) {
    output_.append(verb);
    if (!argument.empty()) { output_.append(" ").append(argument); }
    output_.append(chance(10) ? "\n" : "\r\n");
    pending_.push_back({std::string(verb), std::move(on_final)});
    ++counts_.commands;
}

// The command a final reply belongs to: the oldest one, but for NOOP and STAT, which are answered
// at once while a transfer runs (protocol M2).
Client::Pending* Client::match(const Reply& reply) {
    if (pending_.empty()) { return nullptr; }
    Pending& oldest = pending_.front();
    const bool passes = pending_.size() > 1 && is_transfer(oldest.verb) &&
                        (pending_[1].verb == "NOOP" || pending_[1].verb == "STAT");
    if (passes && is_legal_final(pending_[1].verb, reply.code)) {
        const bool fits_oldest = oldest.opened ? is_legal_after_opening(oldest.verb, reply.code)
                                               : is_legal_final(oldest.verb, reply.code);
        if (!fits_oldest || reply.code < 400) { return &pending_[1]; }
    }
    return &oldest;
}

void Client::on_reply(const Reply& reply) {
    if (reply.code == 421) {
        goodbye_seen_ = true;  // always legal, and the last word
        pending_.clear();
        return;
    }
    if (!banner_seen_) {
        if (reply.code != 220) { panic("client %u: no banner but %s", number_, reply.text.c_str()); }
        banner_seen_ = true;
        log_in();
        return;
    }
    if (reply.code < 200) {
        if (pending_.empty() || !is_transfer(pending_.front().verb) || pending_.front().opened) {
            panic("client %u: a preliminary reply to nothing: %s", number_, reply.text.c_str());
        }
        pending_.front().opened = true;
        if (transfer_) { transfer_->opened = true; }
        return;
    }
    Pending* found = match(reply);
    if (found == nullptr) {
        // Garbage may be cut into lines in a way that we do not count.
        if (end_expected_) { return; }
        panic("client %u: a reply to nothing: %s", number_, reply.text.c_str());
    }
    const bool legal = found->opened ? is_legal_after_opening(found->verb, reply.code)
                                     : is_legal_final(found->verb, reply.code);
    if (!legal && !end_expected_) {
        panic("client %u: %s is answered with %s", number_, found->verb.c_str(),
              reply.text.c_str());
    }
    ++counts_.answers[found->verb + " " + std::to_string(reply.code)];
    const Pending answered = std::move(*found);
    pending_.erase(pending_.begin() + (found - &pending_.front() == 0 ? 0 : 1));
    if (reply.code == 221) { goodbye_seen_ = true; }
    if (answered.on_final) { answered.on_final(reply); }
}

void Client::on_control_end(bool was_reset) {
    const bool may_be_reset = world_.faults.rate(Fault::ResetConnection) != 0 ||
                              world_.faults.rate(Fault::ConnectRefused) != 0 ||
                              world_.faults.rate(Fault::ConnectUnreachable) != 0;
    const bool expected = goodbye_seen_ || end_expected_ || (was_reset && may_be_reset) ||
                          may_be_reset;
    if (!expected) {
        panic("client %u: the control connection %s, with %zu commands unanswered", number_,
              was_reset ? "was reset" : "ended", pending_.size());
    }
    if (!replies_.is_between_replies() && !may_be_reset && !end_expected_) {
        panic("client %u: the control connection ended inside a reply", number_);
    }
    end();
}

void Client::log_in() {
    stage_ = Stage::LoggingIn;
    const auto ready = [this](const Reply& reply) {
        if (reply.code == 230) {
            stage_ = Stage::Ready;
        } else if (reply.code == 530) {
            panic("client %u: anonymous is refused: %s", number_, reply.text.c_str());
        }
    };
    if (chance(20)) { command("NOOP"); }
    if (chance(10)) { command("FEAT"); }
    if (chance(50)) {
        command("USER", chance(50) ? "anonymous" : "FTP");
        command("PASS", "someone@example.org", ready);
        return;
    }
    command("USER", "ftp", [this, ready](const Reply& reply) {
        if (reply.code == 331) { command("PASS", "x", ready); }
    });
}

void Client::quit() {
    stage_ = Stage::Quitting;
    command("QUIT", {}, [this](const Reply&) {
        if (!pending_.empty()) { panic("client %u: 221 before earlier replies", number_); }
    });
}

void Client::vanish() {
    world_.trace.note("client vanishes", number_);
    end();
}

void Client::end() {
    if (transfer_) {
        close_data(chance(50));
        if (transfer_->goal == Goal::Upload && transfer_->commanded && !transfer_->answered) {
            interrupted_ = std::move(transfer_);
        }
        transfer_.reset();
    }
    if (control_ != 0) { world_.network.close(std::exchange(control_, 0), chance(30)); }
    stage_ = Stage::Over;
    pending_.clear();
}

std::string Client::describe() const {
    static constexpr const char* kStages[] = {"connecting", "logging in", "ready", "quitting",
                                              "over"};
    std::string text = "client " + std::to_string(number_) + ": " +
                       kStages[static_cast<std::size_t>(stage_)];
    for (const Pending& pending : pending_) {
        text += " " + pending.verb + (pending.opened ? "(150)" : "");
    }
    if (transfer_) {
        text += " | " + transfer_->verb + " " + transfer_->path +
                (transfer_->connected ? " connected" : "") + " by socket " +
                std::to_string(transfer_->socket) +
                (transfer_->ended ? " ended" : "") + " sent " + std::to_string(transfer_->sent) +
                " received " + std::to_string(transfer_->received.size());
    }
    return text;
}

}  // namespace sluice::sim
