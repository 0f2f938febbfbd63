"""Perl's Net::FTP."""

from client_case import sluice
from library_case import LibraryCase, program_path


@sluice.on_each_engine
class NetFtpPerl(LibraryCase):
    client = "Perl Net::FTP"
    package = "perl"
    program = "perl"
    command = ("perl", program_path("net_ftp.pl"))


if __name__ == "__main__":
    sluice.run(__name__)
