#include "config/schema.hpp"

#include <iterator>
#include <type_traits>

namespace sluice::config {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMillisecond;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;
constexpr std::int64_t kPathBytesMax = 4095;      // PATH_MAX without its NUL
constexpr std::int64_t kMessageBytesMax = 4096;   // of all lines of a reply
constexpr std::int64_t kNameBytesMax = 255;       // NAME_MAX
constexpr std::int64_t kCongestionBytesMax = 15;  // TCP_CA_NAME_MAX without its NUL

// Between a Value and one member of one section; the member's type says which part counts.
template <auto kSection, auto kMember>
struct Bind {
    using Member = std::remove_cvref_t<decltype((Snapshot{}.*kSection).*kMember)>;

    static void put(Snapshot& snapshot, const Value& value) {
        Member& member = (snapshot.*kSection).*kMember;
        if constexpr (std::is_same_v<Member, std::string>) {
            member = value.text;
        } else if constexpr (std::is_same_v<Member, PortRange>) {
            member = value.ports;
        } else if constexpr (std::is_same_v<Member, std::vector<ListenAddress>>) {
            member = value.listen;
        } else if constexpr (std::is_same_v<Member, std::vector<std::string>>) {
            member = value.names;
        } else if constexpr (std::is_same_v<Member, std::vector<TlsRule>>) {
            member = value.tls_rules;
        } else if constexpr (std::is_same_v<Member, bool>) {
            member = value.number != 0;
        } else {
            member =
                static_cast<Member>(value.number);  // in range: the row's min and max saw to it
        }
    }

