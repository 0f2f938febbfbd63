"""The open loop's clock: what a server's stall does to those who would have come meanwhile."""

from bad_server import BadServer
from load_case import load, sluice

STALL_NS = 500_000_000
RATE = 200


@sluice.on_each_engine
class OpenLoop:
    def run_against_a_stall(self, *words):
        """Two seconds, and nothing is answered from 0.7 s to 1.2 s."""
        with BadServer(stall=(0.7, STALL_NS / 1e9)) as server:
            return load(self.engine, "noop", server.url + "/",
                        "--sessions", 2, "--duration", "2s", *words)

    def test_a_stall_shows_in_p99(self):
        for words in ((), ("--poisson",)):
            measured = self.run_against_a_stall("--rate", RATE, *words)
            self.assertEqual(measured.errors, {})
            action = measured.step("action")
            # A quarter of the arrivals came in the stall, evenly: p90 waited for half of it or
            # so, and the last hundredth for nearly all.
            self.assertGreater(action["p99_ns"], 0.8 * STALL_NS, measured.output)
            self.assertGreater(action["p90_ns"], 0.2 * STALL_NS, measured.output)
            self.assertLess(action["max_ns"], 3 * STALL_NS, measured.output)
            self.assertGreater(measured.totals["actions_late"], RATE / 4)

    def test_a_closed_loop_would_have_hidden_it(self):
        measured = self.run_against_a_stall()
        self.assertLess(measured.step("action")["p99_ns"], 0.5 * STALL_NS)
        self.assertGreater(measured.step("action")["max_ns"], 0.8 * STALL_NS)

    def test_a_constant_rate_is_kept(self):
        with BadServer() as server:
            measured = load(self.engine, "noop", server.url + "/",
                            "--sessions", 8, "--rate", RATE, "--duration", "2s", "--threads", 2)
        self.assertEqual(measured.errors, {})
        # The last one is due at the very end.
        self.assertGreaterEqual(measured.totals["actions_done"], 2 * RATE - 10)
        self.assertLessEqual(measured.totals["actions_started"], 2 * RATE)

    def test_arrivals_that_never_got_a_session_are_late(self):
        with BadServer("refuse-login") as server:
            measured = load(self.engine, "noop", server.url + "/",
                            "--sessions", 2, "--rate", RATE, "--duration", "1s")
        self.assertEqual(measured.totals["actions_started"], 0)
        self.assertGreaterEqual(measured.totals["actions_late"], RATE - 2)


if __name__ == "__main__":
    sluice.run(__name__)
