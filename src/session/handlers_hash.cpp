// HASH, MD5, XCRC, XMD5, XSHA1, XSHA256, XSHA512 and SITE HASH: digests of files.
// draft-bryan-ftpext-hash-02, draft-twine-ftpmd5-00; the X... commands have no document but their
// habits.
//
// A command answers at once where the cache knows the digest or something forbids it. Else the work
// is a job beside the control loop, in rounds on helpers (xfer::digest_file): STAT shows how far it
// is, ABOR ends it, everything else waits in order.
#include "session/handlers_hash.hpp"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "session/handlers.hpp"
#include "session/handlers_range.hpp"
#include "session/reply_for_error.hpp"
#include "session/stored_digests.hpp"
#include "sluice/xfer/pumps.hpp"

namespace sluice::session {
namespace {

using digest::Algorithm;
using proto::CommandId;
using proto::ReplyCode;

enum class AnswerForm : std::uint8_t {
    Full,        // HASH: "213 SHA-256 0-99 <hex> name"
    DigestOnly,  // X...: "250 <hex>", what clients of those commands look for
    AfterName,   // MD5: "251 name <hex>"
};

// What is asked for, from the command line to the answer.
class Order {
public:
    Order(std::string_view of_verb, Algorithm wanted, AnswerForm answer_form)
        : verb(of_verb), algorithm(wanted), form(answer_form) {}

    std::string_view verb;  // static storage
    Algorithm algorithm;
    AnswerForm form;
    std::string name;  // as the client has written it
    std::string path;
    proto::ByteRange range;
    vfs::File file;

    std::uint64_t length() const { return static_cast<std::uint64_t>(range.end - range.first); }
    bool is_whole_file() const { return range.first == 0 && range.end == file.status.size; }
    std::string answer(const digest::Value& value) const;

    // The two jobs on helpers, before and after the reading.
    void prepare(sys::Kernel& kernel, digest::Shared& shared, digest::ClientKey client);
    Result<digest::Value> finish(sys::Kernel& kernel, digest::Shared& shared,
                                 digest::ClientKey client, const Status& read,
                                 std::uint64_t bytes_read);

