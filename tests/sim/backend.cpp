#include "sim/backend.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/panic.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace sluice::sim {
namespace {

constexpr std::uint8_t kPoison = 0xDB;
constexpr std::uint8_t kDelaysMax = 4;
// How long a turn of the loop takes, and how late a sleeper may wake.
constexpr std::uint64_t kTurnNsMax = 20'000;
constexpr std::uint64_t kLateNsMax = 1'000'000;

}  // namespace

Backend::Backend(Clock& clock, Prng& prng, Faults& faults, Trace& trace, Kernel& kernel,
                 io::ReadyQueue& ready, const Options& options)
    : clock_(clock),
      prng_(prng),
      faults_(faults),
      trace_(trace),
      kernel_(kernel),
      ready_(ready),
      options_(options),
      inputs_(options.input_buffers) {
    for (Input& input : inputs_) {
        input.bytes.reset(new std::uint8_t[options_.input_bytes]);
        poison(input);
    }
    kernel_.attach(*this);
}

Backend::~Backend() {
    kernel_.detach(*this);
    if (!flying_.empty()) { panic("%zu operations in flight at the end", flying_.size()); }
    if (lent_inputs() != 0) { panic("%u lent buffers at the end", lent_inputs()); }
    for (Input& input : inputs_) {
        lend(input);
    }  // a last look at its pattern
}

Backend::Interest& Backend::interest_of(int fd) {
    const std::size_t index = static_cast<std::size_t>(fd);
    if (index >= interests_.size()) { interests_.resize(index + 1); }
    return interests_[index];
}

void Backend::start(io::Op& op) {
    if (!op.is_idle()) { panic("an Op on descriptor %d was started while not idle", op.fd); }
    for (const Input& input : inputs_) {
        if (input.lent_to == &op) {
            panic("a ReceiveInput was started with its buffer still lent");
        }
    }
    op.state = io::Op::State::InFlight;
    op.stopping = false;
    const void* argument = nullptr;
    if (op.kind == io::OpKind::Accept) { argument = op.sink; }
    if (op.kind == io::OpKind::Connect) { argument = op.peer; }
    flying_[&op] = Flying{op.kind, op.fd, argument};
    const SocketId socket = kernel_.socket_of(op.fd);
    trace_.note("start", static_cast<std::uint64_t>(op.kind), static_cast<std::uint64_t>(op.fd));
    Interest& interest = interest_of(op.fd);
    const bool outgoing = op.kind == io::OpKind::PollOut || op.kind == io::OpKind::Connect;
    io::Op*& place = outgoing ? interest.out : interest.in;
    if (place != nullptr) { panic("two Ops in one direction of descriptor %d", op.fd); }
    place = &op;
    Network& network = kernel_.network();
    if (op.kind == io::OpKind::Connect) {
        network.connect(socket, *op.peer);
        interest.watched = true;
        return;
    }
    if (!interest.watched) {
        interest.watched = true;
        // Registering tells the state as it is now, like EPOLL_CTL_ADD.
        interest.readable = network.is_readable(socket);
        interest.writable = op.kind != io::OpKind::Accept && network.is_writable(socket);
    } else if (!options_.edge_triggered || op.kind == io::OpKind::Accept) {
        if (outgoing) {
            interest.writable = network.is_writable(socket);
        } else {
            interest.readable = network.is_readable(socket);
        }
    }
    // epoll remembers a hang-up for good; a level-triggered poll sees it too.
    const bool hung_up = !network.is_listener(socket) && network.is_hung_up(socket);
    if (outgoing ? interest.writable : (interest.readable || hung_up)) { make_due(op); }
    const bool polls = op.kind == io::OpKind::PollIn || op.kind == io::OpKind::PollOut;
    if (polls && faults_.strikes(Fault::SpuriousPoll)) { make_due(op); }
}

void Backend::make_due(io::Op& op) {
    Flying& flying = flying_.at(&op);
    if (flying.due) { return; }
    flying.due = true;
    due_.push_back(&op);
}

void Backend::stop(io::Op& op) {
    if (!op.in_flight() || op.stopping) { return; }
    op.stopping = true;
    trace_.note("stop", static_cast<std::uint64_t>(op.kind), static_cast<std::uint64_t>(op.fd));
    make_due(op);
}

void Backend::on_edge(int fd) {
    if (static_cast<std::size_t>(fd) >= interests_.size()) { return; }
    Interest& interest = interests_[static_cast<std::size_t>(fd)];
    if (!interest.watched) { return; }
    const SocketId socket = kernel_.socket_of(fd);
    Network& network = kernel_.network();
    // One event reports both directions, as epoll_wait does.
    if (network.is_readable(socket)) {
        interest.readable = true;
        if (interest.in != nullptr) { make_due(*interest.in); }
    }
    if (network.is_listener(socket)) { return; }
    if (network.is_writable(socket)) {
        interest.writable = true;
        if (interest.out != nullptr) { make_due(*interest.out); }
    }
}

