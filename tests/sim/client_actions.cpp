// Client: what to do next.
#include <algorithm>
#include <iterator>

#include "sim/client.hpp"
#include "sim/modes.hpp"
#include "sluice/digest/hasher.hpp"

namespace sluice::sim {
namespace {

// Commands without an effect on what comes after, for batches.
struct Harmless {
    std::string_view verb;
    std::string_view argument;
};
constexpr Harmless kHarmless[] = {
    {"NOOP", ""},          {"PWD", ""},
    {"SYST", ""},          {"FEAT", ""},
    {"HELP", ""},          {"STAT", ""},
    {"MODE", "C"},         {"STRU", "F"},
    {"CWD", "/pub"},       {"CDUP", ""},
    {"CWD", "/pub/some"},  {"SIZE", "/pub/some"},
    {"MDTM", "/pub/some"}, {"MLST", "/pub/link"},
    {"MLST", "/pub/many"}, {"STAT", "/pub/live"},
    {"OPTS", "UTF8 ON"},   {"CWD", "/pub/out"},
    {"SIZE", "/pub/out"},  {"MLST", "/pub/out-absolute"},
    {"MDTM", "/pub/loop"}, {"CWD", "../../../.."},
    {"CLNT", "sim"},       {"ALLO", "100 R 10"},
    {"LANG", "en"},        {"CSID", "Name=sim;"},
    {"DSIZ", "/"},         {"AVBL", ""},
    {"PRET", "LIST"},      {"LPSV", ""},
    {"SITE", "WHO"},       {"SITE", "IDLE"},
    {"SITE", "QUOTA"},     {"SMNT", "/"},
    {"HOST", "x.test"},    {"SITE", "SYMLINK x"},
    {"SIZE", "missing"},   {"RNTO", "/up/without-rnfr"},
    {"ACCT", "x"},         {"XYZZY", ""},
    {"MLST", "/pub/fifo"}, {"OPTS", "MLST type;size;"},
    {"HASH", "/pub/fifo"}, {"HASH", "/pub/out"},
    {"HASH", "/pub"},      {"HASH", "missing"},
    {"RANG", "1 0"},       {"RANG", "5 4"},
    {"OPTS", "STOR HASH SHA-256;CRC32"},
    {"OPTS", "STOR HASH OFF"},
};

}  // namespace

void Client::act() {
    Prng& prng = world_.prng;
    if (finishing_) {
        quit();
        return;
    }
    library_.maybe_change();
    if (world_.faults.strikes(Fault::JumpWallClock)) {
        world_.clock.jump_wall(Duration::seconds(static_cast<std::int64_t>(prng.below(4'000'000)) -
                                                 2'000'000));
    }
    next_action_ = world_.clock.now() +
                   Duration(static_cast<std::int64_t>(
                       prng.below(chance(10) ? 500'000'000 : 500'000)));
    if (chance(habits_.idles)) {
        next_action_ = world_.clock.now() +
                       Duration::seconds(static_cast<std::int64_t>(prng.below(400)));
        return;
    }
    if (chance(habits_.vanishes)) {
        vanish();
        return;
    }
    if (chance(habits_.garbage)) {
        act_garbage();
        return;
    }
    if (chance(habits_.pipelines)) {
        act_batch();
        return;
    }
    switch (prng.below(9)) {
        case 0: act_batch(); return;
        case 8: act_digest(); return;
        case 1:
        case 2: act_on_names(); return;
        default: act_transfer(); return;
    }
}

void Client::act_batch() {
    const std::uint64_t count = 1 + world_.prng.below(chance(habits_.pipelines) ? 30 : 2);
    for (std::uint64_t i = 0; i < count; ++i) {
        const Harmless& one = kHarmless[world_.prng.below(std::size(kHarmless))];
        // STAT is for a look at what runs, so it passes a DSIZ that has not been answered.
        if (one.verb == "STAT" && is_pending("DSIZ")) { continue; }
        command(one.verb, one.argument);
    }
}

// What ends a session from the server's side, or must not.
void Client::act_garbage() {
    switch (world_.prng.below(5)) {
        case 0:
            output_.append("GET / HTTP/1.1\r\nHost: sim\r\n\r\n");
            end_expected_ = true;
            return;
        case 1:
            output_.append(std::string(20'000, 'A'));
            output_.append("\r\nNOOP\r\n");
            end_expected_ = true;
            return;
        case 2:
            output_.append("\xFF\xF4\xFF\xF2");  // Telnet Interrupt and Synch before a command
            command("NOOP");
            return;
        case 3:
            output_.append("\r\n");  // an empty line has no reply
            command("NOOP");
            return;
        default: command("MKD", std::string_view("nul\0name", 8)); return;
    }
}

std::string Client::own_path() { return home_ + "/" + std::to_string(world_.prng.below(4)); }

// MKD, RMD, DELE and renames in the client's own directory, one at a time: what the reply says must
// be what the tree shows.
void Client::act_on_names() {
    const std::string path = own_path();
    std::string contents;
    const bool is_file = library_.read(path, contents);
    const bool exists = library_.exists(path);
    const auto check = [this, path](const char* verb) {
        return [this, path, verb](const Reply& reply) { check_change(verb, path, reply); };
    };
    std::erase_if(stored_, [&](const Stored& stored) { return stored.path == path; });
    switch (world_.prng.below(5)) {
        case 0: command("MKD", path, exists ? OnFinal() : check("MKD")); return;
        case 1: command("RMD", path, is_file || !exists ? OnFinal() : check("RMD")); return;
        case 2: command("DELE", path, is_file ? check("DELE") : OnFinal()); return;
        case 3: command("MFMT", "20240102030405 " + path); return;
        default: break;
    }
    const std::string target = own_path();
    std::erase_if(stored_, [&](const Stored& stored) { return stored.path == target; });
    command("RNFR", path, [this, path, target, contents, is_file](const Reply& reply) {
        if (reply.code != 350) { return; }
        command("RNTO", target, [this, path, target, contents, is_file](const Reply& renamed) {
            std::string now;
            if (renamed.code == 250) {
                if (path != target && library_.exists(path)) {
                    panic("client %u: %s is still there after its renaming", number_, path.c_str());
                }
                if (is_file && (!library_.read(target, now) || now != contents)) {
                    panic("client %u: %s is not what was renamed to it", number_, target.c_str());
                }
            } else if (is_file && (!library_.read(path, now) || now != contents)) {
                panic("client %u: a refused renaming has changed %s", number_, path.c_str());
            }
        });
    });
}

void Client::check_change(const std::string& verb, const std::string& path, const Reply& reply) {
    const bool exists = library_.exists(path);
    const bool done = reply.code == 250 || reply.code == 257;
    const bool should_exist = (verb == "MKD") == done;
    if (exists != should_exist) {
        panic("client %u: %s %s is answered with %d, and it is %s", number_, verb.c_str(),
              path.c_str(), reply.code, exists ? "there" : "gone");
    }
}

// A digest of a part of a file, or of a whole one that is not huge: that of something the file was
// between the command and its answer.
void Client::act_digest() {
    const std::vector<std::string>& files = library_.files();
    const std::string path = files[world_.prng.below(files.size())];
    const std::size_t since = library_.version_count(path) - 1;
    const std::int64_t size = library_.versions(path, since).front().size;
    std::int64_t first = 0;
    std::int64_t last = INT64_MAX;
    if (size > 3'000'000 || chance(50)) {
        first = size > 10'000'000 ? size - 200'000 : 0;
        first += static_cast<std::int64_t>(world_.prng.below(100'000));
        last = first + static_cast<std::int64_t>(world_.prng.below(100'000));
        command("RANG", std::to_string(first) + " " + std::to_string(last));
    }
    command("HASH", path, [this, path, since, first, last](const Reply& reply) {
        if (reply.code == 213) { check_digest(path, since, first, last, reply.text); }
    });
    library_.maybe_change();
    if (chance(habits_.aborts)) { command("ABOR"); }
}

void Client::check_digest(const std::string& path, std::size_t version_since, std::int64_t first,
                          std::int64_t last, const std::string& answer) {
    for (const Version& version : library_.versions(path, version_since)) {
        const std::int64_t end = last < version.size ? last + 1 : version.size;
        if (first > end) { continue; }
        std::string content(static_cast<std::size_t>(end - first), '\0');
        const MutableBytes bytes(reinterpret_cast<std::uint8_t*>(content.data()), content.size());
        fill_pattern(version.seed, first, bytes);
        Result<digest::Hasher> hasher = digest::Hasher::begin(digest::Algorithm::Sha256);
        hasher->update(bytes);
        const std::string expected = "SHA-256 " + std::to_string(first) + "-" +
                                     std::to_string(end > first ? end - 1 : first) + " " +
                                     hasher->finish()->hex() + " " + path;
        if (answer.find(expected) != std::string::npos) { return; }
    }
    panic("client %u: %s never had this digest: %s", number_, path.c_str(), answer.c_str());
}

void Client::act_transfer() {
    transfer_.emplace();
    ++transfer_number_;
    switch (world_.prng.below(5)) {
        case 0: draw_listing(); break;
        case 1:
        case 2: draw_upload(); break;
        default: draw_download(); break;
    }
    Transfer& t = *transfer_;
    t.abort_planned = chance(habits_.aborts);
    t.never_connects = chance(habits_.no_connection);
    if (chance(habits_.cuts)) { t.cut_at = world_.prng.below(100'000); }
    if (chance(30)) { t.mode = world_.prng.chance(1, 2) ? 'Z' : 'B'; }
    if (t.goal == Goal::Upload) { encode_upload(); }
    if (t.mode != mode_) {
        mode_ = t.mode;
        command("MODE", std::string(1, t.mode));
    }
    const bool binary = !t.ascii;
    if (binary == ascii_) {
        ascii_ = t.ascii;
        command("TYPE", t.ascii ? "A" : "I");
    }
    if (chance(habits_.wrong_port)) {
        set_up_wrong_port();
    } else if (world_.prng.chance(1, 4)) {
        t.way = Way::Active;
        set_up_active();
    } else {
        set_up_passive();
    }
}

void Client::draw_download() {
    Transfer& t = *transfer_;
    t.goal = Goal::Download;
    t.verb = "RETR";
    const std::vector<std::string>& files = library_.files();
    t.path = files[world_.prng.below(files.size())];
    t.version_since = library_.version_count(t.path) - 1;
    const std::int64_t size = library_.versions(t.path, t.version_since).front().size;
    if (size > 10'000'000) {
        t.restart = size - static_cast<std::int64_t>(world_.prng.below(100'000));
    } else if (chance(25)) {
        t.restart = static_cast<std::int64_t>(
            world_.prng.below(static_cast<std::uint64_t>(size) + 2));
    }
}

void Client::draw_upload() {
    Transfer& t = *transfer_;
    t.goal = Goal::Upload;
    t.path = own_path();
    const std::uint64_t kind = world_.prng.below(10);
    t.verb = kind == 0 ? "APPE" : kind == 1 ? "STOU" : "STOR";
    const std::uint64_t most = chance(5) ? 1'500'000 : chance(20) ? 400'000 : 5'000;
    const std::size_t size = world_.prng.below(most);
    t.wire.resize(size);
    fill_pattern(world_.prng.next(), 0,
                 MutableBytes(reinterpret_cast<std::uint8_t*>(t.wire.data()), size));
    if (chance(20)) {
        // Text: lines with CRLF on the wire and LF in the file.
        t.ascii = true;
        t.wire.clear();
        for (std::size_t i = 0; i < size / 20; ++i) {
            const std::string line = "line " + std::to_string(i);
            t.wire += line + "\r\n";
            t.content += line + "\n";
        }
    } else {
        t.content = t.wire;
    }
    std::erase_if(stored_, [&](const Stored& stored) { return stored.path == t.path; });
    t.existed = t.verb != "STOU" && library_.read(t.path, t.before);
    if (t.verb == "STOR" && t.existed && !t.ascii && chance(30)) {
        t.restart = static_cast<std::int64_t>(world_.prng.below(t.before.size() + 2));
    }
}

// What MODE makes of the bytes, and sometimes not all of it: then it must not be a success.
void Client::encode_upload() {
    Transfer& t = *transfer_;
    t.announced = t.wire.size();
    t.wire = to_wire(t.mode, t.wire);
    if (t.mode != 'S' && chance(10)) {
        t.lacks_end = true;
        t.wire.resize(t.wire.size() - 1 - world_.prng.below(std::min<std::size_t>(
                                              t.wire.size(), chance(50) ? 3 : SIZE_MAX)));
    }
}

void Client::draw_listing() {
    Transfer& t = *transfer_;
    t.goal = Goal::Listing;
    const std::string_view kVerbs[] = {"LIST", "NLST", "MLSD"};
    t.verb = kVerbs[world_.prng.below(std::size(kVerbs))];
    t.path = world_.prng.chance(3, 4) ? "/pub/many" : "/pub/none";
    t.ascii = chance(30);
}

}  // namespace sluice::sim
