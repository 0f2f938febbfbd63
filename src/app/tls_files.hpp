// What tls.* names on the disk: read, judged, and made into what shards use. At start, for
// --check-config, and whenever the files change (tls_keeper.hpp).
// Thread: main, or the keeper's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/server/server.hpp"
#include "sluice/tls/ticket_keys.hpp"

namespace sluice::app {

// How long session tickets are good: longer than any session. A client that comes back the next day
// still saves the server a signature.
inline constexpr Duration kTicketLifetime = Duration::seconds(24 * 3600);

// What tells a file from the one that was there before. Links are followed: certbot renews by
// making them point elsewhere.
struct FileMark {
    Errc error = Errc::Ok;  // why nothing is known of it
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    WallTime modified;
    WallTime changed;
    std::uint32_t mode = 0;

    friend bool operator==(const FileMark& a, const FileMark& b) {
        return a.error == b.error && a.device == b.device && a.inode == b.inode &&
               a.size == b.size && a.modified.seconds == b.modified.seconds &&
               a.modified.nanoseconds == b.modified.nanoseconds &&
               a.changed.seconds == b.changed.seconds &&
               a.changed.nanoseconds == b.changed.nanoseconds;
    }
};
// Of all the files, in a fixed order; those of folders that come or go among them. May sleep.
std::vector<FileMark> marks_of_tls_files(sys::Kernel& kernel, const config::Snapshot& config);

// Their texts. Keys among them are wiped with it, so it lives no longer than it takes to read them.
struct TlsFiles {
    tls::Settings settings;
    std::string ticket_keys;  // of tls.ticket_keys; "": random ones

    ~TlsFiles();
};
// Nothing when one cannot be read; `findings` says which, beside warnings. May sleep.
std::optional<TlsFiles> read_tls_files(sys::Kernel& kernel, const config::Snapshot& config,
                                       tls::Findings& findings);

// One Context for each shard, over `keys`, which take those of the file. Nothing at all when
// something cannot be used: then `keys` are as they were, and `findings` says what is wrong.
server::TlsContexts make_tls_contexts(sys::Kernel& kernel, const TlsFiles& files,
                                      std::uint32_t shards, tls::TicketKeys& keys,
                                      tls::Findings& findings);

}  // namespace sluice::app
