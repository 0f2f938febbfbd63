#include "data_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::conform {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// What a listing may be before the transcript is wrong: a million names.
constexpr std::uint64_t kListingBytesMax = 64ull << 20;

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

// data PASV|EPSV|CPSV|PORT|EPRT [later] [narrow]
void DataSteps::set_up(const std::vector<std::string>& words) {
    ControlSession& s = conversation_.ready_session();
    if (!trouble_.none()) {
        return;
    }
    const auto has = [&words](std::string_view word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    release(s.data["data"]);
    DataConnection& data = s.data["data"];
    data = {};
    data.narrow = has("narrow");
    if (has("PORT") || has("EPRT")) {
        set_up_active(s, data, has("EPRT"));
    } else if (has("PASV") || has("EPSV") || has("CPSV")) {
        conversation_.send_line(has("PASV") ? "PASV" : has("EPSV") ? "EPSV" : "CPSV");
        if (has("EPSV")) {
            read_229(s);
        } else {
            read_227(s);
        }
        if (trouble_.none() && !has("later")) {
            dial(has("narrow") ? std::vector<std::string>{"narrow"} : std::vector<std::string>{});
        }
    } else {
        trouble_.set("'data' wants PASV, EPSV, CPSV, PORT or EPRT");
    }
}

void DataSteps::set_up_active(ControlSession& s, DataConnection& data, bool extended) {
    const std::string host = world_.local_endpoint(*s.channel).host;
    const Result<ListenerId> listener = world_.listen(host);
    if (!listener) {
        trouble_.set(fmt::format("cannot listen: {}", text_of(listener.error())));
        return;
    }
    data.listener = *listener;
    const std::uint16_t port = world_.listener_endpoint(*listener).port;
    if (extended) {
        conversation_.send_line(
            fmt::format("EPRT |{}|{}|{}|", s.family == Family::Ipv4 ? 1 : 2, host, port));
    } else {
        std::string commas = host;
        std::replace(commas.begin(), commas.end(), '.', ',');
        conversation_.send_line(fmt::format("PORT {},{},{}", commas, port >> 8, port & 0xFF));
    }
    conversation_.expect("200 *");
}

// Clients scan 227 for six numbers anywhere: nothing else in it may look like one. Other servers
// are only asked for what a client needs.
void DataSteps::read_227(ControlSession& s) {
    const std::optional<std::string> line = conversation_.read_line();
    if (!line || !trouble_.none()) {
        return;
    }
    Variables found;
    if (conversation_.is_foreign() && !conversation_.judge("227 *", *line)) {
        return;
    }
    const std::string_view pattern = conversation_.is_foreign()
                                         ? "227 *($a,$b,$c,$d,$high,$low)*"
                                         : "227 Entering Passive Mode ($a,$b,$c,$d,$high,$low)";
    if (!matches(pattern, *line, found)) {
        trouble_.set(fmt::format("not the 227 that clients know: '{}'", printable(*line)));
        return;
    }
    const auto high = parse_port(found["high"]);
    const auto low = parse_port(found["low"]);
    if (!high || !low || *high > 255 || *low > 255) {
        trouble_.set(fmt::format("no port in '{}'", printable(*line)));
        return;
    }
    s.data_target.host = fmt::format("{}.{}.{}.{}", found["a"], found["b"], found["c"], found["d"]);
    set_port(s, static_cast<std::uint16_t>(*high * 256 + *low));
}

void DataSteps::read_229(ControlSession& s) {
    const std::optional<std::string> line = conversation_.read_line();
    if (!line || !trouble_.none()) {
        return;
    }
    Variables found;
    if (conversation_.is_foreign() && !conversation_.judge("229 *", *line)) {
        return;
    }
    const std::string_view pattern = conversation_.is_foreign()
                                         ? "229 *(|||$port|)*"
                                         : "229 Entering Extended Passive Mode (|||$port|)";
    const auto port = matches(pattern, *line, found) ? parse_port(found["port"]) : std::nullopt;
    const Result<Endpoint> control = world_.control_endpoint(s.family);
    if (!port || !control) {
        trouble_.set(fmt::format("not the 229 that clients know: '{}'", printable(*line)));
        return;
    }
    s.data_target.host = control->host;
    set_port(s, *port);
}

void DataSteps::set_port(ControlSession& s, std::uint16_t port) {
    s.data_target.port = port;
    variables_["data_port"] = fmt::format("{}", port);
    variables_["data_high"] = fmt::format("{}", port >> 8);
    variables_["data_low"] = fmt::format("{}", port & 0xFF);
}

// dial [NAME] [from ADDRESS] [to ADDRESS] [port PORT] [narrow]
void DataSteps::dial(const std::vector<std::string>& words) {
    ControlSession& s = conversation_.session();
    std::string name = "data";
    DialOptions dial;
    dial.target = s.data_target;
    dial.source_host = s.source_host;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string next = i + 1 < words.size() ? expand(words[i + 1], variables_) : "";
        if (words[i] == "narrow") {
            dial.narrow = true;
        } else if (words[i] == "from") {
            dial.source_host = next;
            ++i;
        } else if (words[i] == "to") {
            dial.target.host = next;
            ++i;
        } else if (words[i] == "port") {
            const auto port = parse_port(next);
            port ? void(dial.target.port = *port) : trouble_.set("'port' wants a port");
            ++i;
        } else {
            name = words[i];
        }
    }
    if (dial.target.port == 0) {
        trouble_.set("no data address: 'data PASV' or 'data EPSV' comes first");
    }
    if (!trouble_.none()) {
        return;
    }
    release(s.data[name]);
    DataConnection& data = s.data[name];
    data = {};
    const Result<ChannelId> channel = world_.dial(dial);
    if (channel) {
        data.channel = *channel;
    } else if (channel.error() == Errc::ConnectionRefused ||
               channel.error() == Errc::ConnectionReset) {  // accepted and dropped at once
        data.refused = true;
    } else {
        trouble_.set(fmt::format("cannot connect: {}", text_of(channel.error())));
    }
}

