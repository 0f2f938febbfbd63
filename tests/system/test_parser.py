"""What a hostile or broken client can say: O-PAR-11, O-NUM-7, O-FS-14, O-LOG-2."""

import os
import random
import re
import shutil
import socket

from system_case import SystemCase, sluice

VERBS = """USER PASS ACCT REIN QUIT CWD XCWD CDUP XCUP PWD XPWD MKD XMKD RMD XRMD DELE RNFR RNTO
PORT PASV P@SW EPRT EPSV TYPE MODE STRU REST ALLO RETR STOR APPE STOU ABOR LIST NLST MLSD MLST
STAT SIZE MDTM MFMT MFCT FEAT OPTS SYST HELP NOOP SITE CLNT SMNT LPRT LPSV AUTH PBSZ PROT CCC LANG
HOST HASH XYZZY""".split()

ARGUMENTS = [
    b"", b" ", b"   ", b" " + b"a" * 4090, b" %n%s%x%d%p", b' "', b' "unbalanced', b' a"b"c"', b" trailing\\",
    b" \\", b" \t", b" a\tb", b" " + bytes(range(0x80, 0xFF)), b" \xc3\x28", b" ../../../..", b" /", b" //",
    b" .", b" ..", b" -", b" --", b" *", b" [", b" [a-", b" ~", b" $HOME", b" `id`", b" ;id", b" |id", b" -1",
    b" 99999999999999999999", b" 0x10", b" 1e9", b" ,,,,,", b" 1,2,3,4,5,6,7", b" |||", b" |1|", b" |9|x|y|",
    b" ||||||||||||||||||", b" A", b" I extra", b" CHMOD", b" CHMOD 7777777777777 x", b" UTIME",
    b" UTIME x x x x x", b" HELP", b" 20200101000000", b" 20209999999999 x", b" MLST", b" MLST ;;;;;",
    b" UTF8", b" \x01\x02\x03", b" a/" + b"b/" * 2000, b" " + b"\xff\xff" * 100,
]


