#!/usr/bin/python3
"""Kills the server again and again while clients write, and looks whether it kept its promises.

    tests/durability/kills.py [--rounds N] [--seed N] [--faults] [--power-cuts] [--kinds a,b,...] [--careless]

In each round the server starts on what the last one left; every account logs in and reads all it has: what was acknowledged
must be there once, what was not answered wholly or not at all, nothing else, so nothing that was refused (ledger.py). Then eight
clients change their rosters, vCards, private elements and blocks and send messages to two accounts that are offline, accounts are
made, changed and deleted by motetctl and by their users, and at a random moment the server is killed with SIGKILL: mostly after a
number of answers, now and then while it starts or stops. At the end the database is sound and holds nothing of accounts that were deleted.

--faults: the disk is full, fails or is slow at random moments (shim.c). --power-cuts: what was not synced when it was killed is
lost at random as well. --careless: the server is told not to sync, to see that its losses are found. The seed is printed and
gives the same plan again; threads and scheduling are the machine's.
"""

import argparse
import asyncio
import errno
import os
import random
import signal
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("MOTET_TEST_SOURCE", SOURCE)
os.environ.setdefault("MOTET_TEST_BUILD", os.path.join(SOURCE, "build", "release"))
sys.path[:0] = [os.path.join(SOURCE, "tests", "support"), os.path.join(SOURCE, "tests", "durability")]
from accounts import Registrar, examine  # noqa: E402
from disk import Disk  # noqa: E402
from ledger import Broken  # noqa: E402
from load import PASSWORD, Mailbox, Progress, Writer  # noqa: E402
from motet_instance import Instance  # noqa: E402
from stores import STORES  # noqa: E402

N_WRITERS = 8
MAILBOXES = ("absent", "away")
OPTIONS = {
    "limits": "strangers_per_second: 1000\n",
    "sasl": "max_failures_per_minute: 100000\nmax_failures_per_hour: 1000000\n",
    "offline": "",
    "register": "min_password_length: 1\n",
    **dict.fromkeys(STORES, ""),
}
LIMITS = "limits:\n  user: {bytes_per_s: 1 GB, bytes_burst: 1 GB, stanzas_per_s: 1000000}\n"
FAULTS = (
    lambda r: {"write": errno.ENOSPC},
    lambda r: {"write": errno.EIO},
    lambda r: {"sync": errno.EIO},
    lambda r: {"room": r.randrange(100_000)},
    lambda r: {"delay": r.choice((5, 50, 300))},
    lambda r: {"delay": 20, "room": r.randrange(30_000)},
)


class Healthy:
    """A disk that never fails."""

    faulted = in_doubt = False

    def clear(self):
        pass


