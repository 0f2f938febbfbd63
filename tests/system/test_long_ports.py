"""LPRT and LPSV (RFC 1639) with data: old devices that know neither PASV nor EPSV."""

import re
import socket

from system_case import SystemCase, sluice


@sluice.on_each_engine
class LongPorts(SystemCase):
    def test_lpsv_names_a_port_that_serves(self):
        self.tree.write("f", b"content")
        with self.serve() as server, server.client() as client:
            reply = client.expect(client.command("LPSV"), "228")
            numbers = re.search(r"\(4,4,(\d+),(\d+),(\d+),(\d+),2,(\d+),(\d+)\)", reply).groups()
            host, port = ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])
            with socket.create_connection((host, port), sluice.DEADLINE) as data:
                client.expect(client.command("RETR f"), "150", "125")
                self.assertEqual(sluice.read_all(data), b"content")
            client.expect(client.reply(), "226")
            client.quit()

    def test_lprt_is_dialled(self):
        self.tree.write("f", b"content")
        with self.serve() as server, server.client() as client, socket.socket() as listener:
            listener.settimeout(sluice.DEADLINE)
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            port = listener.getsockname()[1]
            client.expect(client.command("LPRT 4,4,127,0,0,1,2,%d,%d" % divmod(port, 256)), "200")
            client.send("RETR f\r\n")
            data = listener.accept()[0]
            with data:
                client.expect(client.reply(), "150", "125")
                self.assertEqual(sluice.read_all(data), b"content")
            client.expect(client.reply(), "226")
            client.quit()


if __name__ == "__main__":
    sluice.run(__name__)
