// The pumps: each moves the bytes of one kind of transfer and nothing else.
//
// All take an opened Transfer and return when the last byte was handed to TCP (downloads) or to
// the file (uploads), or with what went wrong. They move at most `transfer.slice` bytes per turn
// and share the shard's budget (io::Reactor::take_budget); what may sleep runs on a helper.
// Errors: Stopped (by the Transfer's StopSource), ConnectionReset and kin from the client's side,
// InputOutput, NoSpace, QuotaExceeded from the file's, Truncated when the file became shorter than
// it was when it was opened.
#pragma once

#include <limits>
#include <span>

#include "sluice/digest/hasher.hpp"
#include "sluice/io/task.hpp"
#include "sluice/vfs/file.hpp"
#include "sluice/vfs/upload_target.hpp"
#include "sluice/xfer/encoding.hpp"
#include "sluice/xfer/transfer.hpp"

namespace sluice::xfer {

// RETR, TYPE I (pump_sendfile.cpp): from the page cache by sendfile(2); cold windows are filled on
// a helper first.
io::Task<Status> send_file(Transfer& transfer, const vfs::File& file, std::int64_t offset);

// The same over TLS, encrypted here (pump_tls.cpp). send_file() goes there by itself when the
// kernel does not encrypt.
io::Task<Status> send_file_protected(Transfer& transfer, const vfs::File& file,
                                     std::int64_t offset);

// RETR, any other Encoding (pump_encoded.cpp). `offset` counts bytes of the file, whatever MODE and
// STRU make of them; but where line ends are turned it counts bytes behind that (RFC 3659 5.2), so
// the file is converted from its start and the first `offset` bytes are left out. OutOfRange when
// there are fewer.
io::Task<Status> send_file_encoded(Transfer& transfer, const vfs::File& file, Encoding encoding,
                                   std::int64_t offset);

// STOR and its kin, TYPE I (pump_store.cpp).
struct StoreOptions {
    // Fed with what is written, on the helper that has just written it. Null: none.
    digest::HasherSet* digests = nullptr;
    // RANG: what may be written. A byte more from the client is FileTooBig, and is written nowhere.
    std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max();
};
io::Task<Status> receive_file(Transfer& transfer, vfs::UploadTarget& target,
                              StoreOptions options = {});
// The same, any other Encoding (pump_decoded.cpp). EndOfStream when the client closed before the
// end mark of MODE B, MODE Z or STRU R: what has come is a true beginning. Protocol for bytes that
// are no such stream, or lie behind its end: then nothing of what has come is to be trusted.
// FileTooBig at the limit of `encoding.inflate_ratio`.
io::Task<Status> receive_file_decoded(Transfer& transfer, vfs::UploadTarget& target,
                                      Encoding encoding);

// HASH and its kin (pump_digest.cpp): `hasher` is fed with the bytes from `offset` to before `end`,
// in rounds on helpers. Truncated when the file ends before `end`.
struct DigestWork {
    io::Reactor& reactor;
    BufferPool& pool;  // BufferPools::digest
    io::StopSource& stop;
    std::uint64_t& done;  // bytes read so far, for who looks meanwhile
};
io::Task<Status> digest_file(DigestWork work, const vfs::File& file, std::int64_t offset,
                             std::int64_t end, digest::Hasher& hasher);

// Makes a text piece by piece, on helper threads. Implemented by the session, which knows FTP.
class TextSource {
public:
    struct Piece {
        std::size_t bytes = 0;
        bool more = false;

        Piece() = default;
        Piece(std::size_t b, bool m) : bytes(b), more(m) {}
    };
    // What every `out` has room for: more than the longest line of proto and what stands before it.
    static constexpr std::size_t kRoomMin = 10 * 1024;

    // Writes the next piece: about a millisecond of work, so perhaps no byte yet and `more` to
    // come.
    virtual Result<Piece> fill(std::span<char> out) = 0;

protected:
    ~TextSource() = default;
};
// LIST, NLST, MLSD (pump_listing.cpp): constant memory whatever the directory holds, and a failure
// to read it is a failure of the listing.
io::Task<Status> send_text(Transfer& transfer, TextSource& source);
// The next piece of `source` into `room`, made on a helper; time spent on it is progress. Stopped.
io::Task<Result<TextSource::Piece>> next_piece(Transfer& transfer, TextSource& source,
                                               MutableBytes room);
// Bytes already made.
io::Task<Status> send_bytes(Transfer& transfer, Bytes bytes);
// First of all where MODE or STRU are not the usual ones: send_text, send_bytes and
// Transfer::finish_sending then encode (outlet.cpp).
io::Task<Status> encode_listing(Transfer& transfer, Encoding encoding);

}  // namespace sluice::xfer