    // What prepare() has found.
    std::optional<digest::Value> known;
    std::optional<digest::Hasher> hasher;
    digest::Verdict verdict = digest::Verdict::Granted;
    Errc error = Errc::Ok;

private:
    bool is_cacheable_ = false;
    Instant entered_;
};

std::string Order::answer(const digest::Value& value) const {
    if (form == AnswerForm::DigestOnly) {
        return value.hex();
    }
    if (form == AnswerForm::AfterName) {
        return fmt::format("{} {}", name, value.hex());
    }
    const std::int64_t last = range.end > range.first ? range.end - 1 : range.first;
    return fmt::format("{} {}-{} {} {}", digest::name_of(algorithm), range.first, last, value.hex(),
                       name);
}

// Looks into the cache, else enters the client's budget.
void Order::prepare(sys::Kernel& kernel, digest::Shared& shared, digest::ClientKey client) {
    // Before the first byte is read: a change from here on will show in the file's times.
    is_cacheable_ = is_whole_file() && file.fs_class != vfs::FsClass::Remote &&
                    digest::is_settled(file_state(file.status), kernel.wall_time());
    if (is_whole_file()) {
        known = shared.cache.find(file_state(file.status), algorithm);
    }
    if (known) {
        return;
    }
    Result<digest::Hasher> begun = digest::Hasher::begin(algorithm);
    if (!begun) {
        error = begun.error().code;
        return;
    }
    entered_ = kernel.now();
    verdict = shared.budget.enter(client, length(), entered_);
    if (verdict == digest::Verdict::Granted) {
        hasher.emplace(std::move(*begun));
    }
}

// Busy when the file has changed meanwhile: what was read may be neither the old nor the new one.
Result<digest::Value> Order::finish(sys::Kernel& kernel, digest::Shared& shared,
                                    digest::ClientKey client, const Status& read,
                                    std::uint64_t bytes_read) {
    shared.budget.leave(client, length() - bytes_read, entered_);
    const Result<sys::FileStatus> now = kernel.status(file.fd.number());
    file.fd.reset();
    if (!read) {
        return fail(read.error().code == Errc::Truncated ? Error(Errc::Busy) : read.error());
    }
    if (!now) {
        return fail(now.error());
    }
    if (!(file_state(*now) == file_state(file.status))) {
        return fail(Errc::Busy);
    }
    Result<digest::Value> value = hasher->finish();
    if (value && is_cacheable_) {
        shared.cache.add(file_state(*now), algorithm, *value);
    }
    return value;
}

// An IPv4 address, or the /64 that an IPv6 client can choose its addresses from.
digest::ClientKey key_of(const sys::SocketAddress& peer) {
    digest::ClientKey key;
    key.is_v6 = peer.is_v6();
    std::memcpy(&key.network, peer.bytes(), peer.is_v6() ? 8 : 4);
    return key;
}

// The draft's section 3.5; the X... commands know fewer codes.
ReplyCode code_for_digest(Errc code, AnswerForm form) {
    if (form == AnswerForm::Full && code == Errc::IsDirectory) {
        return ReplyCode::BadFileName;
    }
    if (form == AnswerForm::Full && code == Errc::NotRegularFile) {
        return ReplyCode::PageTypeUnknown;
    }
    if (code == Errc::NotSupported) {
        return ReplyCode::ParameterNotImplemented;
    }
    return code_for(code, PathUse::Existing);
}

void refuse(Session& session, Error error, AnswerForm form) {
    std::string text(text_of(error));
    text[0] = proto::ascii_upper(text[0]);
    session.reply(code_for_digest(error.code, form), {text, "."});
}

ReplyCode code_of_success(AnswerForm form) {
    switch (form) {
        case AnswerForm::Full:
            return ReplyCode::FileStatus;
        case AnswerForm::DigestOnly:
            return ReplyCode::FileActionOkay;
        case AnswerForm::AfterName:
            return ReplyCode::DigestOfFile;
    }
    return ReplyCode::FileStatus;
}

// Fits the range to the file. The answer of HASH names the bytes it is about, so its range may end
// with the file; the others say nothing of that, so theirs must be there.
bool fit_range(Session& session, Order& order) {
    const std::int64_t size = order.file.status.size;
    const bool is_short =
        order.form == AnswerForm::Full ? order.range.first >= size : order.range.end > size;
    if (order.range.is_set() && is_short) {
        session.reply(
            order.form == AnswerForm::Full ? ReplyCode::BadRestart : ReplyCode::BadArgument,
            "The range lies behind the end of the file.");
        return false;
    }
    order.range.end = std::min(order.range.end, size);
    const std::uint64_t length_max = session.config().limits.hash_file_max;
    if (length_max > 0 && order.length() > length_max) {
        session.reply(ReplyCode::RefusedByPolicy, "This file is too large for a digest here.");
        return false;
    }
    return true;
}

// True: the digest must be computed, and the client may have it.
bool is_to_compute(Session& session, const Order& order) {
    if (order.known) {
        session.reply(code_of_success(order.form), order.answer(*order.known));
        return false;
    }
    if (order.error != Errc::Ok) {
        refuse(session, order.error, order.form);
        return false;
    }
    switch (order.verdict) {
        case digest::Verdict::Granted:
            return true;
        case digest::Verdict::Busy:
            session.reply(ReplyCode::FileBusy,
                          "Too many digests at the same time, try again later.");
            return false;
        case digest::Verdict::Spent:
            session.reply(ReplyCode::ExceededAllocation, "Too many bytes for digests in one hour.");
            return false;
    }
    return false;
}

// Beside the control loop.
io::Task<void> compute(Session& session, std::unique_ptr<Order> order) {
    Session::Job& job = session.job();
    const xfer::DigestWork reading{session.reactor(), session.services().buffers.digest, job.stop,
                                   job.done};
    const Status read = co_await xfer::digest_file(reading, order->file, order->range.first,
                                                   order->range.end, *order->hasher);
    sys::Kernel& kernel = session.reactor().kernel();
    digest::Shared& shared = session.services().digests;
    const digest::ClientKey client = key_of(session.peer());
    auto work = [&order, &kernel, &shared, client, &read, bytes = job.done] {
        return order->finish(kernel, shared, client, read, bytes);
    };
    const Result<digest::Value> value = co_await session.reactor().on_helper(work);
    if (value) {
        session.end_job(code_of_success(order->form), {order->answer(*value)});
    } else if (value.error().code == Errc::Stopped) {
        session.end_job(ReplyCode::TransferAborted, {order->verb, " aborted."});
    } else if (value.error().code == Errc::Busy) {
        session.end_job(ReplyCode::FileBusy, {"The file has changed while it was read."});
    } else {
        session.end_job(code_for_digest(value.error().code, order->form),
                        {"The file could not be read: ", text_of(value.error()), "."});
    }
}

io::Task<void> carry_out(Session& session, std::unique_ptr<Order> order) {
    if (session.config().limits.hash_at_once == 0) {
        session.reply(ReplyCode::ExceededAllocation, "Digests are not allowed here.");
        co_return;
    }
    Result<std::string> path = session.resolve(order->name);
    if (!path) {
        refuse(session, path.error(), order->form);
        co_return;
    }
    order->path = std::move(*path);
    Result<vfs::File> file = co_await session.tree().open_for_reading(order->path);
    if (!file) {
        refuse(session, file.error(), order->form);
        co_return;
    }
    order->file = std::move(*file);
    if (!fit_range(session, *order)) {
        co_await session.tree().close(order->file);
        co_return;
    }
    sys::Kernel& kernel = session.reactor().kernel();
    digest::Shared& shared = session.services().digests;
    const digest::ClientKey client = key_of(session.peer());
    auto work = [&order, &kernel, &shared, client] {
        order->prepare(kernel, shared, client);
        return true;
    };
    (void)co_await session.reactor().on_helper(work);  // the results are in `order`
    if (!is_to_compute(session, *order)) {
        co_await session.tree().close(order->file);
        co_return;
    }
    session.begin_job(order->verb, order->path, "bytes").total = order->length();
    io::Task<void> task = compute(session, std::move(order));
    session.run_job(std::move(task));
}

std::unique_ptr<Order> make_checksum_order(CommandId id) {
    constexpr AnswerForm form = AnswerForm::DigestOnly;
    switch (id) {
        case CommandId::Xmd5:
            return std::make_unique<Order>("XMD5", Algorithm::Md5, form);
        case CommandId::Xsha1:
            return std::make_unique<Order>("XSHA1", Algorithm::Sha1, form);
        case CommandId::Xsha256:
            return std::make_unique<Order>("XSHA256", Algorithm::Sha256, form);
        case CommandId::Xsha512:
            return std::make_unique<Order>("XSHA512", Algorithm::Sha512, form);
        default:
            return std::make_unique<Order>("XCRC", Algorithm::Crc32, form);
    }
}

// A name in quotes with its doubled quotes single.
std::string without_doubled_quotes(std::string_view text) {
    std::string name;
    name.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        name += text[i];
        if (text[i] == '"') {
            ++i;
        }
    }
    return name;
}

io::Task<void> hash(Session& session, std::string_view argument) {
    auto order = std::make_unique<Order>("HASH", session.state().hash, AnswerForm::Full);
    order->name = argument;
    order->range = take_range(session);
    co_await carry_out(session, std::move(order));
}

}  // namespace

