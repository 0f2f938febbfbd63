"""The promises: which rows there are, what each must reach, and how a run is judged."""

import statistics

from measure import tls_work, work

ENGINES = ("io_uring", "epoll")
IDLE_CHARGED_MAX = 4096
IDLE_USER_MAX = 1024
LATENCY_P999_MS_MAX = 5.0
TLS_IDLE_USER_MAX = 20 * 1024
TLS_SENDS_MAX = 10
TLS_FLOOR = "baseline-tls"
FORKING_PEERS = ("vsftpd", "proftpd", "pure-ftpd")


class Row:
    """One line of work. `part` names the figures of a run that has more than one."""

    def __init__(self, name, unit, work_of_row, digits, parts=("",), uploads=False,
                 rounds_max=None, only=None, tls=False):
        self.name, self.unit, self.work, self.digits = name, unit, work_of_row, digits
        self.parts, self.writable, self.rounds_max = parts, uploads, rounds_max
        self.only, self.tls = only, tls

    def takes(self, server):
        """Uploads here are between sluice and the floor (bench/compare has those of the peers); the
        floor that copies has a row of its own."""
        if server.startswith("baseline") and self.tls != (server == TLS_FLOOR):
            return False
        if self.only or server.startswith("copying"):
            return bool(self.only) and server.startswith(self.only)
        return not self.writable or server.startswith(("sluice", "baseline"))

    def rounds(self, rounds):
        return min(rounds, self.rounds_max) if self.rounds_max else rounds


ROWS = {row.name: row for row in (
    Row("noop", "us CPU per command", work.noop, 2),
    Row("login", "us CPU per login", work.login, 1),
    Row("small", "us CPU per transfer", work.small, 1),
    Row("bulk", "s CPU per GB", work.bulk, 4),
    Row("text", "s CPU per GB", work.text, 4, only=("sluice", "copying")),
    Row("idle", "bytes per session", work.idle, 0, parts=("charged", "user"), rounds_max=3),
    Row("upload", "s CPU per GB", work.upload, 4, uploads=True),
    Row("tls-bulk-1", "s CPU per GB", tls_work.bulk_1, 4, tls=True),
    Row("tls-bulk-100", "s CPU per GB", tls_work.bulk_100, 4, tls=True),
    Row("tls-login", "us CPU per login", tls_work.login, 1, tls=True),
    Row("tls-small", "us CPU per transfer", tls_work.small, 1, tls=True),
    Row("tls-idle", "bytes per session", tls_work.idle, 0, parts=("charged", "user"),
        only=("sluice",), rounds_max=3, tls=True),
    Row("tls-sends", "sends per MiB", tls_work.sends, 2, only=("sluice", TLS_FLOOR), rounds_max=1,
        tls=True),
    Row("latency", "ms p99.9", work.latency, 2, uploads=True, rounds_max=3),
)}

# (row, server it is compared with, most that the ratio may be). {engine} is sluice's own.
RATIOS = (
    ("noop", "vsftpd", 0.55),
    ("login", "pyftpdlib", 0.35),
    ("login", "pure-ftpd", 0.03),
    ("small", "pure-ftpd", 0.50),
    ("bulk", "baseline-{engine}", 1.10),
    ("bulk", "vsftpd", 1.00),
    ("text", "copying-{engine}", 2.00),
    # 0.95 of the floor's speed, for a server that does nothing but to encrypt.
    ("tls-bulk-1", TLS_FLOOR, 1.053),
    ("tls-bulk-100", TLS_FLOOR, 1.053),
)

# (row, servers, most that the ratio to the best of them may be).
RATIOS_TO_BEST = (
    ("tls-bulk-1", FORKING_PEERS, 0.667),
    ("tls-bulk-100", FORKING_PEERS, 0.667),
    ("tls-login", (*FORKING_PEERS, "pyftpdlib"), 0.50),
    ("tls-small", (*FORKING_PEERS, "pyftpdlib"), 0.50),
)


