"""The page of results: README.md and its plots, out of the result files and nothing else."""

import os

from comparison import figures, svg
from comparison.figures import FLOORS, METRICS, PEERS, SLUICE
from comparison.scenarios import FAMILIES

NAMES = {"sluice-io_uring": "sluice", "sluice-epoll": "sluice, epoll",
         "baseline-io_uring": "floor, io_uring", "baseline-epoll": "floor, epoll",
         "baseline-tls": "floor, TLS", "vsftpd": "vsftpd", "proftpd": "ProFTPD", "pure-ftpd": "Pure-FTPd",
         "pyftpdlib": "pyftpdlib"}
TABLES = (
    ("cpu", "CPU of the server, for each operation or GB", "less"),
    ("speed", "Throughput: operations or bytes a second", "more"),
    ("p99", "Latency, p99 of a whole action", "less"),
    ("memory", "Memory of an idle session, the kernel's part included", "less"),
    ("user_memory", "Memory of an idle session, user space (PSS)", "less"),
)
KINDS = {**{name: "sluice" for name in SLUICE}, **{name: "floor" for name in FLOORS},
         **{name: "peer" for name in PEERS}}
BOUND = "ᵍ"  # of a figure that the generator limited

INTRODUCTION = """\
# sluice and other FTP servers, in one run

Written by `bench/compare` out of the result files in this folder; do not edit.
"""

HOW_TO_READ = f"""\
## How to read it

- A cell is **what the server has or needs, as a multiple of sluice** with its default engine, in
  the same round: the median of the rounds, and (least..greatest). 2.0 under CPU is twice the CPU;
  0.5 under throughput is half the throughput. Where a peer is better than sluice the cell is
  **bold**.
- CPU is that of the server alone, with all its processes, for one operation or one GB (10⁹
  bytes), in exactly the time that the generator measured; logging in is outside of it (but in
  `login`).
- Throughput and latency come from a closed loop: sessions that wait for each other. With a
  saturated server p99 is little but the number of sessions divided by the throughput. `{BOUND}`:
  the generator, which has one core as well, was the bottleneck of a run. The server could do
  more; CPU is the figure to compare then.
- The floors are bare loops (`bench/baseline`) with no checks, no limits and no path of their own:
  what the kernel's work alone costs; that of TLS is OpenSSL's blocking calls, a thread for each
  session. Their listings are bytes that were made before, their
  uploads are written within the loop.
- A difference within the spread is no difference. Both ends share one machine and the loopback:
  see "Traps" in [bench/README.md](../README.md).
- `cold` drops the files from this machine's page cache. The disk may have one of its own.
- sluice writes an upload under a hidden name and renames it when it is whole; the others write in
  place. No server syncs (`durability = "none"`).
- The generator counts an action when its whole conversation was right: the data came to its size
  and 226 followed.

## How to repeat it

    meson setup build-release --buildtype=release
    ninja -C build-release src/app/sluiced tools/sluice-load/sluice-load bench/baseline_server \\
        bench/tls_floor
    bench/compare --build build-release                  # as root; half an hour on two cores
    bench/compare --report-only bench/results/FILE.json  # this page again, from a result file

[bench/README.md](../README.md) says how the servers are configured; the result files hold their
configurations,
versions, command lines and every run.
"""


def cell(result, scenario, server, metric, reference):
    ratios = figures.ratio(result, scenario, server, metric, reference)
    if ratios is None:
        return short_reason(figures.why_no_figure(result, scenario, server))
    text = figures.ratio_text(ratios)
    if METRICS[metric].of_generator and (
            figures.is_generator_bound(result, scenario, server) or
            figures.is_generator_bound(result, scenario, reference)):
        text += BOUND
    if server in PEERS and figures.is_better(metric, ratios.mid):
        text = f"**{text}**"
    return text


def short_reason(why):
    for begin in ("not supported", "no floor", "not measured"):
        if why.startswith(begin):
            return begin
    return "failed"


def table(rows):
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |"
                     for line in lines) + "\n"