proto::CommandSet digest_commands() {
    proto::CommandSet all;
    for (const CommandId id : {CommandId::Hash, CommandId::Md5, CommandId::Xcrc, CommandId::Xmd5,
                               CommandId::Xsha1, CommandId::Xsha256, CommandId::Xsha512}) {
        all.set(static_cast<std::size_t>(id));
    }
    return all;
}

void set_hash_option(Session& session, std::string_view value) {
    if (!value.empty()) {
        const std::optional<Algorithm> algorithm = digest::find_algorithm(value);
        if (!algorithm) {
            session.reply(ReplyCode::BadArgument,
                          "Unknown algorithm, current selection not changed.");
            return;
        }
        session.state().hash = *algorithm;
    }
    session.reply(ReplyCode::Okay, digest::name_of(session.state().hash));
}

io::Task<void> handle_hash(Session& session, const Command& command) {
    co_await hash(session, command.argument);
}

io::Task<void> site_hash(Session& session, std::string_view argument) {
    if (argument.empty()) {
        session.reply(ReplyCode::BadArgument, "SITE HASH wants a path.");
        co_return;
    }
    co_await hash(session, argument);
}

// Of the whole file always: the draft knows no ranges, and ProFTPD and SFTPGo give none.
io::Task<void> handle_md5(Session& session, const Command& command) {
    auto order = std::make_unique<Order>("MD5", Algorithm::Md5, AnswerForm::AfterName);
    order->name = command.argument;
    co_await carry_out(session, std::move(order));
}

io::Task<void> handle_checksum(Session& session, const Command& command) {
    const Result<proto::ChecksumArgument> parsed = proto::parse_checksum_argument(command.argument);
    if (!parsed) {
        session.reply(ReplyCode::BadArgument,
                      "A file is wanted, or a file, its first byte and "
                      "the byte behind the last.");
        co_return;
    }
    std::unique_ptr<Order> order = make_checksum_order(proto::find_command(command.verb)->id);
    order->name = parsed->is_quoted ? without_doubled_quotes(parsed->path) : parsed->path;
    order->range = parsed->range;
    if (parsed->may_be_all_name) {
        const Result<std::string> whole = session.resolve(command.argument);
        Result<sys::FileStatus> status = fail(Errc::NotFound);
        if (whole) {
            status = co_await session.tree().status(*whole);
        }
        if (status) {
            order->name = command.argument;
            order->range = proto::ByteRange();
        }
    }
    co_await carry_out(session, std::move(order));
}

}  // namespace sluice::session