void Backend::on_close(int fd) {
    if (static_cast<std::size_t>(fd) >= interests_.size()) { return; }
    const Interest& interest = interests_[static_cast<std::size_t>(fd)];
    if (interest.in != nullptr || interest.out != nullptr) {
        panic("descriptor %d was closed with an operation in flight on it", fd);
    }
    if (interest.watched) { panic("descriptor %d was closed before forget()", fd); }
}

void Backend::forget(int fd) {
    if (fd < 0 || static_cast<std::size_t>(fd) >= interests_.size()) { return; }
    Interest& interest = interests_[static_cast<std::size_t>(fd)];
    if (interest.in != nullptr || interest.out != nullptr) {
        panic("forget(%d) with an operation in flight on it", fd);
    }
    interest = Interest();
}

void Backend::wait(Duration timeout) {
    stuck_ = false;
    const std::uint64_t before = completions_;
    clock_.pass(Duration(static_cast<std::int64_t>(prng_.below(kTurnNsMax))));
    if (options_.moves_clock) { clock_.run_due(); }
    serve_due();
    const Instant limit =
        timeout.ns < 0
            ? Instant(INT64_MAX)
            : clock_.now() + timeout +
                  Duration(timeout.ns == 0 ? 0
                                           : static_cast<std::int64_t>(prng_.below(kLateNsMax)));
    if (!options_.moves_clock) {
        asleep_ = completions_ == before && !woken_ && due_.empty() && clock_.now() < limit;
        sleeps_until_ = limit;
        woken_ = false;
        return;
    }
    // Bounded: each round moves the clock to an action, and a deadline or the last action ends it.
    while (completions_ == before && !woken_ && timeout.ns != 0 && clock_.now() < limit) {
        if (!due_.empty()) {
            serve_due();
            continue;
        }
        if (timeout.ns < 0 && clock_.is_empty()) {
            stuck_ = true;
            return;
        }
        clock_.advance_to(limit);
        serve_due();
    }
    woken_ = false;
}

void Backend::serve_due() {
    std::vector<io::Op*> serving;
    serving.swap(due_);
    for (std::size_t i = serving.size(); i > 1; --i) {
        std::swap(serving[i - 1], serving[prng_.below(i)]);
    }
    for (io::Op* op : serving) {
        Flying& flying = flying_.at(op);
        flying.due = false;
        if (flying.delays < kDelaysMax && faults_.strikes(Fault::DelayCompletion)) {
            ++flying.delays;
            make_due(*op);
            continue;
        }
        if (op->stopping) {
            // Which of the two wins: what has happened, or the request to stop.
            if (faults_.strikes(Fault::LostStop) && serve(*op)) { continue; }
            if (op->kind == io::OpKind::Accept) {
                end_accept(*op, error_from_errno(ECANCELED));
            } else {
                end(*op, -ECANCELED);
            }
            continue;
        }
        serve(*op);
    }
}

// True if the Op has ended. Otherwise it stays parked until an edge.
bool Backend::serve(io::Op& op) {
    switch (op.kind) {
        case io::OpKind::PollIn:
        case io::OpKind::PollOut:
            return serve_poll(op);
        case io::OpKind::ReceiveInput:
            return serve_receive(op);
        case io::OpKind::Accept:
            return serve_accept(op);
        case io::OpKind::Connect:
            return serve_connect(op);
        case io::OpKind::None:
            break;
    }
    panic("an Op without a kind was started");
}

bool Backend::serve_poll(io::Op& op) {
    Interest& interest = interest_of(op.fd);
    (op.kind == io::OpKind::PollIn ? interest.readable : interest.writable) = false;
    end(op, 0);
    return true;
}

bool Backend::serve_receive(io::Op& op) {
    Interest& interest = interest_of(op.fd);
    std::vector<std::size_t> free;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (inputs_[i].lent_to == nullptr) { free.push_back(i); }
    }
    const bool starves = faults_.strikes(Fault::StarveInput);
    if (free.empty() || starves) {
        starved_.push_back(op.fd);
        trace_.note("no input buffer", static_cast<std::uint64_t>(op.fd));
        if (starves) {
            clock_.after(Duration::milliseconds(1), [this] { retry_starved(); });
        }
        return false;
    }
    Input& input = inputs_[free[prng_.below(free.size())]];
    lend(input);
    const Result<std::size_t> got =
        kernel_.receive(op.fd, MutableBytes(input.bytes.get(), options_.input_bytes));
    if (!got || *got == 0) {
        poison(input);
        if (!got && got.error().code == Errc::WouldBlock) {
            interest.readable = false;
            return false;
        }
        end(op, got ? 0 : -std::max(got.error().sys_errno, 1));
        return true;
    }
    interest.readable = *got == options_.input_bytes;
    input.lent_to = &op;
    op.input = input.bytes.get();
    op.backend_word = static_cast<std::uint64_t>(&input - inputs_.data());
    end(op, static_cast<std::int32_t>(*got));
    return true;
}