    static Value get(const Snapshot& snapshot) {
        const Member& member = (snapshot.*kSection).*kMember;
        Value value;
        if constexpr (std::is_same_v<Member, std::string>) {
            value.text = member;
        } else if constexpr (std::is_same_v<Member, PortRange>) {
            value.ports = member;
        } else if constexpr (std::is_same_v<Member, std::vector<ListenAddress>>) {
            value.listen = member;
        } else if constexpr (std::is_same_v<Member, std::vector<std::string>>) {
            value.names = member;
        } else if constexpr (std::is_same_v<Member, std::vector<TlsRule>>) {
            value.tls_rules = member;
        } else if constexpr (std::is_same_v<Member, Duration>) {
            value.number = member.ns;
        } else {
            value.number = static_cast<std::int64_t>(member);
        }
        return value;
    }
};

// What a row does not say.
struct Extra {
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view unit = {};
    std::string_view zero = {};
    std::string_view choices = {};
};

template <auto kSection, auto kMember>
constexpr Field row(std::string_view section, std::string_view name, Type type,
                    std::string_view fallback, Extra extra, std::string_view help) {
    using Bound = Bind<kSection, kMember>;
    return Field{section,   name,       type,          extra.unit, fallback,    extra.min,
                 extra.max, extra.zero, extra.choices, help,       &Bound::put, &Bound::get};
}

constexpr Section kSections[] = {
    {"server", "Where the server listens and what it serves."},
    {"anonymous", "The users \"anonymous\" and \"ftp\", who need no password."},
    {"limits", "Bounds on what clients may use."},
    {"upload", "What happens to files that clients send."},
    {"tree", "How names become files."},
    {"listing", "LIST, NLST, MLSD: what they may keep in memory, and what they show."},
    {"transfer", "How data moves."},
    {"tls", "FTPS: TLS on the control and data connections."},
    {"messages", "What people read beside the replies."},
    {"clients", "Programs and devices with faults of their own."},
    {"log", "What is written down."},
    {"helpers", "Threads for calls that may sleep on a disk."},
};

template <auto kMember, class... Rest>
constexpr Field server(Rest... rest) {
    return row<&Snapshot::server, kMember>("server", rest...);
}
template <auto kMember, class... Rest>
constexpr Field anonymous(Rest... rest) {
    return row<&Snapshot::anonymous, kMember>("anonymous", rest...);
}
template <auto kMember, class... Rest>
constexpr Field limits(Rest... rest) {
    return row<&Snapshot::limits, kMember>("limits", rest...);
}
template <auto kMember, class... Rest>
constexpr Field upload(Rest... rest) {
    return row<&Snapshot::upload, kMember>("upload", rest...);
}
template <auto kMember, class... Rest>
constexpr Field tree(Rest... rest) {
    return row<&Snapshot::tree, kMember>("tree", rest...);
}
template <auto kMember, class... Rest>
constexpr Field listing(Rest... rest) {
    return row<&Snapshot::listing, kMember>("listing", rest...);
}
template <auto kMember, class... Rest>
constexpr Field transfer(Rest... rest) {
    return row<&Snapshot::transfer, kMember>("transfer", rest...);
}
template <auto kMember, class... Rest>
constexpr Field tls(Rest... rest) {
    return row<&Snapshot::tls, kMember>("tls", rest...);
}
template <auto kMember, class... Rest>
constexpr Field messages(Rest... rest) {
    return row<&Snapshot::messages, kMember>("messages", rest...);
}
template <auto kMember, class... Rest>
constexpr Field clients(Rest... rest) {
    return row<&Snapshot::clients, kMember>("clients", rest...);
}
template <auto kMember, class... Rest>
constexpr Field log(Rest... rest) {
    return row<&Snapshot::log, kMember>("log", rest...);
}
template <auto kMember, class... Rest>
constexpr Field helpers(Rest... rest) {
    return row<&Snapshot::helpers, kMember>("helpers", rest...);
}

// clang-format off
constexpr Field kFields[] = {
    server<&ServerSection::listen>("listen", Type::ListenList, "127.0.0.1:2121", Extra{},
        "Addresses of the control connection; \"*:21\" is every address of both families, port 0 any free port."),
    server<&ServerSection::root>("root", Type::Path, ".", Extra{.min = 1, .max = kPathBytesMax},
        "The folder that clients see as \"/\"; nothing outside of it can be reached."),
    server<&ServerSection::engine>("engine", Type::Choice, "auto", Extra{.choices = "auto|io_uring|epoll"},
        "How the server waits for events; auto takes io_uring where the kernel allows it, else epoll."),
    server<&ServerSection::shards>("shards", Type::Integer, "0", Extra{.min = 0, .max = 1024, .unit = "threads", .zero = "one per core"},
        "Event loops, each with its own sessions."),
    server<&ServerSection::pin_shards>("pin_shards", Type::Boolean, "true", Extra{},
        "Keep each event loop on one core."),
    server<&ServerSection::passive_ports>("passive_ports", Type::PortRange, "50000-50255", Extra{},
        "Ports for passive data connections, to be opened in the firewall; clients share them, so few are enough."),
    server<&ServerSection::passive_mode>("passive_mode", Type::Choice, "auto", Extra{.choices = "auto|pooled|exclusive"},
        "Whether clients share passive ports (pooled) or each transfer has one to itself (exclusive); auto shares unless transfer.allow_foreign_data forbids it or the range is too small."),
    server<&ServerSection::passive_wait>("passive_wait", Type::Duration, "5s", Extra{.min = kMillisecond, .max = kMinute, .zero = "do not wait"},
        "How long PASV and EPSV wait for a free port before they answer 425."),
    server<&ServerSection::public_address>("public_address", Type::Ipv4, "", Extra{},
        "The IPv4 address that PASV announces, for servers behind NAT; \"\" is the address the client dialled."),
    server<&ServerSection::host_names>("host_names", Type::HostNames, "", Extra{},
        "Names that HOST accepts; none is any."),
    server<&ServerSection::charset>("charset", Type::Name, "", Extra{.min = 0, .max = 40},
        "Character set of clients that do not speak UTF-8, like \"CP1252\"; names on the disk are UTF-8 then. \"\" takes and gives names byte for byte."),
    server<&ServerSection::banner>("banner", Type::Lines, "sluice ready.", Extra{.min = 1, .max = kMessageBytesMax},
        "Text of the 220 greeting."),
    server<&ServerSection::shutdown_grace>("shutdown_grace", Type::Duration, "5m", Extra{.min = kMillisecond, .max = kDay, .zero = "stop at once"},
        "How long running transfers may go on after TERM."),

    anonymous<&AnonymousSection::enabled>("enabled", Type::Boolean, "true", Extra{},
        "Let users in without a password."),
    anonymous<&AnonymousSection::writable>("writable", Type::Boolean, "false", Extra{},
        "Let them upload, rename, delete and make folders."),

    limits<&LimitsSection::max_sessions>("max_sessions", Type::Integer, "20000", Extra{.min = 1, .max = 1'000'000, .unit = "sessions"},
        "Sessions at the same time; more are answered 421."),
    limits<&LimitsSection::max_sessions_per_ip>("max_sessions_per_ip", Type::Integer, "0", Extra{.min = 0, .max = 1'000'000, .unit = "sessions", .zero = "no limit"},
        "Sessions at the same time from one client address."),
    limits<&LimitsSection::login_attempts>("login_attempts", Type::Integer, "3", Extra{.min = 1, .max = 100, .unit = "attempts"},
        "Failed logins after which a session is closed."),
    limits<&LimitsSection::idle_timeout>("idle_timeout", Type::Duration, "5m", Extra{.min = kSecond, .max = 7 * kDay, .zero = "never"},
        "A session without a command or a transfer for this long is closed."),
    limits<&LimitsSection::login_timeout>("login_timeout", Type::Duration, "1m", Extra{.min = kSecond, .max = kHour},
        "A session that is not logged in after this long is closed."),
    limits<&LimitsSection::stall_timeout>("stall_timeout", Type::Duration, "1m", Extra{.min = kSecond, .max = kDay},
        "A transfer that moves no byte for this long is given up."),
    limits<&LimitsSection::min_rate>("min_rate", Type::Size, "0", Extra{.min = 1, .max = kGiB, .zero = "any"},
        "A transfer that moves fewer bytes a second than this, measured over stall_timeout, is given up too."),
    limits<&LimitsSection::data_connect_timeout>("data_connect_timeout", Type::Duration, "30s", Extra{.min = kSecond, .max = kHour},
        "How long a transfer waits for its data connection."),
    limits<&LimitsSection::transfer_buffer_memory>("transfer_buffer_memory", Type::Size, "64MiB", Extra{.min = kMiB, .max = 1024 * kGiB},
        "Memory for uploads (three quarters) and for listings and TYPE A (one quarter), for the whole server."),
    limits<&LimitsSection::mode_z_memory>("mode_z_memory", Type::Size, "32MiB", Extra{.min = kMiB, .max = 1024 * kGiB},
        "Memory for transfers and listings in MODE Z, 384 KiB each, for the whole server; more wait in line."),
    limits<&LimitsSection::hash_at_once>("hash_at_once", Type::Integer, "4", Extra{.min = 0, .max = 1000, .unit = "digests", .zero = "HASH is not allowed"},
        "Digests (HASH, XCRC, XMD5, XSHA1, ...) computed at the same time for one client address (IPv6: one /64); more are answered 450."),
    limits<&LimitsSection::hash_hourly>("hash_hourly", Type::Size, "1TiB", Extra{.min = kMiB, .max = 1'000'000 * kGiB, .zero = "no limit"},
        "Bytes read in an hour for digests of one client address; beyond that they are answered 552. Answers from the cache do not count."),
    limits<&LimitsSection::hash_file_max>("hash_file_max", Type::Size, "0", Extra{.min = 1, .max = 1'000'000 * kGiB, .zero = "any"},
        "Files, or ranges of them, that are larger than this get no digest and the answer 556."),
    limits<&LimitsSection::hash_cache>("hash_cache", Type::Integer, "16384", Extra{.min = 0, .max = 10'000'000, .unit = "digests", .zero = "none"},
        "Digests of whole files that are remembered until the file changes, about 136 bytes each; the oldest make room."),

    upload<&UploadSection::durability>("durability", Type::Choice, "none", Extra{.choices = "none|data|full"},
        "What 226 promises if the power fails: nothing, that the data are on the disk (data), or the file with its name (full)."),
    upload<&UploadSection::partial>("partial", Type::Choice, "keep", Extra{.choices = "keep|discard|dot_partial"},
        "What happens to an upload that broke off: keep it so that the client can resume, discard it, or keep it as NAME.partial."),
    upload<&UploadSection::size_mismatch>("size_mismatch", Type::Choice, "refuse", Extra{.choices = "refuse|accept"},
        "An upload that ends with another size than ALLO announced: refuse it (426) like one that broke off, or accept it."),
    upload<&UploadSection::digest>("digest", Type::Choice, "off", Extra{.choices = "off|crc32|sha256|both"},
        "Digests computed while a file is received, for its 226, its line in the log and the next HASH; a client chooses its own by OPTS STOR HASH."),
    upload<&UploadSection::file_mode>("file_mode", Type::Mode, "0644", Extra{.min = 0, .max = 0777},
        "Permission bits of new files."),
    upload<&UploadSection::directory_mode>("directory_mode", Type::Mode, "0755", Extra{.min = 0, .max = 03777},
        "Permission bits of new folders."),

    tree<&TreeSection::symlinks>("symlinks", Type::Choice, "in_root", Extra{.choices = "in_root|beneath|never"},
        "Symbolic links: in_root follows them as if the root were \"/\", beneath refuses those that are absolute or leave the root, never follows none."),

    listing<&ListingSection::cache>("cache", Type::Size, "0", Extra{.min = kMiB, .max = 1024 * kGiB, .zero = "off"},
        "Memory for the texts of listings, so that clients who ask for the same folder shortly after one another, or at once, cost one reading of it."),
    listing<&ListingSection::cache_ttl>("cache_ttl", Type::Duration, "1s", Extra{.min = kMillisecond, .max = kDay},
        "How long a cached listing may be shown; new, deleted and renamed names and all changes through this server are seen at once, sizes and times that other programs change only after this."),
    listing<&ListingSection::memory>("memory", Type::Size, "16MiB", Extra{.min = 128 * kKiB, .max = 64 * kGiB},
        "Memory that one sorted (-t -S -r) or recursive (-R) listing may take, about 100,000 names; a larger one fails and says so. Others are streamed and take none."),
    listing<&ListingSection::memory_total>("memory_total", Type::Size, "256MiB", Extra{.min = kMiB, .max = 1024 * kGiB},
        "The same for all such listings together."),
    listing<&ListingSection::depth>("depth", Type::Integer, "64", Extra{.min = 0, .max = 1024, .unit = "folders", .zero = "no -R: only the folder itself is listed"},
        "How deep LIST -R and NLST -R go; a deeper tree fails and says so."),
    listing<&ListingSection::owners>("owners", Type::Choice, "hidden", Extra{.choices = "hidden|numbers"},
        "Owners and groups in listings: hidden shows \"ftp\" for all, numbers their ids."),

    transfer<&TransferSection::ascii_is_binary>("ascii_is_binary", Type::Boolean, "false", Extra{},
        "Send TYPE A transfers unchanged instead of translating line ends."),
    transfer<&TransferSection::allow_foreign_data>("allow_foreign_data", Type::Boolean, "false", Extra{},
        "Allow data connections with another address than the client's (server-to-server copies); opens the door to bounce attacks."),
    transfer<&TransferSection::slice>("slice", Type::Size, "512KiB", Extra{.min = 4 * kKiB, .max = 64 * kMiB},
        "Bytes one transfer may move before others have their turn."),
    transfer<&TransferSection::turn_budget>("turn_budget", Type::Size, "2MiB", Extra{.min = 4 * kKiB, .max = kGiB},
        "Bytes all transfers of an event loop may move before it looks at new events."),
    transfer<&TransferSection::congestion>("congestion", Type::Name, "", Extra{.min = 0, .max = kCongestionBytesMax},
        "TCP congestion control of data connections, like \"bbr\"; \"\" is the system's."),
    transfer<&TransferSection::mode_z>("mode_z", Type::Boolean, "false", Extra{},
        "Offer MODE Z, transfers compressed with deflate. lftp 4.9 uses it wherever it is offered and loses lines of long listings, so it is refused MODE Z (clients.profiles)."),
    transfer<&TransferSection::mode_z_level>("mode_z_level", Type::Integer, "6", Extra{.min = 1, .max = 9},
        "How hard MODE Z compresses, 1 (fast) to 9, until the client chooses another level."),
    transfer<&TransferSection::mode_z_ratio>("mode_z_ratio", Type::Integer, "250", Extra{.min = 0, .max = 1032, .zero = "any"},
        "An upload in MODE Z that grows beyond this many times its compressed size, and beyond 64 MiB, is given up (552)."),

    tls<&TlsSection::mode>("mode", Type::Choice, "off", Extra{.choices = "off|optional|required"},
        "AUTH TLS at the addresses of server.listen: refused, offered, or needed before USER."),
    tls<&TlsSection::listen>("listen", Type::ListenList, "", Extra{},
        "Addresses where TLS begins at once (implicit FTPS, like \"*:990\"); none is none."),
    tls<&TlsSection::certificate>("certificate", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "PEM file with the certificate and those that vouch for it (fullchain.pem)."),
    tls<&TlsSection::key>("key", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "PEM file with its private key (privkey.pem); \"\" is the file of the certificate."),
    tls<&TlsSection::certificates>("certificates", Type::Paths, "", Extra{.min = 1, .max = kPathBytesMax},
        "Folders with a fullchain.pem and a privkey.pem each, as certbot makes them, or a folder of such folders (/etc/letsencrypt/live): for further host names (SNI), or for the same with another kind of key. An ocsp.der beside them is stapled. All files of TLS are read again when they change, and at SIGHUP."),
    tls<&TlsSection::ocsp>("ocsp", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "OCSP response (DER) that is sent along with tls.certificate (stapling); \"\" is none."),
    tls<&TlsSection::self_signed>("self_signed", Type::Boolean, "false", Extra{},
        "Make a certificate at start where none is named, for trying things out; it lives 30 days, is made anew a week before its end, and nobody vouches for it."),
    tls<&TlsSection::client_certificates>("client_certificates", Type::Choice, "off", Extra{.choices = "off|optional|required"},
        "Whether clients are asked for a certificate, or refused without one. Who shows one of tls.client_authorities logs in by it, without a password (tls.client_user)."),
    tls<&TlsSection::client_authorities>("client_authorities", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "PEM file with the certificates of those that vouch for clients, up to their roots."),
    tls<&TlsSection::client_crl>("client_crl", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "PEM file with lists of revoked certificates (CRLs), one of each authority; \"\" is none."),
    tls<&TlsSection::client_user>("client_user", Type::Choice, "cn", Extra{.choices = "cn|email|uri|dns|none"},
        "What of a client's certificate is its user name, compared exactly: the common name, a mail address, a URI or a host name; none: it replaces no password."),
    tls<&TlsSection::protect_data>("protect_data", Type::Boolean, "false", Extra{},
        "Refuse PROT C, and transfers without PROT P (521)."),
    tls<&TlsSection::rules>("rules", Type::TlsRules, "", Extra{},
        "Exceptions to 'mode' and 'protect_data': \"LEVEL for USERS from NETWORK to ADDRESS\", where LEVEL is \"off\", \"optional\", \"required\" (for the login) or \"data\" (for both), and USERS \"anonymous\" or \"named\"; each part behind LEVEL may be left out, and the first rule that fits decides."),
    tls<&TlsSection::binding>("binding", Type::Choice, "prefer", Extra{.choices = "off|prefer|require"},
        "Whether a data connection must resume the TLS session of its control connection, so that nobody else can take it; many clients cannot."),
    tls<&TlsSection::ticket_keys>("ticket_keys", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "File with keys of session tickets (lines of `openssl rand -hex 80`, the newest first) that several servers share; \"\" is random keys, replaced daily."),
    tls<&TlsSection::min_version>("min_version", Type::Choice, "1.2", Extra{.choices = "1.2|1.3"},
        "The oldest version of TLS that is spoken."),
    tls<&TlsSection::ciphers>("ciphers", Type::Text, "", Extra{.min = 0, .max = kMessageBytesMax},
        "Ciphers of TLS 1.2 in OpenSSL's language; \"\" is AES-GCM and ChaCha20 with forward secrecy."),
    tls<&TlsSection::suites>("suites", Type::Text, "", Extra{.min = 0, .max = kMessageBytesMax},
        "Cipher suites of TLS 1.3; \"\" is all three, AES-128-GCM first."),
    tls<&TlsSection::strict_names>("strict_names", Type::Boolean, "false", Extra{},
        "Refuse clients that name a host (SNI) without a certificate here."),
    tls<&TlsSection::strict_close>("strict_close", Type::Boolean, "false", Extra{},
        "An upload that ends without TLS's own end mark has broken off (426); some clients never send it."),
    tls<&TlsSection::allow_ccc>("allow_ccc", Type::Boolean, "false", Extra{},
        "Let clients go on in clear after the login (CCC), for routers that must read their commands."),
    tls<&TlsSection::handshake_timeout>("handshake_timeout", Type::Duration, "15s", Extra{.min = kSecond, .max = kMinute},
        "How long a handshake may take."),
    tls<&TlsSection::kernel>("kernel", Type::Choice, "auto", Extra{.choices = "auto|off"},
        "Whether the kernel encrypts large downloads (kTLS) where it can; the module (modprobe tls) must be there when sluiced starts or reads its certificates again (HUP), unless it runs as root."),

    messages<&MessagesSection::welcome>("welcome", Type::Lines, "", Extra{.min = 0, .max = kMessageBytesMax},
        "Text shown after the login; \"\" is none."),
    messages<&MessagesSection::goodbye>("goodbye", Type::Lines, "", Extra{.min = 0, .max = kMessageBytesMax},
        "Text shown after QUIT; \"\" is none."),
    messages<&MessagesSection::directory_file>("directory_file", Type::Text, "", Extra{.min = 0, .max = kNameBytesMax},
        "Name of a file, like \".message\", that is shown to who enters its folder, once per session; \"\" is none."),
    messages<&MessagesSection::statistics>("statistics", Type::Boolean, "false", Extra{},
        "Tell what was moved after QUIT."),
    messages<&MessagesSection::single_line>("single_line", Type::Boolean, "false", Extra{},
        "Answer with one line wherever nobody asked for more, for devices that take the first line for the whole reply."),

    clients<&ClientsSection::profiles>("profiles", Type::Boolean, "true", Extra{},
        "Work around known faults of clients that say who they are: lftp is not given MODE Z."),
    clients<&ClientsSection::single_line>("single_line", Type::Words, "", Extra{.min = 1, .max = 64},
        "Devices that get replies of one line: what their CLNT, CSID or anonymous password begins with."),

    log<&LogSection::file>("file", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "Where the log goes; \"\" is standard error."),
    log<&LogSection::format>("format", Type::Choice, "text", Extra{.choices = "text|json"},
        "One line of text or one JSON object per event."),
    log<&LogSection::level>("level", Type::Choice, "info", Extra{.choices = "error|warn|info|debug"},
        "The least important events that are still logged."),
    log<&LogSection::transfer_file>("transfer_file", Type::Path, "", Extra{.min = 0, .max = kPathBytesMax},
        "A record of transfers in the xferlog format; \"\" is none."),

    helpers<&HelpersSection::threads>("threads", Type::Integer, "4", Extra{.min = 1, .max = 64, .unit = "threads"},
        "Helper threads, shared by all event loops."),
};
// clang-format on

}  // namespace

std::string Field::key() const {
    std::string text(section);
    text += '.';
    text += name;
    return text;
}

std::span<const Section> sections() {
    return kSections;
}
std::span<const Field> fields() {
    return kFields;
}

std::optional<std::size_t> find_field(std::string_view section, std::string_view name) {
    for (std::size_t i = 0; i < std::size(kFields); ++i) {
        if (kFields[i].section == section && kFields[i].name == name) {
            return i;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> find_field(std::string_view key) {
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    return find_field(key.substr(0, dot), key.substr(dot + 1));
}

std::vector<std::string_view> choices_of(const Field& field) {
    std::vector<std::string_view> words;
    std::string_view rest = field.choices;
    while (!rest.empty()) {
        const std::size_t bar = rest.find('|');
        words.push_back(rest.substr(0, bar));
        rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
    }
    return words;
}

}  // namespace sluice::config
