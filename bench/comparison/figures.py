"""What the runs of a comparison say: figures, their ratios and spreads, and where sluice loses.

Pure: out of the result file alone, so that a page can be made again from it.
"""

import statistics

# sluice's default engine first: what people get who ask for nothing.
SLUICE = ("sluice-io_uring", "sluice-epoll")
TLS_FLOOR = "baseline-tls"
FLOORS = ("baseline-io_uring", "baseline-epoll", TLS_FLOOR)
PEERS = ("vsftpd", "proftpd", "pure-ftpd", "pyftpdlib")
SERVERS = SLUICE + FLOORS + PEERS

# A share of failed actions above which a run says nothing about speed.
ERRORS_SHARE_MAX = 0.01
# The p99 of fewer is their greatest.
P99_ACTIONS_MIN = 100
# Sluice is called far from its floor above this.
FLOOR_RATIO_MAX = 1.10


class Metric:
    def __init__(self, key, title, less_is_better, of_generator=False):
        self.key, self.title, self.less_is_better = key, title, less_is_better
        # True: a generator that is the bottleneck spoils it. CPU of an operation stays what it is.
        self.of_generator = of_generator


METRICS = {metric.key: metric for metric in (
    Metric("cpu", "server CPU", True),
    Metric("speed", "throughput", False, of_generator=True),
    Metric("p99", "p99", True, of_generator=True),
    Metric("memory", "memory of a session, the kernel's included", True),
    Metric("user_memory", "memory of a session, user space (PSS)", True),
)}


class Spread:
    """Median, least and greatest of the rounds."""

    def __init__(self, values):
        self.low, self.mid, self.high = min(values), statistics.median(values), max(values)
        self.count = len(values)


def spread(values):
    values = [value for value in values if value is not None]
    return Spread(values) if values else None


def is_good(run):
    """A run whose figures mean something: it did work, and hardly anything went wrong."""
    if run.get("failed"):
        return False
    return sum(run["errors"].values()) <= ERRORS_SHARE_MAX * max(run["operations"], 1)


def value(run, metric, unit):
    """The figure of one run, or None. `unit`: "GB" or "operation", what CPU and speed count."""
    if not is_good(run):
        return None
    if metric in ("memory", "user_memory"):
        memory = run.get("memory") or {}
        return memory.get("charged_per_session" if metric == "memory" else "pss_per_session")
    if metric == "p99":
        action = run["steps"].get("action", {"count": 0})
        return action["p99_ns"] if action["count"] >= P99_ACTIONS_MIN else None
    work = run["bytes"] / 1e9 if unit == "GB" else run["operations"]
    if work <= 0:
        return None
    if metric == "cpu":
        return run["cpu_seconds"] / work if run.get("cpu_seconds") else None
    return work / run["seconds"] if run["seconds"] > 0 else None


def runs_of(result, scenario, server):
    return [run for run in result["runs"]
            if run["scenario"] == scenario and run["server"] == server]


def by_round(result, scenario, server, metric):
    unit = result["scenarios"][scenario]["unit"]
    found = {run["round"]: value(run, metric, unit) for run in runs_of(result, scenario, server)}
    return {number: figure for number, figure in found.items() if figure is not None}


def figures(result, scenario, server, metric):
    return spread(by_round(result, scenario, server, metric).values())


def ratio(result, scenario, server, metric, reference):
    """Round by round, because what disturbs the machine for a while disturbs neighbours alike."""
    own = by_round(result, scenario, server, metric)
    other = by_round(result, scenario, reference, metric)
    return spread([own[number] / other[number] for number in own if other.get(number)])


def servers_of(result):
    """Those that were measured, in the order of SERVERS."""
    ran = {run["server"] for run in result["runs"]}
    return [name for name in SERVERS if name in ran]


def reference_of(result):
    """The sluice that all are compared with; None when it was not measured."""
    return next((name for name in servers_of(result) if name in SLUICE), None)


def is_generator_bound(result, scenario, server):
    return any(run.get("generator", {}).get("warning")
               for run in runs_of(result, scenario, server))


def why_no_figure(result, scenario, server):
    """Why a cell is empty, in the words of what happened."""
    texts = [run["failed"] for run in runs_of(result, scenario, server) if run.get("failed")]
    if texts:
        return texts[0]
    for run in runs_of(result, scenario, server):
        if not is_good(run):
            return "errors: " + errors_text(run)
    floor = result["scenarios"][scenario].get("no_floor")
    if server in FLOORS and floor:
        return "no floor: " + floor
    return "not measured"


