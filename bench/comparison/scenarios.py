"""What every server is asked to do, in words of sluice-load.

A scenario is data: what it is called, how the generator is called, what the server must be able to
do, and which figures count. `bench/compare --help` and the page list them.
"""

MIB = 1 << 20
GIB = 1 << 30
COLD_FILES = 8
MANY = 100_000
FEW = 1_000
# Every upload gets a name of its own: Pure-FTPd lets anonymous users replace nothing, and ext4
# flushes a file that replaces another (auto_da_alloc), which would measure the disk. So many names
# for each session are more than any server uses up in one run; one that does is told by its errors.
UPLOAD_NAMES = 800
LARGE_UPLOADS = 8
# In a workload: the folder for the uploads of this one run.
UPLOADS = "$UPLOADS"


class Sizes:
    """What --quick shortens. Numbers that stand in the name of a scenario stay."""

    def __init__(self, quick):
        self.seconds = 0.7 if quick else 2.0
        # Logging 100 sessions in takes a server that forks most of a second.
        self.warmup = 0.3 if quick else 0.5
        self.warmup_forking = 0.8 if quick else 1.2
        # ProFTPD with mod_tls takes 25 ms of CPU before it greets anybody.
        self.warmup_slow = 4.0
        self.big_bytes = GIB
        self.cold_bytes = (16 if quick else 128) * MIB
        self.uploads_of_4_kib = 1000 if quick else 4000
        self.uploads_of_100_mib = LARGE_UPLOADS // 2 if quick else LARGE_UPLOADS
        self.long_listings = 1 if quick else 2
        self.idle_sessions = 5000
        # Forking servers need half a minute for 5,000 logins.
        self.idle_sessions_forking = 500 if quick else 5000


class Scenario:
    """`words(sizes)`: what sluice-load is told beyond URL, time and files.
    `needs`: what check.py tries before: "retr", "stor", or a listing and its folder. `served`:
    what check.make_files() must have made.
    `root`: "disk" or "memory", where the served folder is.
    `counted`: the run ends after a number of transfers, not of seconds; `warms_up`: it is also
    preceded by some time of the same work. Runs of seconds always are.
    `keeps`: what was uploaded stays until all is over. ext4 looks at each inode that was deleted in
    the last minutes before it gives out a new one, so thousands of them slow every server down.
    `words_of_floor`: the same for the floors, where they are so fast that little cannot be
    measured.
    `tls`: over explicit TLS 1.3 with AES-128-GCM.
    `work`: lines of a workload file instead of words, for what the command line cannot say."""

    def __init__(self, name, family, text, **more):
        self.name, self.family, self.text = name, family, text
        self.action = more.get("action")
        self.path = more.get("path", "")
        self.words = more.get("words", lambda sizes: [])
        self.words_of_floor = more.get("words_of_floor", self.words)
        self.work = more.get("work")
        self.unit = more.get("unit", "operation")
        self.metrics = more.get("metrics", ("cpu", "speed", "p99"))
        self.needs = more.get("needs", ("retr",))
        self.served = more.get("served", ())
        self.root = more.get("root", "disk")
        self.counted = more.get("counted", False)
        self.warms_up = more.get("warms_up", not self.counted)
        self.keeps = more.get("keeps", False)
        self.is_cold = more.get("is_cold", False)
        self.is_idle = more.get("is_idle", False)
        self.no_floor = more.get("no_floor")
        self.tls = more.get("tls", False)
        self.idle_sessions = more.get("idle_sessions")

    @property
    def writable(self):
        return "stor" in self.needs

    def described(self):
        return {"family": self.family, "text": self.text, "unit": self.unit,
                "metrics": list(self.metrics), "tls": self.tls, "no_floor": self.no_floor, "workload": self.work}


def sessions(count, *more):
    return lambda sizes: ["--sessions", str(count), *more]


def names_of_uploads(count):
    return ", ".join(f'"{UPLOADS}/%-{number}"' for number in range(count))


def upload(size, names):
    return f'[[work]]\naction = "upload"\nsize = "{size}"\npaths = [{names_of_uploads(names)}]\n'


def small_uploads(sizes):
    return ["--sessions", "50", "--transfers", str(sizes.uploads_of_4_kib)]


def large_uploads(sizes):
    return ["--sessions", "4", "--transfers", str(sizes.uploads_of_100_mib)]


def listing(verb, folder):
    return f'[[work]]\naction = "list"\nlisting = "{verb}"\npaths = ["{folder}"]\n'


def long_listings(sizes):
    return ["--sessions", "1", "--transfers", str(sizes.long_listings)]


def long_listings_of_floor(_sizes):
    return ["--sessions", "1", "--transfers", "100"]


SLOW = """
[[work]]
action = "slow-reader"
slow_rate = "2MiB"
paths = ["big"]
"""
MIXED = f"""
[[work]]
action = "download"
weight = 50
paths = ["file-64k", "file-1m"]
[[work]]
action = "upload"
weight = 20
size = {{ median = "32KiB", sigma = 1.0, max = "1MiB" }}
paths = [{names_of_uploads(UPLOAD_NAMES)}]
[[work]]
action = "list"
listing = "list"
weight = 10
paths = ["list-100"]
[[work]]
action = "noop"
weight = 20
"""


def uploads(size, root, where):
    small = size == "4KiB"
    return Scenario(
        f"upload-{'4k' if small else '100m'}-{root}", "uploads",
        f"uploads of {size} by {50 if small else 4} sessions, new names, to {where}",
        work=upload(size, UPLOAD_NAMES if small else LARGE_UPLOADS),
        words=small_uploads if small else large_uploads, unit="operation" if small else "GB",
        needs=("stor",), root=root, counted=True, warms_up=small, keeps=small and root == "disk")


