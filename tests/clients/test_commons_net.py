"""Java: Apache Commons Net's FTPClient."""

import os
import subprocess

from client_case import sluice
from library_case import LibraryCase, program_path

JAR = "/usr/share/java/commons-net.jar"


@sluice.on_each_engine
class CommonsNet(LibraryCase):
    client = "Java commons-net"
    package = "libcommons-net-java"
    program = "javac"

    @classmethod
    def missing(cls):
        if not os.path.exists(JAR):
            return "libcommons-net-java is not installed"
        return super().missing()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            subprocess.run(["javac", "-nowarn", "-cp", JAR, "-d", cls.local,
                            program_path("CommonsNet.java")], check=True)
        except BaseException:
            cls.tearDownClass()
            raise
        # One compiler thread and the serial collector: half the time to start.
        cls.command = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp",
                       JAR + ":" + cls.local, "CommonsNet")


if __name__ == "__main__":
    sluice.run(__name__)
