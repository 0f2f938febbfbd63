"""Ruby's net/ftp."""

import subprocess

from client_case import sluice
from library_case import LibraryCase, program_path


@sluice.on_each_engine
class NetFtpRuby(LibraryCase):
    client = "Ruby net-ftp"
    package = "ruby"
    program = "ruby"
    command = ("ruby", program_path("net_ftp.rb"))

    @classmethod
    def missing(cls):
        if not super().missing():
            probe = subprocess.run(["ruby", "-e", "require 'net/ftp'"], check=False,
                                   stderr=subprocess.DEVNULL)
            return "this ruby has no net/ftp" if probe.returncode else None
        return super().missing()


if __name__ == "__main__":
    sluice.run(__name__)