void DataSteps::protect(const std::vector<std::string>& words) {
    ControlSession& s = conversation_.session();
    bool fresh = false;
    bool refused = false;
    TlsOptions options;
    for (std::size_t i = 1; i < words.size(); ++i) {
        fresh = fresh || words[i] == "fresh";
        refused = refused || words[i] == "refused";
        options.serves = options.serves || words[i] == "serving";
    }
    const auto found = s.data.find(words.front());
    if (found == s.data.end() || !s.channel) {
        trouble_.set("no such data connection");
        return;
    }
    DataConnection& data = found->second;
    if (!connect(data)) {
        return;
    }
    if (options.serves) {
        options.shows = "localhost";
    } else if (!fresh) {
        options.resumes = *s.channel;
    }
    const Status begun = world_.begin_tls(*data.channel, options);
    if (!begun && !refused) {
        trouble_.set(fmt::format("no TLS: {}", text_of(begun.error())));
    }
    if (begun && refused) {
        trouble_.set("TLS came about");
    }
}

void DataSteps::run(const Step& step) {
    ControlSession& s = conversation_.session();
    const bool is_end = step.word == Word::CloseData || step.word == Word::AbortData;
    const auto found = s.data.find(step.text.empty() ? "data" : step.text);
    if (found == s.data.end()) {
        trouble_.set("no such data connection");
        return;
    }
    DataConnection& data = found->second;
    if (step.word == Word::ExpectNoData) {
        expect_no_data(data);
        return;
    }
    if (step.word == Word::ExpectDrop && data.refused) {
        return;
    }
    if (!connect(data)) {
        return;
    }
    if (is_end) {
        const bool reset = step.word == Word::AbortData;
        if (reset) {
            world_.reset(*data.channel);
        } else {
            world_.close(*data.channel);
        }
        s.data.erase(found);
        return;
    }
    switch (step.word) {
        case Word::Receive:
            receive(step, data);
            return;
        case Word::ReceiveSize:
            receive_size(step, data);
            return;
        case Word::ReceiveSome:
            receive_some(step, data);
            return;
        case Word::ReceiveLines:
            receive_lines(step, data);
            return;
        case Word::Send:
            send(step, data);
            return;
        case Word::Discard:
            discard(data);
            return;
        case Word::ExpectDrop:
            expect_drop(data);
            return;
        default:
            trouble_.set("not a word of a data connection");
            return;
    }
}

