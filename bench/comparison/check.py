"""The files that are served, and whether a server does right before anybody measures how fast."""

import ftplib
import hashlib
import os

from comparison.scenarios import COLD_FILES, FEW, MANY, MIB
from measure.servers import client_of

BLOCK = 4 * MIB
LISTED = {"list-100": 100, "list-1k": FEW, "list-100k": MANY}
FILES = {"file-4k": 4096, "file-64k": 64 << 10, "file-1m": MIB}
UPLOADS = "in"
CHECKED = "checked"
CHECKED_BYTES = 3 * MIB + 17
LOGIN_TIMEOUT_SECONDS = 30


def entry_name(number):
    return f"entry-{number:06}.bin"


def write_file(path, size):
    block = os.urandom(min(size, BLOCK))
    with open(path, "wb") as file:
        left = size
        while left > 0:
            left -= file.write(block[:min(left, len(block))])


def make_list(root, name, entries):
    """A folder of empty files, and beside it what the floor sends for it (floor.cpp)."""
    folder = os.path.join(root, name)
    os.mkdir(folder)
    for number in range(entries):
        os.close(os.open(os.path.join(folder, entry_name(number)), os.O_CREAT | os.O_WRONLY, 0o644))
    lines = {
        "LIST": "-rw-r--r--   1 ftp      ftp             0 Jan 01 00:00 {}\r\n",
        "MLSD": "type=file;size=0;modify=20260101000000;UNIX.mode=0644;unique=fe00g{:06x}; {}\r\n"}
    for verb, line in lines.items():
        with open(f"{folder}.{verb}", "w", encoding="ascii", newline="") as file:
            for number in range(entries):
                words = (number, entry_name(number)) if verb == "MLSD" else (entry_name(number),)
                file.write(line.format(*words))


def make_files(root, served, sizes):
    """All that the chosen scenarios need, and nothing more."""
    os.mkdir(root)
    os.chmod(root, 0o755)
    make_uploads(root, UPLOADS)
    write_file(os.path.join(root, CHECKED), CHECKED_BYTES)
    for name in sorted(served):
        if name in LISTED:
            make_list(root, name, LISTED[name])
        elif name == "cold":
            for number in range(COLD_FILES):
                write_file(os.path.join(root, f"cold-{number}"), sizes.cold_bytes)
        else:
            size = sizes.big_bytes if name == "big" else FILES[name]
            write_file(os.path.join(root, name), size)


def make_uploads(root, name):
    folder = os.path.join(root, name)
    os.mkdir(folder)
    os.chmod(folder, 0o777)  # peers drop their rights and write as somebody else


def forget(path):
    """Drops one file from the page cache, so that it must be read from the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def forget_cold_files(root):
    for number in range(COLD_FILES):
        forget(os.path.join(root, f"cold-{number}"))


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.digest()


class Wrong(Exception):
    """The server did something else than asked; the text says what."""


def check_retr(ftp, root):
    got = hashlib.sha256()
    ftp.retrbinary(f"RETR {CHECKED}", got.update, blocksize=1 << 18)
    if got.digest() != digest(os.path.join(root, CHECKED)):
        raise Wrong("wrong bytes downloaded")


def check_stor(ftp, root):
    path = os.path.join(root, UPLOADS, CHECKED)
    with open(os.path.join(root, CHECKED), "rb") as file:
        ftp.storbinary(f"STOR {UPLOADS}/{CHECKED}", file)
    if not os.path.exists(path) or digest(path) != digest(os.path.join(root, CHECKED)):
        raise Wrong("wrong bytes uploaded")
    os.remove(path)


def check_listing(ftp, verb, folder):
    lines = []
    ftp.retrlines(f"{verb.upper()} {folder}", lines.append)
    named = sum(1 for entry in lines if entry.endswith(".bin"))
    if named != LISTED[folder]:
        raise Wrong(f"lists {named:,} of {LISTED[folder]:,} entries")


def check(ftp, root, need):
    if need == "retr":
        check_retr(ftp, root)
    elif need == "stor":
        check_stor(ftp, root)
    else:
        check_listing(ftp, *need.split())


def problems(server, needs):
    """{need: why not} of one running server; what it does right is not in it."""
    found = {}
    for need in needs:
        ftp = None
        try:
            ftp = client_of(server, LOGIN_TIMEOUT_SECONDS)
            check(ftp, server.setup.root, need)
        except ftplib.error_perm as error:
            # 500, 502 and 504: not known, not implemented (RFC 959 4.2).
            known = str(error)[:3] not in ("500", "502", "504")
            found[need] = ("refused: " if known else "not supported: ") + str(error).strip()
        except (*ftplib.all_errors, EOFError, Wrong) as error:
            found[need] = str(error) or type(error).__name__
        finally:
            if ftp:
                ftp.close()
    return found