def part_of(values, index):
    return [value[index] if isinstance(value, tuple) else value for value in values]


def median(values, index=0):
    return statistics.median(part_of(values, index)) if values else None


def show(values, row):
    if not values:
        return "no good run"
    shown = []
    for index, part in enumerate(row.parts):
        figures = part_of(values, index)
        middle = statistics.median(figures)
        spread = (max(figures) - min(figures)) / middle * 100 if middle else 0
        shown.append(f"{part + ' ' if part else ''}{middle:.{row.digits}f} "
                     f"({min(figures):.{row.digits}f}..{max(figures):.{row.digits}f}, "
                     f"spread {spread:.0f} %)")
    return ", ".join(shown) + f" {row.unit}"


def verdict(text, value, limit):
    result = "none" if value is None else "PASS" if value <= limit else "FAIL"
    return {"promise": text, "value": value, "limit": limit, "result": result}


def verdicts(values):
    """Judges what was measured; a promise whose servers did not run has the result "none"."""
    def middle(row, server, index=0):
        return median(values.get(row, {}).get(server, []), index)

    def ratio(row, one, other):
        """The median of each round's ratio: what disturbs the machine for a while disturbs both.
        With a failed run the rounds no longer pair, and the medians are compared."""
        a, b = (values.get(row, {}).get(server, []) for server in (one, other))
        if not a or not b:
            return None
        if len(a) != len(b):
            return middle(row, one) / middle(row, other)
        return statistics.median(x / y for x, y in zip(a, b))

    judged = []
    for engine in ENGINES:
        name = f"sluice-{engine}"
        for row, other, limit in RATIOS:
            other = other.format(engine=engine)
            judged.append(verdict(f"{row}: {name} / {other}", ratio(row, name, other), limit))
        for row, others, limit in RATIOS_TO_BEST:
            ratios = [one for one in (ratio(row, name, other) for other in others)
                      if one is not None]
            judged.append(verdict(f"{row}: {name} / best of {len(ratios)} peers",
                                  max(ratios, default=None), limit))
        judged.append(verdict(f"tls-idle: {name}, bytes of user space",
                              middle("tls-idle", name, 1), TLS_IDLE_USER_MAX))
        judged.append(verdict(f"tls-sends: {name}, of a MiB", middle("tls-sends", name),
                              TLS_SENDS_MAX))
        judged.append(verdict(f"idle: {name}, bytes charged", middle("idle", name, 0),
                              IDLE_CHARGED_MAX))
        judged.append(verdict(f"idle: {name}, bytes of user space", middle("idle", name, 1),
                              IDLE_USER_MAX))
        judged.append(verdict(f"latency: {name}, ms p99.9", middle("latency", name),
                              LATENCY_P999_MS_MAX))
    judged.append(verdict("bulk: sluice-epoll / sluice-io_uring",
                          ratio("bulk", "sluice-epoll", "sluice-io_uring"), 1.10))
    return judged


def print_all(values, judged):
    print("\nratio to the floor (the same engine's for sluice, epoll's for the others)")
    for name, by_server in values.items():
        row = ROWS[name]
        for server, figures in by_server.items():
            has_engine = server.startswith(("sluice", "base", "copy"))
            engine = server.rsplit("-", 1)[-1] if has_engine else "epoll"
            floor = median(by_server.get(TLS_FLOOR if row.tls else f"baseline-{engine}", []) or
                           by_server.get(f"copying-{engine}", []))
            own = median(figures)
            ratio = f"{own / floor:8.2f} x" if own is not None and floor else " " * 10
            print(f"  {name:12} {server:18} {ratio}  {show(figures, row)}")
    print("\nmust hold")
    for one in judged:
        value = "not measured" if one["value"] is None else f"{one['value']:.3f}"
        print(f"  {one['result']:5} {one['promise']:52} {value:>12} <= {one['limit']}")
