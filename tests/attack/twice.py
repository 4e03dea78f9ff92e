"""Twice the load that a server carries: how much it carries, more than that by the clock, and what has to be true all the while.

    siege = Siege(...)
    twice = Twice(siege, sizes)
    twice.both()

The load is bench_xmpp's (tests/bench/load): sessions that chat, a message at a time, tell how many messages a second are carried, and
newcomers who log in one after the other how many logins. Then messages and newcomers come by the clock, whether the server keeps up or
not. Where it does keep up, since stanzas that wait are cheaper, that is what it carries, and it gets twice as much of it.
"""

import json
import subprocess
import time
import types

from siege import BUILD, DEADLINE_S, PASSWORD, SANITIZED, check, check_quietly

STRANGERS_MAX = 4096  # R14
PER_ACCOUNT = 20  # sessions, R16
PER_SENDER = 90  # messages a second that one session sends at most; R12 lets it send 100 stanzas
ROUNDS = 2
KEEPS_UP = 0.9
STRANGER_BYTES = 64 << 10
GROWTH_MAX = 64 << 20  # by the same once more; the C library keeps what was needed at once at most

# What is tried how long. A test has seconds; by hand it may be minutes.
SHORT = types.SimpleNamespace(measure_s=1.5, load_s=4, sessions=400, newcomers=1500, mechanism="SCRAM-SHA-256", times=2)


