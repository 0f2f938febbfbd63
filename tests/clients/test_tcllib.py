"""Tcl's ftp package, of tcllib."""

import subprocess

from client_case import sluice
from library_case import LibraryCase, program_path


@sluice.on_each_engine
class TcllibFtp(LibraryCase):
    client = "Tcl ftp"
    package = "tcllib"
    program = "tclsh"
    command = ("tclsh", program_path("tcllib_ftp.tcl"))

    @classmethod
    def missing(cls):
        if not super().missing():
            probe = subprocess.run(["tclsh"], input=b"package require ftp", check=False,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            # tclsh goes on after an error in its standard input.
            return "tcllib is not installed" if probe.stderr else None
        return super().missing()


if __name__ == "__main__":
    sluice.run(__name__)
