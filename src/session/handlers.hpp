// The handlers of all commands, one declaration each; dispatch.cpp pairs them with the rows of
// proto::kCommandTable. A handler answers with exactly one reply (a transfer command: with its
// preliminary and final reply), and re-reads the session's state after every co_await.
#pragma once

#include "sluice/io/task.hpp"
#include "sluice/proto/command.hpp"
#include "sluice/session/session.hpp"

namespace sluice::session {

using proto::Command;

// handlers_login.cpp
io::Task<void> handle_user(Session& session, const Command& command);
io::Task<void> handle_pass(Session& session, const Command& command);
void handle_acct(Session& session, const Command& command);
void handle_rein(Session& session, const Command& command);
void handle_quit(Session& session, const Command& command);
// handlers_secure.cpp
void handle_auth(Session& session, const Command& command);
void handle_pbsz(Session& session, const Command& command);
void handle_prot(Session& session, const Command& command);
void handle_ccc(Session& session, const Command& command);
void handle_sscn(Session& session, const Command& command);
// Whether this client may have data connections between servers on which we are the TLS client;
// answered when not.
bool may_meet_servers(Session& session);
// handlers_negotiate.cpp
void handle_host(Session& session, const Command& command);
void handle_clnt(Session& session, const Command& command);
void handle_csid(Session& session, const Command& command);
void handle_lang(Session& session, const Command& command);
// handlers_tree.cpp
io::Task<void> handle_cwd(Session& session, const Command& command);
io::Task<void> handle_cdup(Session& session, const Command& command);
void handle_pwd(Session& session, const Command& command);
io::Task<void> handle_mkd(Session& session, const Command& command);
io::Task<void> handle_rmd(Session& session, const Command& command);
io::Task<void> handle_dele(Session& session, const Command& command);
io::Task<void> handle_rnfr(Session& session, const Command& command);
io::Task<void> handle_rnto(Session& session, const Command& command);
// handlers_data.cpp
void handle_port(Session& session, const Command& command);
io::Task<void> handle_cpsv(Session& session, const Command& command);
io::Task<void> handle_pasv(Session& session, const Command& command);
void handle_eprt(Session& session, const Command& command);
io::Task<void> handle_epsv(Session& session, const Command& command);
void handle_lprt(Session& session, const Command& command);
io::Task<void> handle_lpsv(Session& session, const Command& command);
// handlers_pret.cpp
io::Task<void> handle_pret(Session& session, const Command& command);
// handlers_params.cpp
void handle_type(Session& session, const Command& command);
void handle_mode(Session& session, const Command& command);
void handle_stru(Session& session, const Command& command);
void handle_rest(Session& session, const Command& command);
io::Task<void> handle_allo(Session& session, const Command& command);
void handle_opts(Session& session, const Command& command);
// handlers_range.cpp
void handle_rang(Session& session, const Command& command);
// handlers_hash.cpp
io::Task<void> handle_hash(Session& session, const Command& command);
io::Task<void> handle_md5(Session& session, const Command& command);
io::Task<void> handle_checksum(Session& session, const Command& command);
// handlers_retrieve.cpp
io::Task<void> handle_retr(Session& session, const Command& command);
// handlers_store.cpp
io::Task<void> handle_stor(Session& session, const Command& command);
io::Task<void> handle_appe(Session& session, const Command& command);
io::Task<void> handle_stou(Session& session, const Command& command);
// handlers_list.cpp
io::Task<void> handle_list(Session& session, const Command& command);
io::Task<void> handle_nlst(Session& session, const Command& command);
io::Task<void> handle_mlsd(Session& session, const Command& command);
// handlers_facts.cpp
io::Task<void> handle_mlst(Session& session, const Command& command);
io::Task<void> handle_stat(Session& session, const Command& command);
io::Task<void> handle_size(Session& session, const Command& command);
io::Task<void> handle_mdtm(Session& session, const Command& command);
io::Task<void> handle_mfmt(Session& session, const Command& command);
// handlers_mff.cpp
io::Task<void> handle_mfct(Session& session, const Command& command);
io::Task<void> handle_mff(Session& session, const Command& command);
// handlers_subtree.cpp
io::Task<void> handle_avbl(Session& session, const Command& command);
void handle_dsiz(Session& session, const Command& command);
void handle_rmda(Session& session, const Command& command);
// handlers_copy.cpp
void handle_comb(Session& session, const Command& command);
// handlers_site.cpp
io::Task<void> handle_site(Session& session, const Command& command);
// handlers_misc.cpp
void handle_abor(Session& session, const Command& command);
void handle_feat(Session& session, const Command& command);
void handle_syst(Session& session, const Command& command);
void handle_help(Session& session, const Command& command);
void handle_noop(Session& session, const Command& command);
void handle_smnt(Session& session, const Command& command);

}  // namespace sluice::session
