"""The work of each row: what is run against one server, and what one run says."""

import contextlib
import json
import os
import subprocess
import threading
import time

from measure.servers import FORKING, Server

MIB = 1 << 20
COLD_FILES = 16
LINE_BYTES = 64  # of the text file, with its LF; source code has shorter ones, prose longer
SLOW_US = 1000  # ftp_drive tells each latency above this


class Failed(Exception):
    """A run that says nothing: the client had errors or ran out of time."""


def client_command(setup, scenario, port, options):
    command = ["taskset", "-c", str(setup.client_cpu),
               os.path.join(setup.build, "bench/ftp_drive"), scenario, "--port", str(port)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return command


def drive(setup, server, scenario, **options):
    """Runs ftp_drive to its end and returns its result, with `cpu_ns` of the server."""
    cpu_file = server.groups.cpu_file()
    if cpu_file:
        options["sample-file"] = cpu_file
    options.setdefault("timeout", 120)
    # A client that waits for its CPU leaves its windows full, and then its own CPU does the
    # server's sending: bulk transfers look a third cheaper than they are.
    options.setdefault("realtime", 1)
    before = server.groups.proc_cpu_ns()
    done = subprocess.run(client_command(setup, scenario, server.port, options), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=options["timeout"] + 30)
    after = server.groups.proc_cpu_ns()
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Failed(f"{server.name}: {scenario}: exit {done.returncode} "
                     f"{done.stdout.strip()[-300:]} {done.stderr.strip()[-300:]}")
    result = json.loads(lines[-1])
    result["cpu_ns"] = result["sample"] if cpu_file else after - before
    return result


def cpu_per_operation(setup, server, scenario, **options):
    """Microseconds of server CPU for one operation."""
    result = drive(setup, server, scenario, warmup=0.3, seconds=setup.seconds, **options)
    if result["operations"] == 0:
        raise Failed(f"{server.name}: {scenario}: nothing done")
    return result["cpu_ns"] / result["operations"] / 1000


def noop(setup, server):
    return cpu_per_operation(setup, server, "noop", sessions=100)


def login(setup, server):
    return cpu_per_operation(setup, server, "login", sessions=50)


def small(setup, server):
    return cpu_per_operation(setup, server, "download", sessions=100, path="small")


def bulk(setup, server):
    """CPU seconds per GB (10^9 bytes). Waking the client for half a MiB at a time keeps it faster
    than the server without making it ask for every segment: the figures then repeat within 5 %."""
    options = {"wake-bytes": 512 << 10}
    result = drive(setup, server, "download", sessions=100, path="big", count=1, **options)
    return result["cpu_ns"] / result["bytes"]


def text(setup, server):
    """CPU seconds per GB of a text file: sluice turns its line ends, the floor reads and sends."""
    options = {"wake-bytes": 512 << 10, "sessions": 20, "path": "text", "count": 1}
    size = os.path.getsize(os.path.join(setup.root, "text"))
    if server.name.startswith("sluice"):
        options.update(type="A", bytes=size + size // LINE_BYTES)
    result = drive(setup, server, "download", **options)
    return result["cpu_ns"] / (20 * size)


def idle(setup, server):
    """Bytes per silent session: (all that is charged, user space)."""
    sessions = setup.idle_forking if server.name in FORKING else setup.idle_sessions
    # Code and first allocations belong to the server, not to its sessions.
    drive(setup, server, "login", sessions=4, count=8)
    time.sleep(0.5)
    memory, pss = server.groups.memory_bytes(), server.groups.pss_bytes()
    options = {"sessions": sessions, "timeout": 300}
    client = subprocess.Popen(client_command(setup, "idle", server.port, options), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        line = client.stdout.readline()
        ready = json.loads(line) if line else {"ready": 0, "errors": 1}
        if ready["ready"] != sessions or ready["errors"] != 0 or memory is None:
            raise Failed(f"{server.name}: idle: {ready}, memory group: {memory is not None}")
        time.sleep(2)  # what the logins left behind is freed, RCU included
        charged = server.groups.memory_bytes()
        user = server.groups.pss_bytes()
    finally:
        client.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            client.wait(timeout=20)
        if client.poll() is None:
            client.kill()
            client.wait()
    if client.returncode != 0:
        raise Failed(f"{server.name}: idle: sessions were lost: {client.stdout.read()[-300:]}")
    return (charged[0] - memory[0]) / sessions, (user - pss) / sessions


def upload(setup, server):
    """CPU seconds per GB of uploads to the disk; no promise, but the floor is worth knowing."""
    size, sessions = setup.upload_bytes // 8, 4
    result = drive(setup, server, "upload", sessions=sessions, path="up%", count=1, bytes=size)
    for index in range(sessions):
        path = os.path.join(setup.root, f"up{index}")
        if os.path.getsize(path) != size:
            raise Failed(f"{server.name}: upload: {path} has {os.path.getsize(path)} bytes")
        os.remove(path)
    return result["cpu_ns"] / result["bytes"]


def forget(path):
    """Drops one file from the page cache, so that it must be read from the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Load:
    """Cold reads and an upload, again and again until told to stop; errors are kept."""

    def __init__(self, setup, server):
        self.setup, self.server = setup, server
        self.stopping = threading.Event()
        self.upload_done = threading.Event()
        self.reads = self.uploads = 0
        self.error = None
        self.threads = [threading.Thread(target=self.guard, args=(work,))
                        for work in (self.read_cold, self.upload)]

    def guard(self, work):
        try:
            while not self.stopping.is_set():
                work()
        except (Failed, OSError, subprocess.SubprocessError) as error:
            self.error = error
            self.upload_done.set()

    def read_cold(self):
        for index in range(COLD_FILES):
            forget(os.path.join(self.setup.root, f"cold{index}"))
        drive(self.setup, self.server, "download", sessions=COLD_FILES, path="cold%", count=1,
              realtime=0)
        self.reads += 1

    def upload(self):
        drive(self.setup, self.server, "upload", sessions=1, path="incoming", count=1,
              bytes=self.setup.upload_bytes, realtime=0)
        self.uploads += 1
        self.upload_done.set()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class StolenTime:
    """When the host took the server's CPU away: `steal` of /proc/stat, looked at all the time.

    It counts in hundredths of a second, so a hole of 9 ms shows within the next tick or two.
    """

    BEFORE_NS = 25_000_000

    def __init__(self, cpu):
        self.name = f"cpu{cpu}"
        self.intervals = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def ticks(self):
        with open("/proc/stat", encoding="ascii") as file:
            for line in file:
                fields = line.split()
                if fields[0] == self.name:
                    return int(fields[8])
        return 0

    def watch(self):
        last = self.ticks()
        while not self.stopping.wait(0.005):
            ticks = self.ticks()
            if ticks != last:
                now = time.time_ns()
                self.intervals.append((now - self.BEFORE_NS - (ticks - last) * 10_000_000, now))
                last = ticks

    def overlaps(self, ended_ns, microseconds):
        began_ns = ended_ns - microseconds * 1000
        return any(began_ns <= until and ended_ns >= since for since, until in self.intervals)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


def p999_ms(result, stolen):
    """p99.9 of the server's latencies but those that met stolen time, and how many those were."""
    kept = sorted((us for ended, us in result["slow"] if not stolen.overlaps(ended, us)),
                  reverse=True)
    left_out = len(result["slow"]) - len(kept)
    rank = (result["server_us"]["samples"] - left_out) // 1000
    return (kept[rank] if rank < len(kept) else SLOW_US) / 1000, left_out


def latency(setup, server):
    """p99.9 in milliseconds of NOOPs due at a fixed rate while the disk and the loop are busy."""
    options = {"sessions": 20, "rate": 1000, "seconds": 300, "warmup": 0.2, "realtime": 1,
               "source": "127.9.0.1", "timeout": 200}
    least = time.monotonic() + setup.latency_seconds
    with Load(setup, server) as load, StolenTime(setup.cpu) as stolen:
        time.sleep(0.3)  # the load is at work before the first NOOP is due
        client = subprocess.Popen(client_command(setup, "latency", server.port, options), text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            # At least one whole upload, and long enough for a p99.9 that means something.
            load.upload_done.wait(timeout=120)
            while time.monotonic() < least and load.error is None:
                time.sleep(0.1)
        finally:
            client.terminate()  # ftp_drive then prints what it has
            output, _ = client.communicate(timeout=30)
    if load.error is not None:
        raise Failed(str(load.error))
    if client.returncode != 0 or not output:
        raise Failed(f"{server.name}: latency: exit {client.returncode} {output[-300:]}")
    result = json.loads(output.strip().splitlines()[-1])
    late, whole = result["sent_late_us"]["p999"] / 1000, result["latency_us"]["p999"] / 1000
    value, left_out = p999_ms(result, stolen)
    print(f"    {server.name}: server {result['server_us']} us; the host took the CPU away "
          f"{len(stolen.intervals)} times: without the {left_out} NOOPs that met this p99.9 is "
          f"{value:.2f} ms; seen by a client on the busy client CPU {whole:.2f} ms, which itself "
          f"sent {late:.2f} ms late; {load.reads} cold rounds, {load.uploads} uploads", flush=True)
    return value


def make_files(setup):
    """The tree that is served: one small file, one big one, cold ones, a place for the upload."""
    def write(name, size):
        block = os.urandom(MIB)
        with open(os.path.join(setup.root, name), "wb") as file:
            left = size
            while left > 0:
                left -= file.write(block[:min(left, MIB)])
    write("small", 4096)
    write("big", setup.big_mib * MIB)
    with open(os.path.join(setup.root, "text"), "wb") as file:
        for _ in range(setup.big_mib):
            file.write((b"x" * (LINE_BYTES - 1) + b"\n") * (MIB // LINE_BYTES))
    if setup.with_cold:
        for index in range(COLD_FILES):
            write(f"cold{index}", setup.cold_mib * MIB)
        os.sync()


def run_once(setup, name, work, writable=False, tls=False):
    setup = setup.secured() if tls else setup
    with Server(name, setup, writable) as server:
        return work(setup, server)
