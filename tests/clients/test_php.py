"""PHP's ftp_* functions."""

import subprocess

from client_case import sluice
from library_case import LibraryCase, program_path


@sluice.on_each_engine
class PhpFtp(LibraryCase):
    client = "PHP ftp_*"
    package = "php8.2-cli"
    program = "php"
    command = ("php", program_path("ext_ftp.php"))

    @classmethod
    def missing(cls):
        if not super().missing():
            probe = subprocess.run(["php", "-r", "exit(extension_loaded('ftp') ? 0 : 1);"],
                                   check=False)
            return "this php has no ftp extension" if probe.returncode else None
        return super().missing()


if __name__ == "__main__":
    sluice.run(__name__)
