"""One run: a server, the generator against it, and what both of them used.

The server's CPU is read all the time and taken for exactly the time that the generator measured,
so that logging in, which costs a server that forks a thousand times more than others, is in no
figure but its own.
"""

import bisect
import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from comparison import check
from comparison.figures import FLOORS, TLS_FLOOR
from comparison.scenarios import IDLE_TRAFFIC, SCENARIOS, TLS_WORDS, UPLOADS
from measure.servers import FORKING, Server, Unavailable

SAMPLE_SECONDS = 0.01
STEP_TIMEOUT = "20s"
# A run that takes longer than its own time by this hangs.
HANGS_AFTER_SECONDS = 60
# A counted run is given up by the generator itself after this.
COUNTED_SECONDS_MAX = 30
IDLE_SECONDS_MAX = 300
IDLE_LOGIN_SECONDS_MAX = 90
# The server is quiet when it used less than this share of its CPU in a quarter of a second.
QUIET_SHARE = 0.02
QUIET_SECONDS_MAX = 20
# What all sessions together may cost the machine; more is a result too.
MEMORY_SHARE_MAX = 0.6
STEPS = ("count", "mean_ns", "p50_ns", "p99_ns", "p999_ns", "max_ns")
SLOW_TO_GREET = "proftpd"  # with TLS
LOGIN_STEPS = ("connect", "tls_control", "banner", "login")
# Sources of the idle sessions and of the traffic beside them.
SOURCES, SOURCES_BESIDE = "127.0.0.0/16", "127.64.0.0/16"


class Failed(Exception):
    """A run without figures; the text says why."""