class Twice:
    def __init__(self, siege, sizes=SHORT, bench=f"{BUILD}/tests/bench_xmpp"):
        self.siege, self.sizes, self.bench = siege, sizes, bench
        for n in range(sizes.sessions // PER_ACCOUNT):
            siege.instance.add_user(f"chatter{n}", PASSWORD)
        for n in range(self.n_guests()):
            siege.instance.add_user(f"guest{n}", PASSWORD)

    def n_guests(self):
        return self.sizes.sessions // PER_ACCOUNT

    # The load

    def start(self, work, user, sessions, per_account, **options):
        words = [self.bench, work, f"--port={self.siege.instance.tls_port}", "--security=direct", f"--password={PASSWORD}",
                 f"--user={user}%u", "--per-address=10", f"--sessions={sessions}", f"--per-account={per_account}",
                 *(f"--{name.replace('_', '-')}={value}" for name, value in options.items())]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, process):
        text, _ = process.communicate(timeout=DEADLINE_S + 4 * self.sizes.load_s)
        if process.returncode != 0:
            raise AssertionError(f"{' '.join(process.args)}: {text[-1500:]}")
        return json.loads(text)

    def start_newcomers(self, rate, seconds):
        per_account = -(-self.sizes.newcomers // self.n_guests())
        return self.start("arrive", "guest", self.sizes.newcomers, per_account, rate=max(1, round(rate)), seconds=seconds, warmup=0,
                          mechanism=self.sizes.mechanism)

    def start_chat(self, work, **options):
        return self.start(work, "chatter", self.sizes.sessions, PER_ACCOUNT, pairs=self.sizes.sessions // 2, warmup=0.5, roster="no",
                          logins_at_once=16, **options)

    # What is carried

    def logins_carried(self):
        """A second, over TLS."""
        found = self.finish(self.start("login", "guest", self.n_guests() * 10, 10, logins_at_once=16, roster="yes",
                                       mechanism=self.sizes.mechanism))
        carried = found["login"]["n"] / found["login"]["seconds"]
        for _ in range(ROUNDS):
            found = self.finish(self.start_newcomers(2 * carried, self.sizes.measure_s))
            if found["per_s"] < KEEPS_UP * 2 * carried:
                break
            carried = found["per_s"]
        return max(carried, found["per_s"])

    def messages_carried(self):
        carried = self.finish(self.start_chat("message", seconds=self.sizes.measure_s))["per_s"]
        for _ in range(ROUNDS):
            offered = self.bounded(2 * carried)
            found = self.finish(self.start_chat("rate", rate=round(offered), seconds=self.sizes.measure_s))
            if found["per_s"] < KEEPS_UP * offered or offered < 2 * carried:
                break
            carried = found["per_s"]
        return max(carried, found["per_s"])

    def bounded(self, rate):
        """No user may send more than his own limits let him: more would wait because of those."""
        return min(rate, PER_SENDER * self.sizes.sessions)

    # What comes of more

    def check_newcomers(self, found, carried):
        fates = found["arrivals"]
        check("each newcomer was let in, told to come again, or is known to have been too late",
              fates["n"] == sum(n for fate, n in fates.items() if fate != "n"), fates)
        check("some were let in", fates["in"] > 0, f"{found['per_s']:.0f} a second of {carried:.0f} that are carried")
        check("nobody was refused as if he did wrong", fates["limited"] == 0)
        # Beyond, the oldest go without a word (R14), and so does who is not through with TLS in 10 s (R13).
        if fates["n"] < STRANGERS_MAX and found["latency_us"]["max"] < 5e6:
            check("nobody was closed without a word", fates["closed"] == 0)
        check("the load was not bounded by who made it", fates["crowded"] <= fates["n"] // 2, fates["crowded"])

    def check_chat(self, found, offered):
        check("each message that was sent arrived, once and in order",
              found["sent"] == found["received"] and found["reordered"] == found["duplicated"] == 0, f"{found['sent']} messages")
        check("while they were sent", True, f"{found['per_s']:.0f} a second arrived of {offered:.0f}; the longest took "
                                            f"{found['latency_us']['max'] / 1e6:.2f} s")

    def check_recovered(self, memory, before):
        siege = self.siege
        siege.wait_alone()
        for queue in ("motet_offload_queue", "motet_store_queue"):
            siege.wait(f"{queue} is empty", lambda name=queue: siege.metric(name) == 0)
        siege.wait("status is healthy", lambda: siege.instance.ctl("status", code=None)[0] == 0)
        now, n = siege.memory(), self.sizes.newcomers + self.sizes.sessions
        # A sanitizer keeps freed memory back.
        check("memory", SANITIZED or now < memory + n * STRANGER_BYTES, f"{memory >> 20} MiB before, {now >> 20} after")
        if before > 0:
            check("logins a second, before and after", True, f"{before:.0f}, {self.logins_carried():.0f}")

    def share(self, act):
        """Pings of the bystander are answered all the while."""
        siege = self.siege
        cpu, began, n_pings = siege.cpu_s(), time.monotonic(), len(siege.bystander.delays)
        result = act()
        took = time.monotonic() - began
        pings = siege.bystander.delays[n_pings:]
        check_quietly("the bystander was not answered", pings and siege.bystander.failure is None)
        check("the bystander was answered all the time", len(pings) > 0,
              f"{len(pings)} pings in {took:.1f} s, the longest took {max(pings) * 1000:.0f} ms; the server took "
              f"{(siege.cpu_s() - cpu) / took:.2f} of a processor")
        return result

    def check_no_growth(self, load):
        """What was needed once suffices the next time."""
        if SANITIZED:
            return
        first = self.siege.memory()
        self.share(load)
        self.siege.wait_alone()
        now = self.siege.memory()
        check("memory after the same once more", now < first + GROWTH_MAX, f"{first >> 20} MiB before, {now >> 20} after")

    def _run(self, with_newcomers, with_chat):
        sizes, processes = self.sizes, []
        logins = self.logins_carried() if with_newcomers else 0
        messages = self.bounded(self.messages_carried()) if with_chat else 0
        check("carried a second", True, f"{logins:.0f} logins with {sizes.mechanism}, {messages:.0f} messages; 0: not asked")
        memory = self.siege.memory()
        offered = self.bounded(sizes.times * messages)
        if offered < sizes.times * messages:
            print(f"# only {offered:.0f} messages a second are offered: more sessions are needed for {sizes.times:g} times as many")

        def load():
            processes.clear()
            if with_chat:
                processes.append(self.start_chat("rate", rate=round(offered), seconds=sizes.load_s))
            if with_newcomers:
                processes.append(self.start_newcomers(sizes.times * logins, sizes.load_s))
            return [self.finish(process) for process in processes]
        try:
            for one in self.share(load):
                if "arrivals" in one:
                    self.check_newcomers(one, logins)
                else:
                    self.check_chat(one, offered)
            self.check_recovered(memory, logins)
            self.check_no_growth(load)
        finally:
            for process in processes:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def logins(self):
        """Twice as many newcomers as can be let in."""
        self._run(True, False)

    def messages(self):
        """Twice as many messages as can be routed, from users of whom each stays within his own limits."""
        self._run(False, True)

    def both(self):
        self._run(True, True)
