#include "session/dispatch.hpp"

#include <array>

namespace sluice::session {
namespace {

using proto::CommandId;
using proto::kCommandIdCount;

constexpr std::array<Handler, kCommandIdCount> make_handlers() {
    std::array<Handler, kCommandIdCount> all = {};
    const auto at = [&all](CommandId id) -> Handler& { return all[static_cast<std::size_t>(id)]; };
    at(CommandId::User).later = handle_user;
    at(CommandId::Pass).later = handle_pass;
    at(CommandId::Acct).now = handle_acct;
    at(CommandId::Rein).now = handle_rein;
    at(CommandId::Quit).now = handle_quit;
    at(CommandId::Smnt).now = handle_smnt;
    at(CommandId::Auth).now = handle_auth;
    at(CommandId::Pbsz).now = handle_pbsz;
    at(CommandId::Prot).now = handle_prot;
    at(CommandId::Ccc).now = handle_ccc;
    at(CommandId::Sscn).now = handle_sscn;
    at(CommandId::Host).now = handle_host;
    at(CommandId::Cwd).later = handle_cwd;
    at(CommandId::Cdup).later = handle_cdup;
    at(CommandId::Pwd).now = handle_pwd;
    at(CommandId::Mkd).later = handle_mkd;
    at(CommandId::Rmd).later = handle_rmd;
    at(CommandId::Rmda).now = handle_rmda;
    at(CommandId::Dele).later = handle_dele;
    at(CommandId::Rnfr).later = handle_rnfr;
    at(CommandId::Rnto).later = handle_rnto;
    at(CommandId::Comb).now = handle_comb;
    at(CommandId::Port).now = handle_port;
    at(CommandId::Pasv).later = handle_pasv;
    at(CommandId::Eprt).now = handle_eprt;
    at(CommandId::Epsv).later = handle_epsv;
    at(CommandId::Lprt).now = handle_lprt;
    at(CommandId::Lpsv).later = handle_lpsv;
    at(CommandId::Cpsv).later = handle_cpsv;
    at(CommandId::Pret).later = handle_pret;
    at(CommandId::Type).now = handle_type;
    at(CommandId::Mode).now = handle_mode;
    at(CommandId::Stru).now = handle_stru;
    at(CommandId::Rest).now = handle_rest;
    at(CommandId::Allo).later = handle_allo;
    at(CommandId::Retr).later = handle_retr;
    at(CommandId::Stor).later = handle_stor;
    at(CommandId::Appe).later = handle_appe;
    at(CommandId::Stou).later = handle_stou;
    at(CommandId::Abor).now = handle_abor;
    at(CommandId::List).later = handle_list;
    at(CommandId::Nlst).later = handle_nlst;
    at(CommandId::Mlsd).later = handle_mlsd;
    at(CommandId::Mlst).later = handle_mlst;
    at(CommandId::Stat).later = handle_stat;
    at(CommandId::Size).later = handle_size;
    at(CommandId::Mdtm).later = handle_mdtm;
    at(CommandId::Mfmt).later = handle_mfmt;
    at(CommandId::Mfct).later = handle_mfct;
    at(CommandId::Mff).later = handle_mff;
    at(CommandId::Avbl).later = handle_avbl;
    at(CommandId::Dsiz).now = handle_dsiz;
    at(CommandId::Feat).now = handle_feat;
    at(CommandId::Opts).now = handle_opts;
    at(CommandId::Syst).now = handle_syst;
    at(CommandId::Help).now = handle_help;
    at(CommandId::Noop).now = handle_noop;
    at(CommandId::Site).later = handle_site;
    at(CommandId::Clnt).now = handle_clnt;
    at(CommandId::Csid).now = handle_csid;
    at(CommandId::Lang).now = handle_lang;
    at(CommandId::Hash).later = handle_hash;
    at(CommandId::Rang).now = handle_rang;
    at(CommandId::Md5).later = handle_md5;
    at(CommandId::Xcrc).later = handle_checksum;
    at(CommandId::Xmd5).later = handle_checksum;
    at(CommandId::Xsha1).later = handle_checksum;
    at(CommandId::Xsha256).later = handle_checksum;
    at(CommandId::Xsha512).later = handle_checksum;
    return all;
}

constexpr std::array<Handler, kCommandIdCount> kHandlers = make_handlers();

constexpr bool each_has_one_handler() {
    for (const Handler& handler : kHandlers) {
        if ((handler.now == nullptr) == (handler.later == nullptr)) { return false; }
    }
    return true;
}
// Under UBSan g++ 12 does not take the address of a function for constant (GCC 71962).
#if !defined(__SANITIZE_ADDRESS__)
static_assert(each_has_one_handler(), "a row of the command table has no handler");
#endif

}  // namespace

const Handler& handler_of(proto::CommandId id) {
    return kHandlers[static_cast<std::size_t>(id)];
}

}  // namespace sluice::session
