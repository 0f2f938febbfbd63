// Where an upload goes, and what its end makes of it.
//
// The promise (security: "What an upload promises"): the file that stood under the name stays whole
// until the new one is whole and takes its place in one step.
//   STOR             an unnamed file (O_TMPFILE) in the target's directory; commit gives it its
//   name.
//                    If the name is taken it is linked under a hidden name and renamed over the old
//                    file, whose permission bits the new one has. Where the file system knows no
//                    unnamed files, a hidden name from the start, locked and swept
//                    (upload_sweep.hpp).
//   REST n + STOR,   in place on the existing file, because the client asked to go on with it. Not
//   APPE             atomic. APPE to a missing name is a new file that replaces nothing.
//   STOU             a new file under a name of our choice.
// A name that is a link means the file it points at, inside the root: that one is replaced, the
// link stays.
//
// With `partial` = dot_partial a broken upload of a new name or over a complete file is kept as
// NAME.partial, an ordinary file: a client resumes it by REST + STOR NAME.partial and renames it.
// REST + STOR NAME never reads it, and a STOR of NAME that ends well removes it.
//
// Life: begin -> write at offset(), advance() -> commit or abandon. One write at a time and in
// order, so that what is there is always a prefix of what was sent.
// Owned by: Transfer. Thread: its shard, and the helper job it waits for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/result.hpp"
#include "sluice/config/snapshot.hpp"
#include "sluice/io/task.hpp"
#include "sluice/sys/fd.hpp"
#include "sluice/vfs/fs_class.hpp"
#include "sluice/vfs/hidden_name.hpp"
#include "sluice/vfs/root.hpp"
#include "sluice/vfs/tree.hpp"

namespace sluice::vfs {

enum class UploadIntent : std::uint8_t {
    Replace,   // STOR
    ResumeAt,  // REST n + STOR, n > 0; RANG + STOR, also from 0
    Append,    // APPE
    Unique,    // STOU: the last component of the path is what the chosen name begins with
};

struct UploadRequest {
    std::string_view path;  // stays valid until begin() has ended
    UploadIntent intent = UploadIntent::Replace;
    std::int64_t resume_at = 0;  // ResumeAt only
    std::uint32_t file_mode = 0644;  // of a file that is new
    config::Durability durability = config::Durability::None;
    config::PartialUpload partial = config::PartialUpload::Keep;
    bool tells_status = false;  // status_at_end() is wanted
};

class UploadTarget {
public:
    enum class State : std::uint8_t { Idle, Open, Closed };

    explicit UploadTarget(Tree& tree) : tree_(tree) {}
    UploadTarget(const UploadTarget&) = delete;
    UploadTarget& operator=(const UploadTarget&) = delete;
    // An open target leaves nothing behind (but may sleep over it: end it properly).
    ~UploadTarget();

    // Before 150: everything that can be refused without data is refused here. IsDirectory,
    // NotRegularFile (FIFO, device), OutOfRange (resume_at beyond the end: 554), AccessDenied,
    // ReadOnly, NotFound (no such directory), BadName, LinkLoop, NoSpace, QuotaExceeded.
    io::Task<Status> begin(const UploadRequest& request);

    // The file to write to, by Kernel::write_at at offset().
    int fd() const { return fd_.number(); }
    std::int64_t offset() const { return start_ + written_; }
    void advance(std::uint64_t bytes) { written_ += static_cast<std::int64_t>(bytes); }
    std::int64_t bytes_written() const { return written_; }
    FsClass fs_class() const { return fs_class_; }
    State state() const { return state_; }
    // What was written changed a file that stood there, or went into one of our own.
    bool is_in_place() const { return kind_ == Kind::InPlace; }
    // After commit() or abandon(), where the request asked for it and the kernel could tell: the
    // file as the upload has left it, its times those of its last change by us.
    const std::optional<sys::FileStatus>& status_at_end() const { return status_at_end_; }
    // The final name, without its directory: what STOU answers.
    std::string_view name() const { return place_.name.view(); }

    // Makes the upload what it was meant to be; 226 only after Ok. On an error nothing of it is
    // promised: a new file is dropped, the old one stays. A failed fsync is never asked again: the
    // kernel has marked the pages clean. NoSpace, QuotaExceeded, InputOutput, ReadOnly stay apart.
    io::Task<Status> commit();

    // The upload broke off. True when something of it is left: a new name with at least one byte if
    // `partial` is keep (never over a file that came to the name meanwhile), NAME.partial with at
    // least one byte if it is dot_partial (instead of an older one), and always what was written in
    // place. An existing complete file stays as it was. `may_keep` false: as if `partial` were
    // discard.
    io::Task<bool> abandon(bool may_keep = true);

private:
    enum class Kind : std::uint8_t {
        Unnamed,  // O_TMPFILE
        Named,    // a hidden name, locked
        InPlace,  // the file itself
    };

    // The bodies of the helper jobs, and their steps.
    Status begin_blocking(const UploadRequest& request);
    Status choose_place(const UploadRequest& request);
    // `there`: what stands under the name, if anything does.
    Status begin_at_place(const UploadRequest& request, const sys::FileStatus* there);
    Status begin_in_place(const UploadRequest& request);
    Status begin_new(std::uint32_t mode);
    Result<bool> begin_unnamed(std::uint32_t mode);  // false: there are none here
    Result<bool> learn_unnamed_links();
    Status begin_named(std::uint32_t mode);
    Status adopt(sys::Fd&& fd);
    Status open_for_directory_sync();
    Status commit_blocking();
    Status sync_data();
    Status publish();
    Status publish_unnamed();
    Status publish_named();
    Status keep_under_name();
    Status keep_as_partial();
    void remove_partial();
    bool abandon_blocking(bool may_keep);
    void note_status();
    void drop();

    Tree& tree_;
    ParentAndName place_;  // the final directory and name, links chased
    sys::Fd fd_;
    sys::Fd sync_directory_;  // durability full: the directory, open for fsync
    std::int64_t start_ = 0;
    std::int64_t written_ = 0;
    FixedString<kHiddenNameBytes> hidden_;  // Kind::Named: its present name
    State state_ = State::Idle;
    Kind kind_ = Kind::Unnamed;
    UploadIntent intent_ = UploadIntent::Replace;
    config::Durability durability_ = config::Durability::None;
    config::PartialUpload partial_ = config::PartialUpload::Keep;
    FsClass fs_class_ = FsClass::Remote;
    bool replaces_ = false;  // a file stood under the name at begin
    bool tells_status_ = false;
    std::optional<sys::FileStatus> status_at_end_;
};

}  // namespace sluice::vfs
