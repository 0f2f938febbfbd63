"""Boots Debian's kernel in qemu and runs guest_cases.py in there; its TAP is ours."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading

from initramfs import Initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
PYTHON = "/usr/bin/python3"
QEMU = "qemu-system-x86_64"
# Without hardware's help a boot takes 5 s and all of it a minute.
SECONDS_MAX = 400
CONSOLE_LINES_MAX = 60  # shown when the guest did not come to its end
# Of Python's library: large, and nobody asks for it.
WITHOUT = ("test", "idlelib", "tkinter", "ensurepip", "lib2to3", "pydoc_data", "turtledemo",
           "distutils", "config-3.11-x86_64-linux-gnu", "__pycache__")


def skip(reason):
    print("1..1\nok 1 - guest # SKIP " + reason)
    sys.exit(0)


def python_paths():
    """The interpreter, its library and the modules in C of Debian's Python."""
    told = subprocess.check_output(
        [PYTHON, "-I", "-c", "import os, sys, sysconfig\n"
         "print(os.path.realpath(sys.executable))\n"
         "print(sysconfig.get_path('stdlib'))"], text=True)
    return told.split()


def build(path, modules, cases):
    image = Initramfs()
    program, library = python_paths()
    image.file(program, PYTHON)
    image.tree(library, WITHOUT)
    in_c = os.path.join(library, "lib-dynload")
    image.file(os.environ["SLUICED"], "/sluiced")
    image.libraries_of([program, os.environ["SLUICED"]] +
                       [os.path.join(in_c, name) for name in sorted(os.listdir(in_c))])
    for name in ("support/sluice.py", "system/system_case.py", "system/test_tls.py",
                 "vm/guest_cases.py"):
        image.file(os.path.join(TESTS, name), "/tests/" + name)
    for name in sorted(os.listdir(modules)):
        image.file(os.path.join(modules, name), "/modules/" + name)
    image.text("/cases", "\n".join(cases))
    image.file(os.path.join(HERE, "guest_init.py"), "/init")
    image.write(path)


def boot(kernel, image):
    """Runs the guest to its end, prints its TAP and returns the console's lines."""
    command = [QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
               "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-nic",
               "none", "-no-reboot", "-kernel", kernel, "-initrd", image,
               "-append", "console=ttyS0 quiet panic=-1 rdinit=/init"]
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    deadline = threading.Timer(SECONDS_MAX, guest.kill)
    deadline.start()
    lines = []
    try:
        for raw in guest.stdout:
            line = raw.decode("ascii", "backslashreplace").strip("\r\n")
            lines.append(line)
            if line.startswith(("ok ", "not ok ", "1..", "#")):
                print(line, flush=True)
    finally:
        deadline.cancel()
        guest.kill()
        guest.wait()
    return lines


def main():
    files = os.path.join(os.environ.get("SLUICE_SUITES", "/var/tmp/sluice-suites"), "vm")
    if not shutil.which(QEMU):
        skip(QEMU + " is not installed")
    if not os.path.isdir(files):
        skip("no kernel to boot: tests/vm/fetch_kernel gets Debian's")
    if not os.path.exists(PYTHON):
        skip("no Debian here: " + PYTHON + " is missing")
    with tempfile.TemporaryDirectory(prefix="sluice-vm.") as folder:
        image = os.path.join(folder, "initramfs")
        build(image, os.path.join(files, "modules"), sys.argv[1:])
        lines = boot(os.path.join(files, "vmlinuz"), image)
    if not any(line.startswith("1..") for line in lines):
        for line in lines[-CONSOLE_LINES_MAX:]:
            print("# " + line)
        print("Bail out! the guest did not come to its end")
        sys.exit(1)
    sys.exit(1 if any(line.startswith("not ok") for line in lines) else 0)


main()