bool Backend::serve_accept(io::Op& op) {
    io::AcceptSink& sink = *op.sink;
    const std::uint32_t batch = std::max(op.batch_max, 1u);
    for (std::uint32_t taken = 0; taken < batch; ++taken) {
        const Result<int> socket = kernel_.accept(op.fd);
        if (socket) {
            ++completions_;
            sink.on_accept(*socket);
            continue;
        }
        if (socket.error().code == Errc::WouldBlock) { return false; }
        end_accept(op, socket.error());
        return true;
    }
    // Level-triggered: the rest fires again.
    if (kernel_.network().is_readable(kernel_.socket_of(op.fd))) { make_due(op); }
    return false;
}

bool Backend::serve_connect(io::Op& op) {
    const SocketId socket = kernel_.socket_of(op.fd);
    if (kernel_.network().is_connecting(socket)) { return false; }
    interest_of(op.fd).writable = false;
    const Status connected = kernel_.socket_error(op.fd);
    end(op, connected ? 0 : -std::max(connected.error().sys_errno, 1));
    return true;
}

void Backend::unpark(io::Op& op) {
    Interest& interest = interest_of(op.fd);
    if (interest.in == &op) { interest.in = nullptr; }
    if (interest.out == &op) { interest.out = nullptr; }
    const Flying flying = flying_.at(&op);
    const void* argument = nullptr;
    if (op.kind == io::OpKind::Accept) { argument = op.sink; }
    if (op.kind == io::OpKind::Connect) { argument = op.peer; }
    if (flying.kind != op.kind || flying.fd != op.fd || flying.argument != argument) {
        panic("an Op on descriptor %d was changed while in flight", flying.fd);
    }
    // A listener may have become due again while it was served.
    if (flying.due) { due_.erase(std::remove(due_.begin(), due_.end(), &op), due_.end()); }
    flying_.erase(&op);
}

void Backend::end(io::Op& op, std::int32_t result) {
    if (!op.in_flight()) { panic("an Op in flight was meddled with"); }
    const io::OpKind kind = op.kind;
    trace_.note("end", static_cast<std::uint64_t>(kind), static_cast<std::uint64_t>(op.fd),
                static_cast<std::uint64_t>(static_cast<std::int64_t>(result)));
    if (kind == io::OpKind::ReceiveInput && result > 0) {
        // The union holds the buffer now; there is no argument to compare.
        flying_.at(&op).argument = nullptr;
    }
    unpark(op);
    ++completions_;
    finish(op, result, ready_);
}

void Backend::end_accept(io::Op& op, Error error) {
    trace_.note("end accept", static_cast<std::uint64_t>(op.fd),
                static_cast<std::uint64_t>(error.sys_errno));
    unpark(op);
    interest_of(op.fd) = Interest();
    ++completions_;
    io::AcceptSink& sink = *op.sink;
    op.state = io::Op::State::Idle;
    op.stopping = false;
    sink.on_accept_end(error);
}

void Backend::return_input(io::Op& op) {
    if (op.result <= 0) { return; }
    if (op.backend_word >= inputs_.size() || inputs_[op.backend_word].lent_to != &op) {
        panic("a lent buffer was given back twice, or by an Op that has none");
    }
    poison(inputs_[op.backend_word]);
    retry_starved();
}

void Backend::retry_starved() {
    // Those that wait for a buffer look again, in any order.
    for (const int fd : starved_) {
        Interest& interest = interest_of(fd);
        if (interest.in != nullptr && interest.in->kind == io::OpKind::ReceiveInput) {
            make_due(*interest.in);
        }
    }
    starved_.clear();
}

void Backend::poison(Input& input) {
    input.lent_to = nullptr;
    std::memset(input.bytes.get(), kPoison, options_.input_bytes);
#if defined(__SANITIZE_ADDRESS__)
    ASAN_POISON_MEMORY_REGION(input.bytes.get(), options_.input_bytes);
#endif
}

void Backend::lend(Input& input) {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(input.bytes.get(), options_.input_bytes);
#endif
    for (std::size_t i = 0; i < options_.input_bytes; ++i) {
        if (input.bytes[i] != kPoison) { panic("a lent buffer was written after its return"); }
    }
}

std::uint32_t Backend::lent_inputs() const {
    return static_cast<std::uint32_t>(
        std::count_if(inputs_.begin(), inputs_.end(),
                      [](const Input& input) { return input.lent_to != nullptr; }));
}

}  // namespace sluice::sim