class Harness:
    def __init__(self, motet, disk, arguments):
        self.motet, self.disk, self.arguments = motet, disk, arguments
        self.random = random.Random(arguments.seed)
        self.progress = Progress()
        self.going_on = False
        boxes = MAILBOXES if "offline" in arguments.kinds else ()
        self.mailboxes = [Mailbox(name, motet.host) for name in boxes]
        self.writers = [Writer(f"writer{n}", random.Random(self.random.random()), arguments.kinds, self.mailboxes,
                               self.progress, disk) for n in range(N_WRITERS)]
        self.registrar = Registrar(random.Random(self.random.random()), disk, arguments.kinds)
        self.misfortune = random.Random(self.random.random())
        self.n_open = self.n_cut = self.n_at_start = self.n_at_stop = self.n_calm = 0

    def shelves(self):
        for writer in self.writers:
            yield from (*writer.shelves.values(), *writer.mail)
        yield self.registrar.shelf

    async def prepare(self):
        self.motet.start()
        for name in [writer.name for writer in self.writers] + [box.name for box in self.mailboxes]:
            self.motet.add_user(name, PASSWORD)
        await self.read_all()

    async def read_all(self):
        """The server runs again: what is there must be what was promised."""
        await asyncio.gather(*(writer.log_in(self.motet) for writer in self.writers))
        await asyncio.gather(*(writer.read_all(settle=True) for writer in self.writers))
        await asyncio.gather(*(mailbox.read_all(self.motet) for mailbox in self.mailboxes))
        await self.registrar.read_all(self.motet)

    async def break_disk(self):
        """Faults, each for a while; asyncio.sleep() makes the moment random, nothing depends on it."""
        while self.going_on:
            await asyncio.sleep(self.misfortune.random() * 0.2)
            if self.going_on:
                self.disk.set(**self.misfortune.choice(FAULTS)(self.misfortune))
            await asyncio.sleep(self.misfortune.random() * 0.3)
            if self.misfortune.random() < 0.7:
                self.disk.clear()

    async def work(self):
        """Until enough was answered. Returns the tasks that go on."""
        self.going_on, self.disk.faulted, self.disk.in_doubt = True, False, False
        self.progress.aim(int(10 ** self.random.uniform(0, 3)))
        writing = [asyncio.create_task(writer.write(lambda: self.going_on)) for writer in self.writers]
        others = [asyncio.create_task(self.registrar.work(self.motet, lambda: self.going_on))]
        if self.arguments.faults:
            others.append(asyncio.create_task(self.break_disk()))
        left = {self.progress.reached, *writing, *others}
        while not self.progress.reached.done():
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
            if done & set(writing) and not self.progress.reached.done():
                raise Broken(f"the server ended a stream, its exit code is {self.motet.process.poll()}")
        return [*writing, *others]

    async def calm_down(self, tasks):
        """The disk is well again, all is answered, and the living server tells what it acknowledged."""
        self.n_calm += 1
        self.going_on = False
        self.disk.clear()
        await asyncio.gather(*tasks)
        self.disk.clear()
        await asyncio.gather(*(writer.read_all(settle=False) for writer in self.writers))

    async def kill(self, tasks):
        self.going_on = False
        stopping = self.random.random() < 0.15
        if stopping:
            self.n_at_stop += 1
            self.motet.process.send_signal(signal.SIGTERM)
            await asyncio.sleep(self.random.random() * 0.05)
        self.motet.kill(stopping)
        await asyncio.gather(*tasks)
        self.n_open += sum(len(shelf.sent) for shelf in self.shelves())
        self.disk.clear()
        if self.arguments.power_cuts:
            self.n_cut += self.disk.cut_power(self.random)

    async def kill_at_start(self):
        self.n_at_start += 1
        self.motet.spawn()
        await asyncio.sleep(self.random.random() * 0.3)
        self.motet.kill()

    async def round(self):
        tasks = await self.work()
        if self.random.random() < 0.2:
            await self.calm_down(tasks)
            tasks = []
        await self.kill(tasks)
        if self.random.random() < 0.1:
            await self.kill_at_start()
        self.motet.start()
        await self.read_all()

    def report(self):
        kinds = {}
        for shelf in self.shelves():
            kind = "messages" if shelf.ordered else shelf.name.split(", ")[-1]
            kinds[kind] = kinds.get(kind, 0) + shelf.n_acknowledged
        print(f"{self.arguments.rounds} rounds, seed {self.arguments.seed}: "
              f"{self.n_at_start} more kills while starting, {self.n_at_stop} while stopping, {self.n_calm} after a rest")
        n_risen = sum(shelf.n_risen for shelf in self.shelves())
        print(f"acknowledged: {sum(kinds.values())} (" + ", ".join(f"{kind} {n}" for kind, n in kinds.items())
              + f"); refused by the disk {self.progress.n_refused}, but there after a power cut without a sync {n_risen}; "
              f"not answered when killed {self.n_open}; writes cut off {self.n_cut}")
        print("lost 0, twice 0, never sent 0; the database is sound")

    async def run(self):
        await self.prepare()
        for number in range(self.arguments.rounds):
            try:
                await self.round()
            except BaseException:
                print(f"in round {number + 1}, seed {self.arguments.seed}", file=sys.stderr)
                raise


def parse(words):
    parser = argparse.ArgumentParser(description="Kill the server under load and look what it kept.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2 ** 32))
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--power-cuts", action="store_true")
    parser.add_argument("--careless", action="store_true")
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=[*STORES, "offline", "register"])
    return parser.parse_args(words)


def run(arguments):
    """Returns the instance, which holds the folder and the log, and what went wrong; None when nothing did."""
    options = {name: OPTIONS[name] for name in ("limits", "sasl", *arguments.kinds)}
    options["storage_sqlite"] = "synchronous: normal\n" if arguments.careless else ""
    motet = Instance(options=options, main=LIMITS)
    shim = arguments.faults or arguments.power_cuts
    disk = Disk(motet, undo=arguments.power_cuts) if shim else Healthy()
    try:
        harness = Harness(motet, disk, arguments)
        asyncio.run(harness.run())
        motet.stop()
        examine(motet)
        harness.report()
        return motet, None
    except BaseException as problem:
        if motet.process:
            motet.process.kill()
        return motet, problem


def main(words):
    arguments = parse(words)
    print(f"seed {arguments.seed}", flush=True)
    motet, problem = run(arguments)
    if problem:
        sys.stderr.write("---- server log\n" + motet.read_log() + f"----\nits folder stays: {motet.dir}\n")
        raise problem
    motet.remove()


if __name__ == "__main__":
    main(sys.argv[1:])