def ratio_table(result, metric):
    """Scenario x server, or "" when no scenario has this figure."""
    reference = figures.reference_of(result)
    others = [name for name in figures.servers_of(result) if name != reference]
    rows = []
    for scenario, what in result["scenarios"].items():
        own = figures.figures(result, scenario, reference, metric) if reference else None
        if metric not in what["metrics"] or own is None:
            continue
        absolute = figures.figure_text(own.mid, metric, what["unit"])
        if METRICS[metric].of_generator and \
                figures.is_generator_bound(result, scenario, reference):
            absolute += BOUND
        rows.append([f"`{scenario}`", absolute] + [
            cell(result, scenario, server, metric, reference) for server in others])
    if not rows:
        return ""
    return table([["scenario", "sluice"] + [NAMES[name] for name in others]] + rows)


def losses_text(result):
    reference = figures.reference_of(result)
    if reference is None:
        return "sluice was not measured.\n"
    lines = []
    for loss in figures.losses(result):
        sure = "" if loss.certain else " Within the spread, or one round only."
        notes = f" ({'; '.join(loss.notes)})" if loss.notes else ""
        what = result["scenarios"][loss.scenario]
        own = figures.figures(result, loss.scenario, reference, loss.metric)
        other = figures.figures(result, loss.scenario, loss.server, loss.metric)
        absolute = " against ".join(figures.figure_text(each.mid, loss.metric, what["unit"])
                                    for each in (other, own))
        lines.append(f"- `{loss.scenario}`, {METRICS[loss.metric].title}: {NAMES[loss.server]} "
                     f"has {figures.ratio_text(loss.ratio)} of sluice's, {absolute}{notes}.{sure}")
    for scenario, server, why in figures.failures(result):
        if server in SLUICE:
            lines.append(f"- `{scenario}`: {NAMES[server]} failed: {why}")
    return "\n".join(lines or ["Nowhere in this run."]) + "\n"


def floors_text(result):
    rows = [[f"`{scenario}`", METRICS[metric].title, NAMES[server], figures.ratio_text(ratios)]
            for scenario, metric, server, ratios in figures.behind_floor(result)]
    if not rows:
        return "Nowhere in this run.\n"
    return table([["scenario", "figure", "server", "as a multiple of its floor"]] + rows)


def failures_text(result):
    lines = [f"- `{scenario}`, {NAMES[server]}: {why}"
             for scenario, server, why in figures.failures(result)]
    lines += [f"- {NAMES[name]} was not measured: {what['unavailable']}"
              for name, what in result["servers"].items() if what.get("unavailable")]
    return "\n".join(lines or ["Nothing."]) + "\n"


def figures_table(result, scenario):
    """Everything of one scenario in absolute figures."""
    what = result["scenarios"][scenario]
    unit = what["unit"]
    rows = []
    for server in figures.servers_of(result):
        runs = [run for run in figures.runs_of(result, scenario, server) if figures.is_good(run)]
        if not runs:
            rows.append([NAMES[server], figures.why_no_figure(result, scenario, server)] +
                        [""] * 6)
            continue
        cells = [NAMES[server]]
        for metric in ("speed", "cpu"):
            found = figures.figures(result, scenario, server, metric)
            shown = found is not None and metric in what["metrics"]
            cells.append(figures.figure_text(found.mid, metric, unit) if shown else "")
        for step in ("p50_ns", "p99_ns", "p999_ns"):
            found = figures.spread([run["steps"].get("action", {}).get(step) for run in runs])
            shown = found is not None and "speed" in what["metrics"]
            cells.append(figures.scaled(found.mid, figures.TIMES_NS) if shown else "")
        shares = figures.spread([run.get("generator", {}).get("cpu_share") for run in runs])
        cells.append(f"{shares.mid:.0%}" if shares else "")
        errors = [text for text in map(figures.errors_text, runs) if text]
        cells.append("; ".join(errors) or "0")
        rows.append(cells)
    return table([["server", "throughput", "CPU", "p50", "p99", "p99.9", "generator's core",
                   "errors"]] + rows)


def memory_table(result, scenario):
    rows = []
    for server in figures.servers_of(result):
        cells = [NAMES[server]]
        for metric in ("memory", "user_memory"):
            found = figures.figures(result, scenario, server, metric)
            cells.append(figures.figure_text(found.mid, metric, "") if found else
                         figures.why_no_figure(result, scenario, server))
        runs = [run for run in figures.runs_of(result, scenario, server) if run.get("memory")]
        cells.append(f"{runs[0]['memory']['sessions']:,}" if runs else "")
        cells.append(f"{runs[0]['memory']['after']['processes']:,}" if runs else "")
        rows.append(cells)
    return table([["server", "all that is charged", "user space (PSS)", "sessions", "processes"]] +
                 rows)