class Usage:
    """CPU of a server over time. A thread, because the generator is waited for meanwhile."""

    def __init__(self, groups):
        self.groups = groups
        self.times, self.values = [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def look(self):
        path = self.groups.cpu_file()
        if path:
            with open(path, encoding="ascii") as file:
                used = int(file.read())
        else:
            used = self.groups.proc_cpu_ns()
        self.times.append(time.time_ns())
        self.values.append(used)

    def watch(self):
        while not self.stopping.wait(SAMPLE_SECONDS):
            self.look()

    def __enter__(self):
        self.look()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.look()

    def between(self, begin_ns, end_ns):
        return at(self.times, self.values, end_ns) - at(self.times, self.values, begin_ns)


def at(times, values, moment):
    """The value at a moment, on straight lines between the samples; the ends go on for ever."""
    index = bisect.bisect_left(times, moment)
    if index == 0:
        return values[0]
    if index == len(times):
        return values[-1]
    before, after = times[index - 1], times[index]
    share = (moment - before) / (after - before)
    return values[index - 1] + share * (values[index] - values[index - 1])


def command_of(bench, scenario, server, output, words, source=SOURCES):
    """The generator's whole command line."""
    command = ["taskset", "-c", str(bench.generator_core), bench.generator]
    if scenario.work:
        path = os.path.join(bench.scratch, f"{scenario.name}.toml")
        with open(path, "w", encoding="ascii") as file:
            file.write(scenario.work.replace(UPLOADS, bench.uploads))
        command += [f"ftp://127.0.0.1:{server.port}/", "--workload", path]
    else:
        command += [scenario.action, f"ftp://127.0.0.1:{server.port}/{scenario.path}"]
    return command + words + ["--source", source, "--timeout", STEP_TIMEOUT, "--progress", "none",
                              "--json", output]


def times_of(bench, scenario, server):
    """(words, seconds): how long a run warms up and measures."""
    sizes = bench.sizes
    seconds = COUNTED_SECONDS_MAX if scenario.counted else sizes.seconds
    warmup = sizes.warmup_forking if server.name in FORKING else sizes.warmup
    if scenario.tls and server.name == SLOW_TO_GREET:
        warmup = sizes.warmup_slow
    if scenario.action == "login" and warmup == sizes.warmup_forking:
        warmup = sizes.warmup
    if not scenario.warms_up:
        warmup = 0
    return ["--warmup", milliseconds(warmup), "--duration", milliseconds(seconds)], warmup + seconds


def milliseconds(seconds):
    return f"{round(seconds * 1000)}ms"


def generate(command, output, seconds):
    """Runs the generator to its end and returns its results."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(output)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=seconds + HANGS_AFTER_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed("the generator did not end") from None
    finally:
        # Ctrl-C comes here as well; subprocess.run() would kill and not wait for the end.
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()
    return read_results(output, process.returncode, said)


def read_results(output, status, said):
    try:
        with open(output, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        raise Failed(f"the generator ended with {status}: {said.strip()[-300:]}") from None


def window_of(results):
    """(begin, end) of the work in nanoseconds since 1970: what the generator measured, but without
    warm-up not before the first session can have logged in. ProFTPD greets eight clients that come
    at once after 0.1 to 0.4 s, as long as a whole download takes."""
    warmup = results["options"]["warmup_ns"]
    begin = results["began_unix_ms"] * 1_000_000 + warmup
    end = begin + round(results["totals"]["measured_seconds"] * 1e9)
    if warmup == 0:
        begin += sum(results["histograms"].get(step, {}).get("min_ns", 0) for step in LOGIN_STEPS)
    return min(begin, end), end


def record_of(results, usage):
    """What is kept of a run: all but the buckets of the histograms and the single seconds."""
    totals = results["totals"]
    begin, end = window_of(results)
    return {
        "seconds": (end - begin) / 1e9,
        "operations": totals["actions_done"],
        "bytes": totals["bytes_received"] + totals["bytes_sent"],
        "logins": totals["logins"],
        "cpu_seconds": usage.between(begin, end) / 1e9,
        "errors": {name: count for name, count in results["errors"].items() if count},
        "replies": results["replies"],
        "generator": results["generator"],
        "steps": {name: {key: step[key] for key in STEPS}
                  for name, step in results["histograms"].items()},
    }


def died(server):
    """What became of a server that ended by itself, or None."""
    status = server.process.poll()
    if status is None:
        return None
    return f"the server ended by itself with {status}"


def judge(record, server):
    """A run that did nothing has no figures; its errors say why."""
    why = died(server)
    if why is None and record["operations"] == 0 and record["bytes"] == 0:
        errors = ", ".join(f"{count} {name}" for name, count in sorted(record["errors"].items()))
        codes = ", ".join(code for code in record["replies"] if code >= "400")
        why = f"nothing was done: {errors or 'no error'}" + (f" ({codes})" if codes else "")
    if why is not None:
        record["failed"] = why
    return record


def run_plain(bench, scenario, server):
    times, seconds = times_of(bench, scenario, server)
    words = scenario.words_of_floor if server.name in FLOORS else scenario.words
    command = command_of(bench, scenario, server, bench.output, words(bench.sizes) + times)
    if scenario.is_cold:
        check.forget_cold_files(server.setup.root)
    with Usage(server.groups) as usage:
        results = generate(command, bench.output, seconds)
    return {**judge(record_of(results, usage), server), "command": command}


def connections(port):
    """How many connections to the port are established."""
    wanted, count = f":{port:04X}", 0
    with open("/proc/net/tcp", encoding="ascii") as lines:
        for line in lines:
            fields = line.split(None, 4)
            count += fields[3] == "01" and fields[1].endswith(wanted)
    return count


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


def wait_for_sessions(server, idle, count, usage):
    """Until all are connected and the server has logged them in; Failed when it cannot."""
    deadline = time.monotonic() + IDLE_LOGIN_SECONDS_MAX
    least_memory = available_memory() * (1 - MEMORY_SHARE_MAX)
    while (open_now := connections(server.port)) < count:
        if idle.poll() is not None or died(server):
            raise Failed(died(server) or "the generator ended before all sessions were there")
        if available_memory() < least_memory:
            raise Failed(f"out of memory with {open_now:,} of {count:,} sessions")
        if time.monotonic() > deadline:
            raise Failed(f"{open_now:,} of {count:,} sessions after {IDLE_LOGIN_SECONDS_MAX} s")
        time.sleep(0.2)
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    quiet_rounds = 0
    while quiet_rounds < 2 and time.monotonic() < deadline:
        before = usage.values[-1], usage.times[-1]
        time.sleep(0.25)
        used = (usage.values[-1] - before[0]) / max(usage.times[-1] - before[1], 1)
        quiet_rounds = quiet_rounds + 1 if used < QUIET_SHARE else 0


def memory_of(groups):
    charged = groups.memory_bytes()
    return {"charged": charged[0] if charged else None, "kernel": charged[1] if charged else None,
            "pss": groups.pss_bytes(), "processes": len(groups.pids())}


def memory_record(before, after, count):
    record = {"sessions": count, "before": before, "after": after,
              "pss_per_session": (after["pss"] - before["pss"]) / count}
    if after["charged"] is not None and before["charged"] is not None:
        record["charged_per_session"] = (after["charged"] - before["charged"]) / count
        record["kernel_per_session"] = (after["kernel"] - before["kernel"]) / count
    return record


def tls_words(server):
    return TLS_WORDS if server.setup.pem else []


def log_in_once(bench, server):
    """Code and first allocations belong to the server, not to its sessions."""
    words = ["taskset", "-c", str(bench.generator_core), bench.generator, "login",
             f"ftp://127.0.0.1:{server.port}/", "--sessions", "4", "--transfers", "32",
             *tls_words(server),
             "--timeout", STEP_TIMEOUT, "--progress", "none", "--json", bench.output]
    generate(words, bench.output, HANGS_AFTER_SECONDS)
    time.sleep(0.3)


def idle_command(bench, server, count, output):
    return ["taskset", "-c", str(bench.generator_core), bench.generator, "idle",
            f"ftp://127.0.0.1:{server.port}/", *tls_words(server), "--sessions", str(count),
            "--duration", f"{IDLE_SECONDS_MAX}s", "--source", SOURCES, "--timeout", "60s", "--progress", "none",
            "--json", output]


@contextlib.contextmanager
def running(command, output):
    """The generator that holds the sessions; INT makes it write its results."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(output)
    idle = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    try:
        yield idle
    finally:
        if idle.poll() is None:
            idle.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                idle.wait(timeout=20)
        if idle.poll() is None:
            idle.kill()
        idle.wait()


def run_idle(bench, chosen, server):
    """{scenario: record} of one start: the memory of idle sessions, and traffic beside them."""
    counts = SCENARIOS[chosen[0]].idle_sessions or (bench.sizes.idle_sessions,
                                                    bench.sizes.idle_sessions_forking)
    count = counts[server.name in FORKING]
    output = os.path.join(bench.scratch, "idle.json")
    command = idle_command(bench, server, count, output)
    records = {}
    log_in_once(bench, server)
    before = memory_of(server.groups)
    with Usage(server.groups) as usage, running(command, output) as idle:
        wait_for_sessions(server, idle, count, usage)
        after = memory_of(server.groups)
        if IDLE_TRAFFIC in chosen:
            records[IDLE_TRAFFIC] = run_beside(bench, server, usage)
    held = record_of(read_results(output, idle.returncode, ""), usage)
    if held["logins"] < count:
        raise Failed(f"{held['logins']:,} of {count:,} logins: {held['errors']}")
    held["operations"] = held["logins"]
    held["memory"] = memory_record(before, after, count)
    held["command"] = command
    return {**records, next(each for each in chosen if each != IDLE_TRAFFIC): judge(held, server)}


def run_beside(bench, server, usage):
    scenario = SCENARIOS[IDLE_TRAFFIC]
    times, seconds = times_of(bench, scenario, server)
    command = command_of(bench, scenario, server, bench.output,
                         scenario.words(bench.sizes) + times, SOURCES_BESIDE)
    results = generate(command, bench.output, seconds)
    time.sleep(2 * SAMPLE_SECONDS)  # the last sample is later than what was measured
    return {**judge(record_of(results, usage), server), "command": command}


def problem_of(bench, scenario, name):
    """Why this server cannot take part in the scenario, or None."""
    if scenario.no_floor and name in FLOORS:
        return "no floor: " + scenario.no_floor
    if name in FLOORS and scenario.tls != (name == TLS_FLOOR):
        return "no floor: it speaks " + ("TLS alone" if name == TLS_FLOOR else "no TLS")
    if scenario.root not in bench.setups:
        return "not run: /dev/shm is no tmpfs here"
    found = bench.problems.get(name, {}).get(scenario.root, {})
    if scenario.tls:
        found = found.get("tls", {})
    return found.get("all") or next((found[need] for need in scenario.needs if need in found), None)


def run(bench, chosen, name):
    """{scenario: record} for one scenario, or for those that share a start. Never raises but for
    what must end everything; what went wrong is in the record."""
    scenario = chosen[0]
    names = [each.name for each in chosen]
    problem = next(filter(None, (problem_of(bench, each, name) for each in chosen)), None)
    if problem:
        return {each: failure(problem) for each in names}
    setup = bench.setup_of(scenario)
    bench.begun += 1
    bench.uploads = f"in-{bench.begun}"
    uploads = os.path.join(setup.root, bench.uploads)
    check.make_uploads(setup.root, bench.uploads)
    try:
        with Server(name, setup, scenario.writable) as server:
            if scenario.is_idle:
                records = run_idle(bench, names, server)
                return {each: records[each] for each in names if each in records}
            return {scenario.name: run_plain(bench, scenario, server)}
    except (Failed, Unavailable, OSError, subprocess.SubprocessError) as error:
        return {each: failure(str(error)) for each in names}
    finally:
        if not scenario.keeps:
            shutil.rmtree(uploads, ignore_errors=True)


def failure(text):
    return {"failed": text, "seconds": 0, "operations": 0, "bytes": 0, "errors": {}, "steps": {}}
