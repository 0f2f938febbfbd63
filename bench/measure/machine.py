"""What is the same for every program that measures here: which machine it is, and its congestion
control."""

import contextlib
import datetime
import os
import platform
import subprocess

CONGESTION = "/proc/sys/net/ipv4/tcp_congestion_control"


def congestion():
    with open(CONGESTION, encoding="ascii") as file:
        return file.read().strip()


@contextlib.contextmanager
def cubic(program):
    """BBR paces even the loopback; cubic for both ends, and the old setting back afterwards."""
    before = congestion()
    try:
        with open(CONGESTION, "w", encoding="ascii") as file:
            file.write("cubic")
    except OSError as error:
        print(f"{program}: cannot set cubic ({error}); servers that do not ask for it use {before}")
        before = None
    try:
        yield
    finally:
        if before is not None:
            with open(CONGESTION, "w", encoding="ascii") as file:
                file.write(before)


def cpu_model():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def facts(folder):
    """`folder`: any one inside the repository. No name of the host: results are published."""
    commit = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty"], text=True,
                            capture_output=True, check=False).stdout.strip()
    return {"kernel": platform.release(), "cpu": cpu_model(), "cpus": os.cpu_count(),
            "commit": commit, "load_average": os.getloadavg(),
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
