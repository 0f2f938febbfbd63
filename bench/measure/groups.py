"""Puts a server into control groups of its own and reads what it used.

They count every nanosecond of every process of the group, also of children that came and went,
which utime and stime of a forking server do not, and the memory that the kernel holds for the
server too: sockets, descriptors, page tables, stacks. Version 1 (cpuacct and memory) or version 2,
whichever is mounted; without either CPU comes from /proc (less exact) and the memory row is left
out.
"""

import contextlib
import os
import signal
import time

ROOT = "/sys/fs/cgroup"
CLOCK_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def own_path(controller):
    """The group this process is in: the new one goes below it, so that its limits still hold."""
    with open("/proc/self/cgroup", encoding="ascii") as lines:
        for line in lines:
            _, names, path = line.strip().split(":", 2)
            if controller in names.split(","):
                return path.lstrip("/")
    return None


def unified_root():
    """Where version 2 is mounted, or None. Groups go to its top, the only one that may hold both
    processes and groups with a memory controller."""
    with open("/proc/self/mounts", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            fields = line.split()
            if fields[2] == "cgroup2":
                return fields[1]
    return None


def field_of(path, name):
    """A number behind its name, as in cpu.stat and memory.stat; 0 where it is not told."""
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == name:
                return int(words[1])
    return 0


def read_number(path):
    with open(path, encoding="ascii") as file:
        return int(file.read().split()[0])


class Groups:
    """The cpuacct and memory groups of one server, or its one group of version 2 ("unified")."""

    def __init__(self, name):
        self.paths = {}
        self.leader = None
        for controller in ("cpuacct", "memory"):
            parent = own_path(controller)
            if parent is None:
                continue
            path = os.path.join(ROOT, controller, parent, f"sluice-bench-{os.getpid()}-{name}")
            try:
                os.mkdir(path)
            except OSError:
                continue
            self.paths[controller] = path
        root = unified_root()
        if "cpuacct" not in self.paths and root is not None:
            path = os.path.join(root, f"sluice-bench-{os.getpid()}-{name}")
            with contextlib.suppress(OSError):
                os.mkdir(path)
                self.paths["unified"] = path

    def enter(self):
        """Moves the calling process in: for use between fork and exec."""
        for path in self.paths.values():
            with open(os.path.join(path, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write("0")

    def cpu_file(self):
        path = self.paths.get("cpuacct")
        return os.path.join(path, "cpuacct.usage") if path else None

    def pids(self):
        for path in self.paths.values():
            with contextlib.suppress(OSError):
                with open(os.path.join(path, "cgroup.procs"), encoding="ascii") as file:
                    return [int(line) for line in file]
        return self.family()

    def family(self):
        """The leader and all that descend from it: each has one parent, so this ends."""
        found = [self.leader] if self.leader else []
        for pid in found:
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                    found += [int(word) for word in file.read().split()]
        return found

    def proc_cpu_ns(self):
        """Without cpuacct: the group of version 2, or the leader, who lives, and who was reaped."""
        if "unified" in self.paths:
            return field_of(os.path.join(self.paths["unified"], "cpu.stat"), "usage_usec") * 1000
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                ticks += sum(int(fields[i]) for i in (11, 12, 13, 14))
        return ticks * CLOCK_TICK_NS

    def memory_bytes(self):
        """(all that is charged, the kernel's part), or None without the controller."""
        unified = self.paths.get("unified")
        if unified and os.path.exists(os.path.join(unified, "memory.current")):
            return (read_number(os.path.join(unified, "memory.current")),
                    field_of(os.path.join(unified, "memory.stat"), "kernel"))
        path = self.paths.get("memory")
        if path is None:
            return None
        usage = read_number(os.path.join(path, "memory.usage_in_bytes"))
        kernel_file = os.path.join(path, "memory.kmem.usage_in_bytes")
        kernel = read_number(kernel_file) if os.path.exists(kernel_file) else 0
        return usage, kernel

    def pss_bytes(self):
        """User-space memory: each process with its share of what it shares."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
                    for line in file:
                        if line.startswith("Pss:"):
                            total += int(line.split()[1]) * 1024
        return total

    def end(self):
        """Kills what is left in the groups and removes them."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            pids = self.pids() if self.paths else []
            if not pids:
                break
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        while self.paths and time.monotonic() < deadline:
            for controller, path in list(self.paths.items()):
                try:
                    os.rmdir(path)
                    del self.paths[controller]
                except OSError:
                    time.sleep(0.05)  # the last process is still being taken down
