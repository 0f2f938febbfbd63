"""The work of the rows with TLS. Their client is sluice-load: ftp_drive speaks none."""

import os
import re
import signal
import subprocess
import time

from comparison.run import Failed as RunFailed
from comparison.run import SLOW_TO_GREET, Usage, connections, generate, memory_of, record_of
from comparison.scenarios import TLS_WORDS
from measure.servers import FORKING
from measure.work import MIB, Failed

SOURCES = "127.0.0.0/16"
STEP_TIMEOUT = "20s"
IDLE_SECONDS_MAX = 60
# Under strace, which slows a server down by two system calls for each.
SENDS = "send,sendto,sendmsg,write,writev,sendfile"


def command(setup, server, scenario, path, *words):
    return ["taskset", "-c", str(setup.client_cpu),
            os.path.join(setup.build, "tools/sluice-load/sluice-load"), scenario,
            f"ftp://127.0.0.1:{server.port}/{path}", *TLS_WORDS, "--source", SOURCES, "--timeout",
            STEP_TIMEOUT, "--progress", "none", "--json", output_of(setup),
            *(str(word) for word in words)]


def output_of(setup):
    return os.path.join(setup.scratch, "tls.json")


def measure(setup, server, scenario, path, *words):
    """What sluice-load did and what the server used meanwhile; a run with errors is none."""
    warmup = 1.2 if server.name in FORKING else 0.5
    if server.name == SLOW_TO_GREET:
        warmup = 4.0
    times = ("--warmup", f"{round(warmup * 1000)}ms", "--duration",
             f"{round(setup.seconds * 1000)}ms")
    try:
        with Usage(server.groups) as usage:
            results = generate(command(setup, server, scenario, path, *words, *times),
                               output_of(setup), warmup + setup.seconds)
        record = record_of(results, usage)
    except RunFailed as error:
        raise Failed(f"{server.name}: {scenario}: {error}") from None
    if record["errors"]:
        raise Failed(f"{server.name}: {scenario}: {record['errors']}")
    return record


def cpu_per_operation(setup, server, scenario, path, *words):
    record = measure(setup, server, scenario, path, *words)
    if record["operations"] == 0:
        raise Failed(f"{server.name}: {scenario}: nothing done")
    return record["cpu_seconds"] * 1e6 / record["operations"]


def cpu_per_gb(setup, server, sessions):
    record = measure(setup, server, "download", "big", "--sessions", sessions)
    if record["bytes"] == 0:
        raise Failed(f"{server.name}: nothing received")
    return record["cpu_seconds"] * 1e9 / record["bytes"]


def bulk_1(setup, server):
    return cpu_per_gb(setup, server, 1)


def bulk_100(setup, server):
    return cpu_per_gb(setup, server, 100)


def login(setup, server):
    return cpu_per_operation(setup, server, "login", "", "--sessions", 50)


def small(setup, server):
    return cpu_per_operation(setup, server, "small-files", "small", "--sessions", 100)


def idle(setup, server):
    """Bytes per silent session: (all that is charged, user space)."""
    count = setup.idle_forking if server.name in FORKING else setup.idle_sessions
    subprocess.run(command(setup, server, "login", "", "--sessions", 4, "--transfers", 32),
                   check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
    time.sleep(0.5)
    before = memory_of(server.groups)
    client = subprocess.Popen(
        command(setup, server, "idle", "", "--sessions", count, "--duration",
                f"{IDLE_SECONDS_MAX}s"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        deadline = time.monotonic() + IDLE_SECONDS_MAX
        while connections(server.port) < count and time.monotonic() < deadline:
            if client.poll() is not None:
                raise Failed(f"{server.name}: idle: {client.stdout.read()[-300:]}")
            time.sleep(0.2)
        if connections(server.port) < count:
            raise Failed(f"{server.name}: idle: {count} sessions did not come")
        time.sleep(2)  # the last handshakes end, and what they left behind is freed
        after = memory_of(server.groups)
    finally:
        client.send_signal(signal.SIGINT)
        output, _ = client.communicate(timeout=30)
    if client.returncode != 0 or before["charged"] is None:
        raise Failed(f"{server.name}: idle: sessions were lost: {output[-300:]}")
    return ((after["charged"] - before["charged"]) / count, (after["pss"] - before["pss"]) / count)


def sends(setup, server):
    """System calls that send, per MiB of a file of one session."""
    report = os.path.join(setup.scratch, "sends")
    tracer = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-e", "trace=" + SENDS,
                               "-o", report, "-p", str(server.process.pid)],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        tracer.stderr.readline()  # "attached"
        done = subprocess.run(command(setup, server, "download", "big", "--sessions", 1,
                                      "--transfers", 1),
                              check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=20)
    if done.returncode != 0:
        raise Failed(f"{server.name}: sends: {done.stdout[-300:]}")
    with open(report, encoding="ascii") as file:
        counts = re.findall(r"^\s*(\d+)\s+(?!total)\w+\s*$", file.read(), re.MULTILINE)
    size = os.path.getsize(os.path.join(setup.root, "big"))
    return sum(map(int, counts)) / (size / MIB)