@sluice.on_each_engine
class Parser(SystemCase):
    def test_o_par_11_every_verb_with_every_argument(self):
        # One reply a line: the fence behind each line shows a reply too many or too few.
        self.tree.write("keep", b"kept")
        with self.serve(writable=True, settings=["limits.data_connect_timeout=1s"]) as server:
            client = server.client()
            for verb in VERBS:
                for argument in ARGUMENTS:
                    line = verb.encode() + argument
                    if verb == "QUIT" and not argument.strip():
                        continue
                    client.send(line + b"\r\n")
                    reply = client.reply()
                    self.assertRegex(reply, r"^[1-5]\d\d", line)
                    # A transfer that was set up by an earlier line may have begun.
                    if reply.startswith("1"):
                        reply = client.reply()
                    client.send(b"NOOP\r\n")
                    fence = client.reply()
                    self.assertTrue(fence.startswith("200"), (line, reply, fence))
                    if verb in ("USER", "PASS", "REIN"):
                        client.close()
                        client = server.client()
                    if verb in ("MKD", "XMKD", "STOU"):
                        self.remove_all_but({"keep"})
            client.close()
            self.assertEqual(self.tree.read("keep"), b"kept")
            self.assert_alive(server)

    def remove_all_but(self, kept):
        for name in os.listdir(os.fsencode(self.tree.root)):
            path = os.path.join(os.fsencode(self.tree.root), name)
            if os.fsdecode(name) not in kept:
                if os.path.isdir(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)

    def test_o_par_11_before_the_login(self):
        with self.serve() as server:
            for verb in VERBS:
                with server.client(login=False) as client:
                    client.greet()
                    for argument in ARGUMENTS:
                        line = verb.encode() + argument
                        if verb in ("QUIT", "PASS", "USER"):
                            continue
                        client.send(line + b"\r\nNOOP\r\n")
                        reply = client.reply()
                        self.assertRegex(reply, r"^[2-5]\d\d", line)
                        self.assertTrue(client.reply().startswith("200"), (line, reply))
            self.assert_alive(server)

    def test_o_num_7_interrupted_at_every_kind_of_moment(self):
        # A seeded series of transfers cut by every means; the server answers in order and lives.
        content = sluice.random_bytes(4 << 20, 11)
        self.tree.write("big", content)
        seed = 20200229
        prng = random.Random(seed)
        with self.serve(writable=True, settings=["limits.data_connect_timeout=1s"]) as server:
            before = server.descriptors()
            for turn in range(150):
                with self.subTest(seed=seed, turn=turn):
                    self.one_interruption(server, prng, content)
            self.assert_alive(server)
            self.assert_descriptors_return(server, before)
            self.assertEqual(self.tree.read("big"), content)

    def one_interruption(self, server, prng, content):
        download = prng.random() < 0.5
        action = prng.choice(["ABOR", "QUIT", "USER x", "REIN", "PASV", "PORT 127,0,0,1,200,1", "STAT",
                              "garbage", "close control", "reset control", "close data",
                              "reset data"])
        position = prng.randrange(len(content))
        with server.client() as client:
            client.expect(client.command("TYPE I"), "200")
            data = client.passive(extended=prng.random() < 0.5, narrow=True)
            client.expect(client.command("RETR big" if download else "STOR up"), "150", "125")
            if download:
                left = position
                while left > 0:
                    left -= len(data.recv(min(left, 65536)))
            else:
                data.sendall(content[:position])
            if action in ("close data", "reset data"):
                if action == "close data":
                    data.close()
                else:
                    sluice.reset(data)
                client.expect(client.reply(), "426", "226")
                client.expect(client.command("NOOP"), "200")
                return
            if action in ("close control", "reset control"):
                if action == "close control":
                    client.close()
                else:
                    client.reset()
                sluice.read_to_any_end(data)
                data.close()
                return
            client.send(action + "\r\n")
            if action == "ABOR":
                first = client.expect(client.reply(), "426", "226")
                client.expect(client.reply(), "226")
                if first[:3] == "426":
                    sluice.read_to_any_end(data)
                data.close()
                client.expect(client.command("NOOP"), "200")
                return
            if action == "STAT":
                client.expect(client.reply(), "211")
            if action == "QUIT" and not download:
                # PyFilesystem2 closes the data connection only after the 221.
                client.expect(client.reply(), "221")
                data.close()
                client.expect(client.reply(), "226")
                return
            if download:
                sluice.read_to_any_end(data)
            data.close()
            client.expect(client.reply(), "226")
            expected = {"QUIT": "221", "USER x": "503", "REIN": "220", "PASV": "227",
                        "PORT 127,0,0,1,200,1": "200", "garbage": "500"}
            if action in expected:
                client.expect(client.reply(), expected[action])

    def test_o_fs_14_a_thousand_levels(self):
        depth = 1000
        with self.serve(writable=True) as server, server.client() as client:
            made = 0
            for _ in range(depth):
                if not client.command("MKD a").startswith("257"):
                    break
                client.expect(client.command("CWD a"), "250")
                made += 1
            # 4095 bytes of path are 2047 levels of one letter: all thousand must work.
            self.assertEqual(made, depth)
            path = re.search(r'"(.*)"', client.command("PWD")).group(1)
            self.assertEqual(path, "/a" * depth)
            client.expect(client.command("TYPE I"), "200")
            client.store("deep", b"down here")
            self.assertEqual(client.retrieve("RETR " + path + "/deep"), b"down here")
            client.expect(client.command("CWD /"), "250")
            # Deeper than listing.depth: as far as it goes, and no 226.
            with client.passive() as data:
                client.expect(client.command("LIST -R"), "150")
                sluice.read_to_any_end_bytes(data)
            client.expect(client.reply(), "451")
            client.expect(client.command("CWD " + path), "250")
            client.expect(client.command("DELE deep"), "250")
            for _ in range(depth):
                client.expect(client.command("CDUP"), "250")
                client.expect(client.command("RMD a"), "250")
            client.quit()
            self.assertEqual(os.listdir(self.tree.root), [])

    def test_o_log_2_nothing_is_given_away(self):
        secrets = ["0.1.0", socket.gethostname(), self.tree.root, os.path.dirname(self.tree.root), "Linux", "Debian"]
        os.mkdir(self.tree.path("closed"))
        with self.serve() as server, server.client(login=False) as client:
            texts = [client.greet()]
            for line in ("SYST", "FEAT", "HELP", "STAT", "PWD", "CWD /x", "USER root", "PASS x"):
                texts.append(client.command(line))
            with server.client() as user:
                for line in ("STAT", "PWD", "CWD missing", "RETR missing", "SIZE missing", "DELE x", "MKD x",
                             "SITE HELP", "HELP", "MLST closed", "STAT closed"):
                    texts.append(user.command(line))
            for text in texts:
                for secret in secrets:
                    self.assertNotIn(secret, text)
                self.assertNotRegex(text, r"(?i)\bsluiced?[ /]\d")
                self.assertNotRegex(text, r"\b(uid|gid|errno)\b")


if __name__ == "__main__":
    sluice.run(__name__)
