"""The result file: what is in it, how it is written and read, and how it stays neutral.

Results are published, so they hold no name of a host and no path of the machine they come from.
"""

import json
import os
import re
import subprocess

from comparison import figures
from measure import machine

SCHEMA = "sluice-compare/1"
PACKAGES = {"vsftpd": "vsftpd", "proftpd": "proftpd-core", "pure-ftpd": "pure-ftpd",
            "pyftpdlib": "python3-pyftpdlib"}
NEEDED = ("machine", "settings", "servers", "scenarios", "runs")


class Unreadable(Exception):
    """The file is no result of bench/compare; the text says why."""


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def machine_name(facts):
    """Says what was measured on, never whose it is: "amd-epyc-2-cores"."""
    model = re.sub(r"\((r|tm)\)|@.*|\bcpu\b|\bprocessor\b|\b\d+-core\b", " ", facts["cpu"].lower())
    return slug(f"{model} {facts['cpus']} cores")


def file_name(facts):
    return f"{facts['time'][:10]}-{machine_name(facts)}.json"


def file_system(path):
    """The type of the file system that holds the path: the longest mount point above it."""
    best, kind = "", "unknown"
    path = os.path.realpath(path)
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            _, point, found, _ = line.split(None, 3)
            inside = path == point or path.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best):
                best, kind = point, found
    return kind


def version_of_package(package, folder):
    """Of the .deb that fetch_peers has unpacked, else of what is installed."""
    debs = os.path.join(folder, "debs")
    names = sorted(os.listdir(debs)) if os.path.isdir(debs) else []
    for name in names:
        if name.startswith(package + "_"):
            return name.split("_")[1].replace("%3a", ":")
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], text=True,
                          capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


def version(server, setup, commit):
    if server in PACKAGES:
        return f"Debian {version_of_package(PACKAGES[server], setup.peers)}"
    if server in figures.FLOORS:
        return f"bench/baseline of {commit}"
    binary = os.path.join(setup.build, "src/app/sluiced")
    done = subprocess.run([binary, "--version"], text=True, capture_output=True, check=False)
    return f"{done.stdout.strip() or 'sluiced'}, {commit}"


class Neutral:
    """Replaces what belongs to this machine by names; the longest first."""

    def __init__(self, places):
        self.places = sorted(places.items(), key=lambda place: -len(place[0]))

    def text(self, text):
        for path, name in self.places:
            text = text.replace(path, name)
        return text

    def anything(self, what):
        if isinstance(what, str):
            return self.text(what)
        if isinstance(what, dict):
            return {key: self.anything(value) for key, value in what.items()}
        if isinstance(what, (list, tuple)):
            return [self.anything(value) for value in what]
        return what


def new(folder, settings):
    facts = machine.facts(folder)
    facts["load_average"] = [round(load, 2) for load in facts["load_average"]]
    return {"schema": SCHEMA, "machine": {"name": machine_name(facts), **facts},
            "settings": settings, "servers": {}, "scenarios": {}, "runs": []}


def write(result, path):
    """One run a line, so that a difference of two files can be read."""
    head = {key: value for key, value in result.items() if key != "runs"}
    text = json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n'
    text += ",\n".join("  " + json.dumps(run) for run in result["runs"]) + "\n ]\n}\n"
    partly = path + ".new"
    with open(partly, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(partly, path)


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: {error}") from None
    if not isinstance(result, dict) or result.get("schema") != SCHEMA:
        raise Unreadable(f"{path}: is no result of bench/compare ({SCHEMA})")
    for key in NEEDED:
        if key not in result:
            raise Unreadable(f"{path}: has no {key!r}")
    return result