// For PORT and EPRT the server connects; this is where the client notices.
bool DataSteps::connect(DataConnection& data) {
    if (data.refused) {
        trouble_.set("the data connection was refused");
    } else if (!data.channel && data.listener) {
        const Result<ChannelId> accepted = world_.accept(*data.listener, data.narrow);
        if (accepted) {
            data.channel = *accepted;
        } else {
            trouble_.set(fmt::format("the server did not connect: {}", text_of(accepted.error())));
        }
    } else if (!data.channel) {
        trouble_.set("the data connection was not dialled");
    }
    return trouble_.none();
}

void DataSteps::expect_no_data(DataConnection& data) {
    if (!data.channel && data.listener && world_.has_pending(*data.listener)) {
        trouble_.set("the server connected");
    }
    if (data.channel && data.inbox.empty() && !data.ended) {
        world_.read_now(*data.channel, data.inbox, kReadBytes);
    }
    if (!data.inbox.empty()) {
        trouble_.set(fmt::format("data came: {}", printable(data.inbox)));
    }
}

void DataSteps::expect_drop(DataConnection& data) {
    const ReadEnd end = world_.read(*data.channel, data.inbox, kReadBytes);
    if (end == ReadEnd::Bytes) {
        trouble_.set(fmt::format("expected no byte, got {}", printable(data.inbox)));
    } else if (end == ReadEnd::TimedOut) {
        trouble_.set("the server did not drop the connection");
    }
}

// Reads to the end of the data, whatever comes and however it ends.
void DataSteps::discard(DataConnection& data) {
    ReadEnd end = ReadEnd::Bytes;
    while (end == ReadEnd::Bytes && data.inbox.size() <= kListingBytesMax) {
        end = world_.read(*data.channel, data.inbox, kReadBytes);
    }
    if (end != ReadEnd::Closed && end != ReadEnd::Reset) {
        trouble_.set(
            fmt::format("data connection after {} bytes: {}", data.inbox.size(), describe(end)));
    }
    world_.close(*data.channel);
    data.channel.reset();
}

// Reads to the end of the data, at most `bytes_max` bytes of it.
void DataSteps::drain(DataConnection& data, std::uint64_t bytes_max) {
    while (trouble_.none() && !data.ended) {
        if (data.inbox.size() > bytes_max) {
            trouble_.set(fmt::format("more than the expected {} bytes of data", bytes_max));
            return;
        }
        const ReadEnd end = world_.read(*data.channel, data.inbox, kReadBytes);
        if (end == ReadEnd::Closed) {
            data.ended = true;
        } else if (end != ReadEnd::Bytes) {
            trouble_.set(fmt::format("data connection after {} bytes: {}", data.inbox.size(),
                                     describe(end)));
        }
    }
    if (trouble_.none()) {
        conversation_.log().note(conversation_.session().name + " data<", data.inbox);
        world_.close(*data.channel);
        data.channel.reset();
    }
}

void DataSteps::receive(const Step& step, DataConnection& data) {
    const std::optional<std::string> expected = contents_.evaluate(step.bytes, variables_);
    if (!expected) {
        trouble_.set("cannot evaluate this expression");
        return;
    }
    if (compare_as_listing(data, patterns_of(*expected))) {
        return;
    }
    drain(data, expected->size());
    if (!trouble_.none() || data.inbox == *expected) {
        return;
    }
    const auto [got, wanted] =
        std::mismatch(data.inbox.begin(), data.inbox.end(), expected->begin(), expected->end());
    trouble_.set(fmt::format("received {} bytes of {}, first difference at {}: {}",
                             data.inbox.size(), expected->size(), got - data.inbox.begin(),
                             printable(std::string_view(got, data.inbox.end()), 80)));
}