def listings(verb, count):
    short = "1k" if count == FEW else "100k"
    many = count == MANY
    return Scenario(
        f"{verb}-{short}", "listings",
        f"{verb.upper()} of {count:,} entries by {'1 session' if many else '8 sessions'}",
        work=listing(verb, f"list-{short}"), words=long_listings if many else sessions(8),
        words_of_floor=long_listings_of_floor if many else sessions(8),
        needs=(f"{verb} list-{short}",), served=(f"list-{short}",), counted=many)


def secure(name, text, words=sessions(1), **more):
    return Scenario("tls-" + name, "tls", text + "; TLS 1.3, AES-128-GCM", tls=True,
                    words=lambda sizes: words(sizes) + TLS_WORDS, **more)


# Explicit TLS, certificate not checked. Data connections resume; control connections do not.
TLS_WORDS = ["--tls", "explicit", "--tls-ciphers", "TLS_AES_128_GCM_SHA256"]
TLS_IDLE = "tls-idle"
IDLE = "idle"
IDLE_TRAFFIC = "idle-traffic"

SCENARIOS = {scenario.name: scenario for scenario in (
    Scenario("bulk-1", "bulk", "downloads of 1 GiB by 1 session, page cache", action="download",
             path="big", words=sessions(1), unit="GB", served=("big",)),
    # Hardly one of these ends within a run, so there is no latency of a whole one.
    Scenario("bulk-100", "bulk", "downloads of 1 GiB by 100 sessions, page cache",
             action="download", path="big", words=sessions(100), unit="GB", served=("big",),
             metrics=("cpu", "speed")),
    Scenario("cold", "bulk", f"downloads by {COLD_FILES} sessions, a file each that is not in the "
             "page cache", action="download",
             words=sessions(COLD_FILES, "--path", "cold-%", "--transfers", str(COLD_FILES)),
             unit="GB",
             served=("cold",), counted=True, is_cold=True),
    # Slower ones would live on what the kernel holds for each connection, a megabyte and more.
    Scenario("slow-readers", "bulk", "downloads by 100 sessions that read 2 MiB a second",
             work=SLOW, words=sessions(100), unit="GB", served=("big",), metrics=("cpu", "speed")),
    Scenario("small-4k", "files", "downloads of 4 KiB by 100 sessions, a data connection each",
             action="small-files", path="file-4k", words=sessions(100), served=("file-4k",)),
    Scenario("small-1m", "files", "downloads of 1 MiB by 100 sessions, a data connection each",
             action="small-files", path="file-1m", words=sessions(100), unit="GB",
             served=("file-1m",)),
    Scenario("mixed", "files", "50 sessions: 50 % downloads of 64 KiB and 1 MiB, 20 % uploads of "
             "32 KiB (median), 10 % LIST of 100 entries, 20 % NOOP; tmpfs", work=MIXED,
             root="memory", words=sessions(50), needs=("retr", "stor", "list list-100"),
             served=("file-64k", "file-1m", "list-100")),
    uploads("4KiB", "disk", "a folder on a disk"),
    uploads("4KiB", "memory", "a tmpfs"),
    uploads("100MiB", "disk", "a folder on a disk"),
    uploads("100MiB", "memory", "a tmpfs"),
    Scenario("login", "sessions", "connect, log in, QUIT, 50 at once", action="login",
             words=sessions(50), needs=()),
    Scenario("noop", "sessions", "NOOP on 100 sessions", action="noop", words=sessions(100),
             needs=()),
    Scenario(IDLE, "memory", "5,000 sessions that are logged in and silent", is_idle=True,
             metrics=("memory", "user_memory"), needs=()),
    Scenario(IDLE_TRAFFIC, "sessions", "downloads of 4 KiB by 16 sessions beside 5,000 idle ones",
             is_idle=True, action="small-files", path="file-4k", words=sessions(16),
             served=("file-4k",)),
    listings("list", FEW),
    listings("mlsd", FEW),
    listings("list", MANY),
    listings("mlsd", MANY),
    secure("bulk-1", "downloads of 1 GiB by 1 session, page cache", action="download", path="big",
           unit="GB", served=("big",)),
    secure("bulk-100", "downloads of 1 GiB by 100 sessions, page cache", sessions(100),
           action="download", path="big", unit="GB", served=("big",), metrics=("cpu", "speed")),
    secure("login", "connect, AUTH, log in, QUIT, 50 at once, full handshakes (ECDSA P-256)",
           sessions(50), action="login", needs=()),
    secure("small-4k", "downloads of 4 KiB by 100 sessions, a data connection each, which resumes",
           sessions(100), action="small-files", path="file-4k", served=("file-4k",)),
    secure("upload-100m", "uploads of 100 MiB by 4 sessions, new names, to a tmpfs",
           large_uploads, work=upload("100MiB", LARGE_UPLOADS), unit="GB", needs=("stor",),
           root="memory", counted=True),
    secure("idle", "1,000 sessions that are logged in and silent", action="idle", needs=(),
           is_idle=True, metrics=("memory", "user_memory"), idle_sessions=(1000, 200),
           no_floor="a thread for each session"),
)}

FAMILIES = {
    "bulk": "Large files",
    "files": "Small files and a mix",
    "uploads": "Uploads",
    "sessions": "Sessions and commands",
    "listings": "Listings",
    "tls": "FTPS",
    "memory": "Memory of an idle session",
}
