#include "sim/checks.hpp"

#include <string>

namespace sluice::sim {
void check_turn(World& world, const Server& server, const config::Snapshot& config) {
    if (server.session_count() > config.limits.max_sessions) {
        panic("%u sessions, where %u are the limit", server.session_count(),
              config.limits.max_sessions);
    }
    for (std::size_t i = 0; i < kSleepCount; ++i) {
        const Sleep kind = static_cast<Sleep>(i);
        // Without cachestat only samples of the pages are looked at (vfs/cache_probe.cpp).
        const bool is_hint = kind == Sleep::SendCold || kind == Sleep::ReadCold;
        if (is_hint && world.faults.rate(Fault::NoCacheStat) != 0) { continue; }
        if (world.kernel.sleeps(kind) != 0) { panic("a shard has slept: %s", name_of(kind)); }
    }
}

bool is_at_rest(World& world, const Server& server) {
    return world.kernel.open_descriptors() == server.descriptors_at_rest() &&
           world.helpers.pending() == 0;
}

void check_at_rest(World& world, const Server& server) {
    if (server.log().open_sessions() != 0) {
        panic("%zu sessions began and never ended in the log", server.log().open_sessions());
    }
    if (world.kernel.open_descriptors() != server.descriptors_at_rest()) {
        panic("%zu descriptors are open at rest, %zu at the start",
              world.kernel.open_descriptors(), server.descriptors_at_rest());
    }
    if (world.helpers.pending() != 0) { panic("helper jobs without a session"); }
    if (server.live_frames() != 0) {
        panic("%llu coroutine frames live without a session",
              static_cast<unsigned long long>(server.live_frames()));
    }
}

void check_stopped(World& world, const Server& server) {
    if (server.operations_in_flight() != 0 || server.live_frames() != 0 ||
        server.session_count() != 0 || world.helpers.pending() != 0) {
        panic("a server that has ended has %u operations, %llu frames, %u sessions in flight",
              server.operations_in_flight(), static_cast<unsigned long long>(server.live_frames()),
              server.session_count());
    }
}

void check_gone(World& world, Library& library) {
    if (world.kernel.open_descriptors() != 0) {
        panic("%zu descriptors are left", world.kernel.open_descriptors());
    }
    if (world.network.open_count(Side::Server) != 0) {
        panic("%zu sockets are left", world.network.open_count(Side::Server));
    }
    if (world.files.open_total() != 0) { panic("files are left open"); }
    // An unlink that failed with a fault may leave one; the sweep of the next start removes it.
    const bool may_leave = world.faults.rate(Fault::InputOutput) != 0 ||
                           world.faults.rate(Fault::ReadOnly) != 0;
    const std::vector<std::string> hidden = library.hidden_leftovers();
    if (!hidden.empty() && !may_leave) { panic("%s is left behind", hidden[0].c_str()); }
}

void check_power_cut(World& world, const config::Snapshot& config,
                     const std::vector<std::unique_ptr<Client>>& clients) {
    if (config.upload.durability == config::Durability::None) { return; }
    Files after = world.files;
    after.crash();
    for (const std::unique_ptr<Client>& client : clients) {
        for (const Client::Stored& stored : client->stored()) {
            const InodeId found = after.find(Library::kRoot + stored.path);
            if (found == 0) {
                if (config.upload.durability == config::Durability::Full) {
                    panic("after a power cut %s is gone, which was stored with a 226",
                          stored.path.c_str());
                }
                continue;
            }
            // `data` promises that what is there is whole: it may be the file that was replaced.
            const bool may_be_older = config.upload.durability == config::Durability::Data;
            if (may_be_older && found != world.files.find(Library::kRoot + stored.path)) {
                continue;
            }
            // An earlier sync of this very file has failed, its upload was answered with 451, and a
            // resumed one was added to it: the kernel has forgotten that the old pages never
            // reached the disk, and no server can know (fsync(2), "EIO").
            if (after.get(found).sync_lost) { continue; }
            std::string bytes(stored.bytes.size() + 1, '\0');
            const std::size_t got = after.get(found).data.read(
                0, MutableBytes(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()));
            bytes.resize(got);
            if (bytes != stored.bytes) {
                panic("after a power cut %s has %zu bytes that are not the %zu stored with a 226",
                      stored.path.c_str(), got, stored.bytes.size());
            }
        }
    }
}

}  // namespace sluice::sim
