#include "ftp_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "tree_steps.hpp"

namespace sluice::conform {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// What `content` reads, and what a listing may be.
constexpr std::size_t kDataBytesMax = 64ull << 20;
constexpr std::size_t kReplyLineBytesMax = 16 * 1024;
// A tree that a case left behind and that is deeper than this is not cleared.
constexpr int kDepthMax = 64;

bool is_outside(const std::string& path) {
    return path.starts_with("@outside");
}

DialOptions to(const Endpoint& target) {
    DialOptions options;
    options.target = target;
    return options;
}

// One session that logs in, does one thing and leaves.
class Client {
public:
    Client(World& net, const std::string& user, const std::string& password) : net_(net) {
        const Result<Endpoint> target = net_.control_endpoint(Family::Ipv4);
        if (!target) {
            return;
        }
        target_ = *target;
        const Result<ChannelId> channel = net_.dial(to(target_));
        if (!channel) {
            return;
        }
        control_ = *channel;
        if (read_reply() != 220) {
            return;
        }
        const int answer = ask("USER " + user);
        is_in_ = answer == 230 || (answer == 331 && ask("PASS " + password) / 100 == 2);
        is_in_ = is_in_ && ask("TYPE I") == 200;
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() {
        if (is_in_) {
            (void)ask("QUIT");
        }
        if (control_) {
            net_.close(*control_);
        }
    }

    bool is_in() const { return is_in_; }
    const std::string& text() const { return line_; }

    // The code of the answer, 0 when none came.
    int ask(const std::string& line) {
        if (!control_ || !net_.send(*control_, line + "\r\n", false)) {
            return 0;
        }
        return read_reply();
    }

    // Sends `bytes`, or reads what comes: false unless the server confirmed it at the end.
    bool store(const std::string& command, std::string_view bytes) {
        const std::optional<ChannelId> data = open(command);
        if (!data) {
            return false;
        }
        const Status sent = net_.send(*data, bytes, false);
        net_.close(*data);
        return read_reply() / 100 == 2 && sent;
    }
    std::optional<std::string> retrieve(const std::string& command) {
        const std::optional<ChannelId> data = open(command);
        if (!data) {
            return std::nullopt;
        }
        std::string bytes;
        ReadEnd end = ReadEnd::Bytes;
        while (end == ReadEnd::Bytes && bytes.size() <= kDataBytesMax) {
            end = net_.read(*data, bytes, kReadBytes);
        }
        net_.close(*data);
        if (read_reply() / 100 != 2 || end != ReadEnd::Closed) {
            return std::nullopt;
        }
        return bytes;
    }

private:
    std::optional<ChannelId> open(const std::string& command) {
        if (ask("PASV") != 227) {
            return std::nullopt;
        }
        Variables found;
        if (!matches("227 *($a,$b,$c,$d,$high,$low)*", line_, found)) {
            return std::nullopt;
        }
        const auto port = std::strtoul(found["high"].c_str(), nullptr, 10) * 256 +
                          std::strtoul(found["low"].c_str(), nullptr, 10);
        Endpoint target = target_;  // whatever a NAT made of the address in 227
        target.port = static_cast<std::uint16_t>(port);
        const Result<ChannelId> data = net_.dial(to(target));
        if (!data) {
            return std::nullopt;
        }
        if (ask(command) / 100 == 1) {
            return *data;
        }
        net_.close(*data);
        return std::nullopt;
    }

    int read_reply() {
        std::string first;
        while (true) {
            if (!read_line()) {
                return 0;
            }
            if (first.empty()) {
                first = line_.substr(0, 3);
            }
            if (line_.size() < 4 || (line_.starts_with(first) && line_[3] == ' ')) {
                break;
            }
        }
        return static_cast<int>(std::strtol(first.c_str(), nullptr, 10));
    }

    bool read_line() {
        std::size_t end = inbox_.find('\n');
        while (end == std::string::npos) {
            if (inbox_.size() > kReplyLineBytesMax ||
                net_.read(*control_, inbox_, kReadBytes) != ReadEnd::Bytes) {
                return false;
            }
            end = inbox_.find('\n');
        }
        line_ = inbox_.substr(0, end);
        inbox_.erase(0, end + 1);
        if (line_.ends_with('\r')) {
            line_.pop_back();
        }
        return true;
    }

    World& net_;
    Endpoint target_;
    std::optional<ChannelId> control_;
    bool is_in_ = false;
    std::string inbox_;
    std::string line_;
};

Status done(bool worked) {
    if (worked) {
        return {};
    }
    return fail(Errc::Other);
}

// The last components of a listing's lines.
std::vector<std::string> names_of(std::string_view listing) {
    std::vector<std::string> names;
    while (!listing.empty()) {
        std::string_view line = listing.substr(0, listing.find('\n'));
        listing.remove_prefix(std::min(listing.size(), line.size() + 1));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const std::size_t slash = line.rfind('/');
        if (slash != std::string_view::npos) {
            line.remove_prefix(slash + 1);
        }
        if (!line.empty() && line != "." && line != "..") {
            names.emplace_back(line);
        }
    }
    return names;
}

std::optional<std::vector<std::string>> list(Client& client, const std::string& path) {
    if (client.ask("CWD " + path) / 100 != 2) {
        return std::nullopt;
    }
    const std::optional<std::string> listing = client.retrieve("NLST -a");
    // RFC 959 lets an empty directory be 450 or 550, and some servers say so.
    return listing ? names_of(*listing) : std::vector<std::string>();
}

bool remove_all(Client& client, const std::string& path, int depth) {
    if (client.ask("DELE " + path) / 100 == 2) {
        return true;
    }
    if (depth == kDepthMax) {
        return false;
    }
    const auto names = list(client, path);
    if (!names) {
        return true;
    }  // nothing there
    for (const std::string& name : *names) {
        std::string child = path;
        child.append("/").append(name);
        if (!remove_all(client, child, depth + 1)) {
            return false;
        }
    }
    return client.ask("CWD /") / 100 == 2 && client.ask("RMD " + path) / 100 == 2;
}

}  // namespace

bool FtpTree::can_log_in() const {
    return Client(net_, user_, password_).is_in();
}

bool FtpTree::can_write() {
    Client client(net_, user_, password_);
    constexpr std::string_view kProbe = "sluice-conform-probe";
    const bool made = client.is_in() && client.ask(fmt::format("MKD {}", kProbe)) == 257;
    return made && client.ask(fmt::format("RMD {}", kProbe)) == 250;
}

Status FtpTree::make_directory(const std::string& path) {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    return done(client.is_in() && client.ask("MKD /" + path) == 257);
}

Status FtpTree::make_file(const std::string& path, std::string_view content) {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    return done(client.is_in() && client.store("STOR /" + path, content));
}

Status FtpTree::set_modified(const std::string& path, std::int64_t seconds) {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    const std::time_t time = seconds;
    std::tm date = {};
    ::gmtime_r(&time, &date);
    const std::string text =
        fmt::format("MFMT {:04}{:02}{:02}{:02}{:02}{:02} /{}", date.tm_year + 1900, date.tm_mon + 1,
                    date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, path);
    if (client.is_in() && client.ask(text) == 213) {
        return {};
    }
    return fail(Errc::NotSupported);
}

Status FtpTree::rename(const std::string& from, const std::string& to) {
    if (is_outside(from) || is_outside(to)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    return done(client.is_in() && client.ask("RNFR /" + from) == 350 &&
                client.ask("RNTO /" + to) == 250);
}

Status FtpTree::remove(const std::string& path) {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    return done(client.is_in() && remove_all(client, "/" + path, 0));
}

Node FtpTree::look(const std::string& path) const {
    Node node;
    Client client(net_, user_, password_);
    if (!client.is_in()) {
        return node;
    }
    if (client.ask("SIZE /" + path) == 213) {
        node.kind = NodeKind::File;
        node.size = std::strtoull(client.text().c_str() + 4, nullptr, 10);
    } else if (client.ask("CWD /" + path) / 100 == 2) {
        node.kind = NodeKind::Directory;
    } else {
        return node;
    }
    if (client.ask("MDTM /" + path) == 213) {
        node.modified_seconds = parse_timestamp(std::string_view(client.text()).substr(4, 14));
    }
    return node;
}

Result<std::string> FtpTree::content(const std::string& path) const {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    if (!client.is_in()) {
        return fail(Errc::Other);
    }
    std::optional<std::string> bytes = client.retrieve("RETR /" + path);
    if (!bytes) {
        return fail(Errc::NotFound);
    }
    return std::move(*bytes);
}

Result<std::vector<std::string>> FtpTree::entries(const std::string& path) const {
    if (is_outside(path)) {
        return fail(Errc::NotSupported);
    }
    Client client(net_, user_, password_);
    if (!client.is_in()) {
        return fail(Errc::Other);
    }
    std::optional<std::vector<std::string>> names = list(client, "/" + path);
    if (!names) {
        return fail(Errc::NotFound);
    }
    return std::move(*names);
}

Status FtpTree::clear() {
    Client client(net_, user_, password_);
    if (!client.is_in()) {
        return fail(Errc::Other);
    }
    const auto names = list(client, "/");
    if (!names) {
        return fail(Errc::Other);
    }
    for (const std::string& name : *names) {
        if (!remove_all(client, "/" + name, 0)) {
            return fail(Errc::NotEmpty);
        }
    }
    return {};
}

}  // namespace sluice::conform