def plots(result, stem):
    """{file name: SVG}, one for each family that has figures."""
    made = {}
    reference = figures.reference_of(result)
    if reference is None:
        return made
    for family, title in FAMILIES.items():
        scenarios = [name for name, what in result["scenarios"].items()
                     if what["family"] == family and
                     any(figures.figures(result, name, reference, metric)
                         for metric in what["metrics"])]
        metrics = ("memory", "user_memory") if family == "memory" else ("cpu", "speed")
        if scenarios:
            panels = [panel(result, scenarios, metric, reference) for metric in metrics]
            made[f"{stem}-{family}.svg"] = svg.plot(f"{title}, as multiples of sluice", panels)
    return made


def panel(result, scenarios, metric, reference):
    groups = []
    for scenario in scenarios:
        unit = result["scenarios"][scenario]["unit"]
        bars = []
        for server in figures.servers_of(result):
            ratios = figures.ratio(result, scenario, server, metric, reference)
            own = figures.figures(result, scenario, server, metric)
            if ratios is None or own is None:
                why = short_reason(figures.why_no_figure(result, scenario, server))
                bars.append(svg.Bar(NAMES[server], KINDS[server], None, why))
                continue
            kind = "ahead" if server in PEERS and figures.is_better(metric, ratios.mid) \
                else KINDS[server]
            text = figures.figure_text(own.mid, metric, unit)
            if server != reference:
                text += f", {figures.number_text(ratios.mid)}x"
            if METRICS[metric].of_generator and \
                    figures.is_generator_bound(result, scenario, server):
                text += BOUND
            bars.append(svg.Bar(NAMES[server], kind, ratios, text))
        groups.append((scenario, bars))
    better = "less is better" if METRICS[metric].less_is_better else "more is better"
    return svg.Panel(f"{METRICS[metric].title}: {better}", groups)


def machine_text(result):
    machine, settings = result["machine"], result["settings"]
    places = settings["file_systems"]
    lines = [
        f"{machine['cpu']}, {machine['cpus']} cores; Linux {machine['kernel']}; sluice "
        f"{machine['commit']}.",
        f"Server on core {settings['server_cpu']}, generator on core {settings['generator_cpu']}; "
        f"{settings['congestion']} on both ends; {settings['rounds']} rounds of "
        f"{settings['seconds']} s, all servers in turn in each; disk is {places['disk']}, memory "
        f"is {places['memory']}.", ""]
    if settings["quick"]:
        lines += ["**A quick run: short, few rounds, not to be quoted.**", ""]
    if not result.get("complete", True):
        lines += ["**This run was stopped before its end.**", ""]
    lines += [f"- {NAMES[name]}: {what['version']}" for name, what in result["servers"].items()
              if not what.get("unavailable")]
    return "\n".join(lines) + "\n"


def section(result, stem):
    parts = [f"## {result['machine']['time'][:10]}, {result['machine']['name']}\n",
             machine_text(result),
             "### Where sluice loses\n", losses_text(result),
             "### Where sluice is more than a tenth above its floor\n", floors_text(result),
             "### What did not work\n", failures_text(result)]
    for metric, title, better in TABLES:
        made = ratio_table(result, metric)
        if made:
            parts += [f"### {title} ({better} is better)\n", made]
    drawn = plots(result, stem)
    if drawn:
        parts.append("### Plots\n")
        parts += [f"![{FAMILIES[name[len(stem) + 1:-4]]}]({name})\n" for name in drawn]
    parts.append("### Every scenario in figures\n")
    for scenario, what in result["scenarios"].items():
        parts.append(f"<details><summary><code>{scenario}</code>: {what['text']}</summary>\n")
        parts.append(memory_table(result, scenario) if "memory" in what["metrics"]
                     else figures_table(result, scenario))
        parts.append("</details>\n")
    return "\n".join(parts)


def write(results, folder):
    """`results`: [(file name without .json, result)]. Returns the names of what was written."""
    files = {}
    sections = []
    for stem, result in results:
        sections.append(section(result, stem))
        files.update(plots(result, stem))
    files["README.md"] = "\n".join([INTRODUCTION, HOW_TO_READ, *sections])
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return sorted(files)
