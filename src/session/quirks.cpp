#include "session/quirks.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "sluice/proto/verb.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {
namespace {

constexpr Quirks kNone = {};
constexpr Quirks kNoModeZ = {.no_mode_z = true};
constexpr Quirks kSingleLine = {.single_line = true};

constexpr std::uint8_t kUnknown = 0;
constexpr std::uint8_t kConfigured = 1;

// The table. Within a sign the first row that fits counts. Conversations: tests/conform/clients.
constexpr auto kProfiles = std::to_array<ClientProfile>({
    {"", Sign::None, "", kNone, "not recognised"},
    {"single-line device", Sign::Configured, "", kSingleLine,
     "clients.single_line: devices that take the first line of a reply for all of it"},

    {"lftp", Sign::Announced, "lftp/", kNoModeZ,
     "lftp 4.9.2 uses MODE Z wherever FEAT names it and loses lines of long listings: 9,853 of "
     "10,000 names over LIST, 8,174 over MLSD, of whole streams (tests/clients/test_lftp.py). No "
     "later release is known to be free of it"},
    {"FileZilla", Sign::Announced, "FileZilla", kNone,
     "CLNT after the login (filezilla 3, src/engine/ftp/logon.cpp); facts each end in ';' for all"},
    {"WinSCP", Sign::Announced, "WinSCP", kNone,
     "CLNT WinSCP-release-6.3.4 after the login; '-a' is an option of LIST for all"},
    {"ncftp", Sign::Announced, "NcFTP", kNone,
     "ncftp 3.2.6; asks for HELP SITE and uses MLST with the facts of OPTS"},

    // Defaults for anonymous users, from the clients' sources and from conversations with them.
    {"lftp", Sign::Password, "lftp@", kNoModeZ, "lftp with ftp:client set to nothing; as above"},
    {"Explorer", Sign::Password, "IEUser@", kNone,
     "Windows' WinINet; nmap's scripts say it, too. OPTS UTF8 ON is 200 for all (pyftpdlib#266)"},
    {"curl", Sign::Password, "ftp@example.com", kNone,
     "curl 7.88; the N of '(N bytes)' in 150 is right, one 2yz follows the data"},
    {"wget", Sign::Password, "-wget@", kNone, "wget 1.21; LIST -a in the layout of ls"},
    {"aria2", Sign::Password, "ARIA2USER@", kNone, "aria2 1.36; REST 0 before RETR is 350"},
    {"ncftp", Sign::Password, "NcFTP@", kNone, "ncftp 3.2.6"},
    {"Net::FTP", Sign::Password, "-anonymous@", kNone, "Perl's libnet 3.14; HELP ALLO is 214"},

    // Guesses, for people: no override may hang on an opening, because anybody may begin so.
    {"lftp", Sign::Opening, "FEAT", kNone, "CLNT follows where it is not switched off"},
    {"ftp.exe", Sign::Opening, "OPTS UTF8", kNone,
     "Windows' ftp.exe (xreef/SimpleFTPServer#48); OPTS comes before the login for all, PORT and "
     "NLST with names and options work"},
});
static_assert(kProfiles.size() <= 256, "State::profile is one byte");

constexpr bool no_opening_overrides() {
    for (const ClientProfile& row : kProfiles) {
        if (row.sign == Sign::Opening && (row.quirks.no_mode_z || row.quirks.single_line)) {
            return false;
        }
    }
    return true;
}
static_assert(no_opening_overrides());

bool begins_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           proto::equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool is_configured(std::string_view said, const config::ClientsSection& clients) {
    return std::any_of(clients.single_line.begin(), clients.single_line.end(),
                       [said](const std::string& prefix) { return begins_with(said, prefix); });
}

}  // namespace

std::span<const ClientProfile> client_profiles() { return kProfiles; }

std::uint8_t recognised(std::uint8_t known, Sign sign, std::string_view said,
                        const config::ClientsSection& clients) {
    const Sign before = kProfiles[known].sign;
    if (before == Sign::Configured) { return known; }
    if (sign != Sign::Opening && is_configured(said, clients)) { return kConfigured; }
    // The first opening counts; of the others the last one.
    if (before > sign || (before == sign && sign == Sign::Opening)) { return known; }
    const auto row = std::find_if(kProfiles.begin(), kProfiles.end(), [&](const ClientProfile& p) {
        return p.sign == sign && begins_with(said, p.prefix);
    });
    if (row != kProfiles.end()) {
        return static_cast<std::uint8_t>(std::distance(kProfiles.begin(), row));
    }
    // Who announces an unknown name is not who we took it for.
    return sign == Sign::Announced ? kUnknown : known;
}

const Quirks& quirks_of(std::uint8_t profile, const config::ClientsSection& clients) {
    const ClientProfile& row = kProfiles[profile];
    return clients.profiles || row.sign == Sign::Configured ? row.quirks : kNone;
}

void recognise_client(Session& session, Sign sign, std::string_view said) {
    State& state = session.state();
    state.profile = recognised(state.profile, sign, said, session.config().clients);
}

const ClientProfile& profile_of(const Session& session) {
    return kProfiles[session.state().profile];
}

std::string_view text_of(Sign sign) {
    switch (sign) {
        case Sign::None: break;
        case Sign::Opening: return "its first command";
        case Sign::Password: return "its password";
        case Sign::Announced: return "CLNT or CSID";
        case Sign::Configured: return "clients.single_line";
    }
    return "";
}

std::string_view name_in_csid(std::string_view argument) {
    constexpr std::string_view kName = "Name=";
    while (!argument.empty()) {
        const std::size_t end = std::min(argument.find(';'), argument.size());
        const std::string_view fact = argument.substr(0, end);
        if (begins_with(fact, kName)) { return fact.substr(kName.size()); }
        argument.remove_prefix(std::min(end + 1, argument.size()));
    }
    return {};
}

}  // namespace sluice::session