def errors_text(run):
    return ", ".join(f"{count} {name}" for name, count in sorted(run["errors"].items()))


class Loss:
    """One figure of one server that is better than sluice's."""

    def __init__(self, scenario, metric, server, ratios, notes):
        self.scenario, self.metric, self.server = scenario, metric, server
        self.ratio, self.notes = ratios, notes
        worst = ratios.high if METRICS[metric].less_is_better else ratios.low
        # Every round says so, and there was more than one.
        self.certain = ratios.count > 1 and is_better(metric, worst)

    def severity(self):
        middle = self.ratio.mid
        return middle if METRICS[self.metric].less_is_better else 1 / middle


def is_better(metric, figure):
    return figure < 1 if METRICS[metric].less_is_better else figure > 1


def losses(result):
    """Each figure in which a peer beats sluice's default engine, the worst first."""
    reference = reference_of(result)
    found = []
    for scenario, what in result["scenarios"].items():
        for metric in what["metrics"]:
            for server in servers_of(result):
                if server not in PEERS or reference is None:
                    continue
                ratios = ratio(result, scenario, server, metric, reference)
                if ratios is not None and is_better(metric, ratios.mid):
                    notes = notes_of(result, scenario, metric, server, reference)
                    found.append(Loss(scenario, metric, server, ratios, notes))
    return sorted(found, key=lambda loss: (not loss.certain, loss.severity()))


def notes_of(result, scenario, metric, server, reference):
    notes = []
    for name in (reference, server):
        if METRICS[metric].of_generator and is_generator_bound(result, scenario, name):
            notes.append(f"the generator was the bottleneck of {name}")
    other = ratio(result, scenario, SLUICE[1], metric, reference)
    if reference == SLUICE[0] and other is not None:
        notes.append(f"sluice-epoll has {number_text(other.mid)}")
    return notes


def failures(result):
    """[(scenario, server, why)] of every server, sluice and the floors included."""
    found = []
    for scenario in result["scenarios"]:
        for server in servers_of(result):
            good = any(is_good(run) for run in runs_of(result, scenario, server))
            if not good and runs_of(result, scenario, server):
                found.append((scenario, server, why_no_figure(result, scenario, server)))
    return found


def behind_floor(result):
    """[(scenario, sluice, ratio)]: CPU of sluice over that of the floor with the same engine."""
    found = []
    for scenario, what in result["scenarios"].items():
        for server in SLUICE:
            floor = TLS_FLOOR if what.get("tls") else server.replace("sluice", "baseline")
            metric = "cpu" if "cpu" in what["metrics"] else "memory"
            if metric not in what["metrics"]:
                continue
            ratios = ratio(result, scenario, server, metric, floor)
            if ratios is not None and ratios.mid > FLOOR_RATIO_MAX:
                found.append((scenario, metric, server, ratios))
    return sorted(found, key=lambda row: -row[3].mid)


def number_text(figure):
    """Three digits that mean something: 0.0123, 0.98, 12.3, 1230."""
    if figure == 0:
        return "0"
    if abs(figure) >= 100:
        return f"{figure:.0f}"
    if abs(figure) >= 10:
        return f"{figure:.1f}"
    if abs(figure) >= 0.1:
        return f"{figure:.2f}"
    return f"{figure:.2g}"


def ratio_text(ratios):
    if ratios.count == 1:
        return number_text(ratios.mid)
    return f"{number_text(ratios.mid)} ({number_text(ratios.low)}..{number_text(ratios.high)})"


def scaled(figure, units):
    """`units`: (factor, name) with falling factors; the first that fits."""
    for factor, name in units:
        if abs(figure) >= factor:
            return f"{number_text(figure / factor)} {name}"
    factor, name = units[-1]
    return f"{number_text(figure / factor)} {name}"


BYTES = ((1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B"))
TIMES_NS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"))
SPEEDS = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"))


def figure_text(figure, metric, unit):
    """A figure with its unit, as a person says it."""
    if metric in ("memory", "user_memory"):
        return scaled(figure, BYTES)
    if metric == "p99":
        return scaled(figure, TIMES_NS)
    if metric == "cpu":
        if unit == "GB":
            return f"{number_text(figure)} s/GB"
        return scaled(figure * 1e9, TIMES_NS)
    if unit == "GB":
        return scaled(figure * 1e9, SPEEDS)
    return f"{figure:,.0f}/s" if figure >= 100 else f"{number_text(figure)}/s"