void DataSteps::receive_size(const Step& step, DataConnection& data) {
    drain(data, step.number);
    if (trouble_.none() && data.inbox.size() != step.number) {
        trouble_.set(fmt::format("received {} bytes", data.inbox.size()));
    }
}

void DataSteps::receive_some(const Step& step, DataConnection& data) {
    while (trouble_.none() && data.inbox.size() < step.number) {
        const std::size_t room = step.number - data.inbox.size();
        const ReadEnd end = world_.read(*data.channel, data.inbox, std::min(room, kReadBytes));
        if (end != ReadEnd::Bytes) {
            trouble_.set(fmt::format("data connection after {} bytes: {}", data.inbox.size(),
                                     describe(end)));
        }
    }
}

std::vector<std::string> DataSteps::split_lines(std::string_view listing) {
    std::vector<std::string> lines;
    while (trouble_.none() && !listing.empty()) {
        const std::size_t end = listing.find("\r\n");
        if (end == std::string_view::npos) {
            trouble_.set(fmt::format("a line does not end in CRLF: {}", printable(listing)));
            break;
        }
        lines.emplace_back(listing.substr(0, end));
        listing.remove_prefix(end + 2);
        if (lines.back().find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            trouble_.set(fmt::format("CR, LF or NUL inside a line: {}", printable(lines.back())));
        }
    }
    return lines;
}

// Another server's listing has its own order and layout. False: this is none.
bool DataSteps::compare_as_listing(DataConnection& data, const std::vector<std::string>& patterns) {
    const std::string& command = conversation_.session().exchanges.transfer();
    if (!conversation_.is_foreign() ||
        (command != "LIST" && command != "NLST" && command != "MLSD")) {
        return false;
    }
    drain(data, kListingBytesMax);
    const std::vector<std::string> lines = split_lines(data.inbox);
    if (trouble_.none()) {
        trouble_.set_unless_empty(compare_listing(command, patterns, lines, variables_));
    }
    return true;
}

void DataSteps::receive_lines(const Step& step, DataConnection& data) {
    if (compare_as_listing(data, step.words)) {
        return;
    }
    drain(data, kListingBytesMax);
    std::vector<std::string> lines = split_lines(data.inbox);
    const bool unordered = step.number != 0;
    for (const std::string& pattern : step.words) {
        if (!trouble_.none() || pattern == "...") {
            return;
        }
        const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return matches(pattern, line, variables_);
        });
        if (found == lines.end() || (!unordered && found != lines.begin())) {
            trouble_.set(fmt::format("no line '{}' {}; next is '{}'", pattern,
                                     unordered ? "anywhere" : "here",
                                     lines.empty() ? "the end" : printable(lines.front())));
            return;
        }
        lines.erase(found);
    }
    if (trouble_.none() && !lines.empty()) {
        trouble_.set(
            fmt::format("{} more lines, first '{}'", lines.size(), printable(lines.front())));
    }
}

void DataSteps::send(const Step& step, DataConnection& data) {
    const std::optional<std::string> bytes = contents_.evaluate(step.bytes, variables_);
    if (!bytes) {
        trouble_.set("cannot evaluate this expression");
        return;
    }
    conversation_.log().note(conversation_.session().name + " data>", *bytes);
    const Status sent = world_.send(*data.channel, *bytes, false);
    if (!sent) {
        trouble_.set(fmt::format("cannot send data: {}", text_of(sent.error())));
    }
}

void DataSteps::release(DataConnection& data) {
    if (data.channel) {
        world_.close(*data.channel);
        data.channel.reset();
    }
    if (data.listener) {
        world_.close_listener(*data.listener);
        data.listener.reset();
    }
}

void DataSteps::release_all(ControlSession& session) {
    for (auto& [name, data] : session.data) {
        release(data);
    }
}

}  // namespace sluice::conform
