// The one table of FTP commands: dispatch, argument checks, HELP, FEAT and the page of supported
// RFC commands are all read from it, so they cannot disagree.
//
// A row says what the command needs, not how it works; the session pairs each CommandId with its
// handler. X-forms (RFC 775, kept by RFC 1123 4.1.3.1) are rows of their own that share the
// CommandId of the base command. Everything here is constant; any thread.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/proto/verb.hpp"

namespace sluice::proto {

// Dense, so that a handler table is an array. `Count_` is not a command.
// clang-format off
enum class CommandId : std::uint8_t {
    User, Pass, Acct, Rein, Quit, Host, Smnt,
    Auth, Pbsz, Prot, Ccc, Sscn,
    Cwd, Cdup, Pwd, Mkd, Rmd, Rmda, Dele, Rnfr, Rnto, Comb,
    Port, Pasv, Eprt, Epsv, Lprt, Lpsv, Cpsv, Pret,
    Type, Mode, Stru, Rest, Allo,
    Retr, Stor, Appe, Stou, Abor,
    List, Nlst, Mlsd, Mlst, Stat, Size, Mdtm, Mfmt, Mfct, Mff, Avbl, Dsiz,
    Feat, Opts, Syst, Help, Noop, Site, Clnt, Csid, Lang,
    Hash, Rang, Md5, Xcrc, Xmd5, Xsha1, Xsha256, Xsha512,
    Count_,
};
// clang-format on
inline constexpr std::size_t kCommandIdCount = static_cast<std::size_t>(CommandId::Count_);

// A set of commands, for "what this session may not use".
using CommandSet = std::bitset<kCommandIdCount>;

enum class ArgumentRule : std::uint8_t {
    None,          // anything but blanks behind the verb is 501
    Optional,      // any bytes, also none
    Required,      // at least one byte; its syntax is the handler's matter
    Path,          // at least one byte, a pathname
    OptionalPath,  // a pathname, or none for the current directory
    Number,        // plain decimal digits and nothing else
};

struct CommandFlags {
    bool before_login : 1 = false;     // answered without a login; all others get 530
    bool during_transfer : 1 = false;  // looked at while a transfer runs; all others wait
    bool needs_data : 1 = false;       // uses up the data connection set-up and the restart offset
    bool writes_tree : 1 = false;      // changes files: refused at once on a read-only tree
    bool is_alias : 1 = false;         // another spelling of the row with the same CommandId
};

struct CommandRow {
    Verb verb;
    CommandId id = CommandId::Count_;
    ArgumentRule argument = ArgumentRule::None;
    CommandFlags flags = {};
    std::string_view feature;    // line of the FEAT answer, empty when it has none
    std::string_view syntax;     // what HELP prints behind the verb
    std::string_view reference;  // where it is specified
};

// clang-format off: one command, one line.
inline constexpr auto kCommandTable = [] {
    using Id = CommandId;
    using Rule = ArgumentRule;
    constexpr CommandFlags plain = {};
    constexpr CommandFlags before_login = {.before_login = true};
    constexpr CommandFlags any_time = {.before_login = true, .during_transfer = true};
    constexpr CommandFlags any_time_alias = {
        .before_login = true, .during_transfer = true, .is_alias = true};
    constexpr CommandFlags in_transfer = {.during_transfer = true};
    constexpr CommandFlags data = {.needs_data = true};
    constexpr CommandFlags data_in = {.needs_data = true, .writes_tree = true};
    constexpr CommandFlags writes = {.writes_tree = true};
    constexpr CommandFlags writing_alias = {.writes_tree = true, .is_alias = true};
    constexpr CommandFlags alias = {.is_alias = true};
    return std::to_array<CommandRow>({
        // Access control.
        {Verb("USER"), Id::User, Rule::Required, before_login, "", "<name>", "RFC 959 4.1.1"},
        {Verb("PASS"), Id::Pass, Rule::Optional, before_login, "", "<password>", "RFC 959 4.1.1"},
        {Verb("ACCT"), Id::Acct, Rule::Optional, before_login, "", "<account>", "RFC 959 4.1.1"},
        {Verb("REIN"), Id::Rein, Rule::None, before_login, "", "", "RFC 959 4.1.1"},
        {Verb("QUIT"), Id::Quit, Rule::None, any_time, "", "", "RFC 959 4.1.1"},
        // Security, of the connection and of the data.
        {Verb("AUTH"), Id::Auth, Rule::Required, before_login, "AUTH TLS", "TLS | TLS-C | SSL",
         "RFC 2228 3, RFC 4217"},
        {Verb("PBSZ"), Id::Pbsz, Rule::Number, before_login, "PBSZ", "0", "RFC 2228 3, RFC 4217 8"},
        {Verb("PROT"), Id::Prot, Rule::Required, before_login, "PROT", "C | P",
         "RFC 2228 3, RFC 4217 9"},
        {Verb("CCC"), Id::Ccc, Rule::None, before_login, "CCC", "", "RFC 2228 3, RFC 4217 5"},
        {Verb("SSCN"), Id::Sscn, Rule::Optional, plain, "SSCN", "[ON | OFF]",
         "custom of FTP servers (glFTPD)"},
        {Verb("SMNT"), Id::Smnt, Rule::Path, plain, "", "<path>", "RFC 959 4.1.1"},
        {Verb("HOST"), Id::Host, Rule::Required, before_login, "HOST", "<name>", "RFC 7151"},
        // The tree.
        {Verb("CWD"), Id::Cwd, Rule::Path, plain, "", "<directory>", "RFC 959 4.1.1"},
        {Verb("XCWD"), Id::Cwd, Rule::Path, alias, "", "<directory>", "RFC 775, RFC 1123 4.1.3.1"},
        {Verb("CDUP"), Id::Cdup, Rule::None, plain, "", "", "RFC 959 4.1.1"},
        {Verb("XCUP"), Id::Cdup, Rule::None, alias, "", "", "RFC 775, RFC 1123 4.1.3.1"},
        {Verb("PWD"), Id::Pwd, Rule::None, plain, "", "", "RFC 959 4.1.3"},
        {Verb("XPWD"), Id::Pwd, Rule::None, alias, "", "", "RFC 775, RFC 1123 4.1.3.1"},
        {Verb("MKD"), Id::Mkd, Rule::Path, writes, "", "<directory>", "RFC 959 4.1.3"},
        {Verb("XMKD"), Id::Mkd, Rule::Path, writing_alias, "", "<directory>",
         "RFC 775, RFC 1123 4.1.3.1"},
        {Verb("RMD"), Id::Rmd, Rule::Path, writes, "", "<directory>", "RFC 959 4.1.3"},
        {Verb("XRMD"), Id::Rmd, Rule::Path, writing_alias, "", "<directory>",
         "RFC 775, RFC 1123 4.1.3.1"},
        {Verb("RMDA"), Id::Rmda, Rule::Path, writes, "RMDA", "<directory>",
         "custom of FTP servers: RMD with all that is in it"},
        {Verb("DELE"), Id::Dele, Rule::Path, writes, "", "<file>", "RFC 959 4.1.3"},
        {Verb("RNFR"), Id::Rnfr, Rule::Path, writes, "", "<old name>", "RFC 959 4.1.3"},
        {Verb("RNTO"), Id::Rnto, Rule::Path, writes, "", "<new name>", "RFC 959 4.1.3"},
        {Verb("COMB"), Id::Comb, Rule::Required, writes, "COMB", "<target> <part> [<part>...]",
         "custom of FTP servers: parts of an upload put together"},
        // Setting up the data connection.
        {Verb("PORT"), Id::Port, Rule::Required, plain, "", "<h1,h2,h3,h4,p1,p2>",
         "RFC 959 4.1.2, RFC 2577 3"},
        {Verb("PASV"), Id::Pasv, Rule::None, plain, "", "", "RFC 959 4.1.2"},
        {Verb("P@SW"), Id::Pasv, Rule::None, alias, "", "", "PASV as some firewalls rewrite it"},
        {Verb("EPRT"), Id::Eprt, Rule::Required, plain, "EPRT", "<|1 or 2|address|port|>",
         "RFC 2428 2"},
        {Verb("EPSV"), Id::Epsv, Rule::Optional, plain, "EPSV", "[1 | 2 | ALL]", "RFC 2428 3, 4"},
        {Verb("LPRT"), Id::Lprt, Rule::Required, plain, "", "<af,hal,h1,...,pal,p1,...>",
         "RFC 1639 2.1"},
        {Verb("LPSV"), Id::Lpsv, Rule::None, plain, "", "", "RFC 1639 2.2"},
        {Verb("CPSV"), Id::Cpsv, Rule::None, plain, "CPSV", "",
         "custom of FTP servers (glFTPD): PASV between servers"},
        {Verb("PRET"), Id::Pret, Rule::Required, plain, "PRET", "<command> [<path>]",
         "custom of FTP servers (DrFTPD)"},
        // Parameters of the next transfer.
        {Verb("TYPE"), Id::Type, Rule::Required, plain, "", "A | I | L 8", "RFC 959 4.1.2"},
        {Verb("MODE"), Id::Mode, Rule::Required, plain, "MODE Z", "S | B | Z",
         "RFC 959 4.1.2, draft-preston-ftpext-deflate-04"},
        {Verb("STRU"), Id::Stru, Rule::Required, plain, "", "F | R", "RFC 959 4.1.2"},
        {Verb("REST"), Id::Rest, Rule::Number, plain, "REST STREAM", "<offset>",
         "RFC 959 4.1.3, RFC 3659 5"},
        {Verb("ALLO"), Id::Allo, Rule::Required, plain, "", "<bytes> [R <record>]",
         "RFC 959 4.1.3"},
        // Transfers.
        {Verb("RETR"), Id::Retr, Rule::Path, data, "", "<file>", "RFC 959 4.1.3"},
        {Verb("STOR"), Id::Stor, Rule::Path, data_in, "", "<file>", "RFC 959 4.1.3"},
        {Verb("APPE"), Id::Appe, Rule::Path, data_in, "", "<file>", "RFC 959 4.1.3"},
        {Verb("STOU"), Id::Stou, Rule::OptionalPath, data_in, "", "[<file>]",
         "RFC 959 4.1.3, RFC 1123 4.1.2.9"},
        {Verb("ABOR"), Id::Abor, Rule::None, any_time, "", "", "RFC 959 4.1.3"},
        // Listings and facts.
        {Verb("LIST"), Id::List, Rule::OptionalPath, data, "", "[<options>] [<path>]",
         "RFC 959 4.1.3"},
        {Verb("NLST"), Id::Nlst, Rule::OptionalPath, data, "", "[<options>] [<path>]",
         "RFC 959 4.1.3"},
        {Verb("MLSD"), Id::Mlsd, Rule::OptionalPath, data, "", "[<directory>]", "RFC 3659 7"},
        // The feature line of MLST names its facts; features.cpp writes them behind the word.
        {Verb("MLST"), Id::Mlst, Rule::OptionalPath, plain, "MLST", "[<path>]", "RFC 3659 7"},
        {Verb("STAT"), Id::Stat, Rule::OptionalPath, in_transfer, "", "[<options>] [<path>]",
         "RFC 959 4.1.3"},
        {Verb("SIZE"), Id::Size, Rule::Path, plain, "SIZE", "<file>", "RFC 3659 4"},
        {Verb("MDTM"), Id::Mdtm, Rule::Path, plain, "MDTM", "[<YYYYMMDDhhmmss>] <path>",
         "RFC 3659 3"},
        {Verb("MFMT"), Id::Mfmt, Rule::Required, writes, "MFMT", "<YYYYMMDDhhmmss> <path>",
         "draft-somers-ftp-mfxx-04 3"},
        {Verb("MFCT"), Id::Mfct, Rule::Required, writes, "MFCT", "<YYYYMMDDhhmmss> <path>",
         "draft-somers-ftp-mfxx-04 4"},
        {Verb("MFF"), Id::Mff, Rule::Required, writes, "MFF Modify;Create;UNIX.group;UNIX.mode;",
         "<fact=value;...> <path>", "draft-somers-ftp-mfxx-04 5"},
        {Verb("AVBL"), Id::Avbl, Rule::OptionalPath, plain, "AVBL", "[<directory>]",
         "draft-peterson-streamlined-ftp-command-extensions-10 4"},
        {Verb("DSIZ"), Id::Dsiz, Rule::OptionalPath, plain, "DSIZ", "[<directory>]",
         "draft-peterson-streamlined-ftp-command-extensions-10"},
        // Digests. The feature line of HASH names the algorithms; features.cpp writes them.
        {Verb("HASH"), Id::Hash, Rule::Path, plain, "HASH", "<file>", "draft-bryan-ftpext-hash-02 3"},
        {Verb("RANG"), Id::Rang, Rule::Required, plain, "RANG STREAM", "<first> <last> | 1 0",
         "draft-bryan-ftp-range-08 3"},
        {Verb("MD5"), Id::Md5, Rule::Path, plain, "MD5", "<file>", "draft-twine-ftpmd5-00"},
        {Verb("XCRC"), Id::Xcrc, Rule::Path, plain, "XCRC", "<file> [<start> <end>]",
         "custom of FTP clients"},
        {Verb("XMD5"), Id::Xmd5, Rule::Path, plain, "XMD5", "<file> [<start> <end>]",
         "custom of FTP clients"},
        {Verb("XSHA1"), Id::Xsha1, Rule::Path, plain, "XSHA1", "<file> [<start> <end>]",
         "custom of FTP clients"},
        {Verb("XSHA"), Id::Xsha1, Rule::Path, alias, "", "<file> [<start> <end>]",
         "custom of FTP clients"},
        {Verb("XSHA256"), Id::Xsha256, Rule::Path, plain, "XSHA256", "<file> [<start> <end>]",
         "custom of FTP clients"},
        {Verb("XSHA512"), Id::Xsha512, Rule::Path, plain, "XSHA512", "<file> [<start> <end>]",
         "custom of FTP clients"},
        // About the server and the session.
        {Verb("FEAT"), Id::Feat, Rule::None, before_login, "", "", "RFC 2389 3"},
        {Verb("OPTS"), Id::Opts, Rule::Required, before_login, "", "<feature> [<options>]",
         "RFC 2389 4"},
        {Verb("SYST"), Id::Syst, Rule::None, before_login, "", "", "RFC 959 4.1.3"},
        {Verb("HELP"), Id::Help, Rule::Optional, before_login, "", "[<command>]", "RFC 959 4.1.3"},
        {Verb("NOOP"), Id::Noop, Rule::None, any_time, "", "", "RFC 959 4.1.3"},
        {Verb("NOP"), Id::Noop, Rule::None, any_time_alias, "", "", "NOOP as FileZilla Server takes it"},
        {Verb("SITE"), Id::Site, Rule::Required, plain, "", "<command> [<arguments>]",
         "RFC 959 4.1.3"},
        {Verb("CLNT"), Id::Clnt, Rule::Required, before_login, "CLNT", "<client name>",
         "custom of FTP clients"},
        {Verb("CSID"), Id::Csid, Rule::Required, before_login, "CSID", "Name=<name>;[...]",
         "draft-peterson-streamlined-ftp-command-extensions-10 3"},
        {Verb("LANG"), Id::Lang, Rule::Optional, before_login, "LANG EN*", "[<language>]",
         "RFC 2640 4"},
    });
}();
// clang-format on

// Verbs that some RFC defines and sluice does not offer: 502, not 500 (RFC 959 5.4).
struct UnimplementedVerb {
    Verb verb;
    std::string_view reference;
};
inline constexpr auto kUnimplementedVerbs = std::to_array<UnimplementedVerb>({
    {Verb("ADAT"), "RFC 2228 3"},
    {Verb("MIC"), "RFC 2228 3"},
    {Verb("CONF"), "RFC 2228 3"},
    {Verb("ENC"), "RFC 2228 3"},
    {Verb("MMD5"), "draft-twine-ftpmd5-00"},
    {Verb("THMB"), "draft-peterson-streamlined-ftp-command-extensions-10 7"},
});

// Commands behind SITE, in the same style. Their names may be longer than a verb.
enum class SiteId : std::uint8_t {
    Chgrp, Chmod, Copy, Cpfr, Cpto, Hash, Help, Idle, Mkdir, Quota, Rmdir, Symlink, Umask, Utime,
    Who, Count_,
};
inline constexpr std::size_t kSiteIdCount = static_cast<std::size_t>(SiteId::Count_);

struct SiteRow {
    std::string_view name;
    SiteId id;
    bool writes_tree = false;
    std::string_view feature;
    std::string_view syntax;
};
inline constexpr auto kSiteTable = std::to_array<SiteRow>({
    {"CHGRP", SiteId::Chgrp, true, "", "<group> <path>"},
    {"CHMOD", SiteId::Chmod, true, "", "<octal mode> <path>"},
    {"COPY", SiteId::Copy, true, "SITE COPY", "<file> <new name>"},
    {"CPFR", SiteId::Cpfr, true, "", "<file>"},
    {"CPTO", SiteId::Cpto, true, "", "<new name>"},
    {"HASH", SiteId::Hash, false, "", "<file>"},
    {"HELP", SiteId::Help, false, "", ""},
    {"IDLE", SiteId::Idle, false, "", "[<seconds>]"},
    {"MKDIR", SiteId::Mkdir, true, "SITE MKDIR", "<directory>"},
    {"QUOTA", SiteId::Quota, false, "", ""},
    {"RMDIR", SiteId::Rmdir, true, "SITE RMDIR", "<directory>"},
    {"SYMLINK", SiteId::Symlink, true, "SITE SYMLINK", "<target> <link>"},
    {"UMASK", SiteId::Umask, true, "", "[<octal mask>]"},
    {"UTIME", SiteId::Utime, true, "SITE UTIME",
     "<YYYYMMDDhhmm[ss]> <path> | <path> <atime> <mtime> <ctime> UTC"},
    {"WHO", SiteId::Who, false, "", ""},
});

// The row of a verb (an alias finds its own row), or null. One multiplication and one comparison.
const CommandRow* find_command(Verb verb);
// The entry of a verb that an RFC defines and sluice does not offer, or null.
const UnimplementedVerb* find_unimplemented(Verb verb);
// The row of a SITE command by its name in any case, or null.
const SiteRow* find_site_command(std::string_view name);
// The row of a command that is not an alias.
const CommandRow& command_row(CommandId id);

}  // namespace sluice::proto
