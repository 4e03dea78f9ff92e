"""What a soak measures of the server, and what it says of it at the end.

Two figures of memory: what is live, that is allocated and not freed, as the allocator says (shim_live.c); and what is the server's
own, which the system says. Only the first shows what is kept and not needed. A sanitizer keeps what was freed until its quarantine
is full, and gives pages back by its own rules: with what is live the same to the byte its own memory goes up and down by
15 MB. malloc() cannot give back what is between blocks in use, so the release's memory goes up in steps that become rare. Therefore what is live may
not rise; what is own may so much that the memory of a server that runs for weeks has a bound.

What is live does rise by 80 bytes with each new build of a module that is put into a running server: whose code crashed or was slow is
known by its build until the server ends (core/activity.h).
"""

import asyncio
import os
import re
import shutil
import statistics
import struct
import time

from motet_instance import BUILD

INTERVAL_S = 5
LIVE_KIB_PER_MINUTE = 32  # queues that are full at the end and were not at the beginning
# Of the server's own memory after warming up: the allocator's ups and downs.
GROWTH_SHARE, GROWTH_KIB = 0.05, 1024
OWN_KIB_PER_MINUTE = 64  # not asked of a sanitizer


LIVE = struct.Struct("=Q")  # what shim_live.c writes


class Sample:
    def __init__(self, at_s, status, metrics, live):
        self.at_s = at_s
        self.live_kib = LIVE.unpack(live)[0] // 1024
        if self.live_kib == 0:
            raise AssertionError("shim_live.so is not built, or tells nothing: the server's live memory is unknown")
        self.anonymous_kib, self.resident_kib, self.threads = (
            int(re.search(name + r":\s*(\d+)", status)[1]) for name in ("RssAnon", "VmRSS", "Threads"))
        self.descriptors = total(metrics, "process_open_fds")
        self.sessions = total(metrics, "motet_sessions")
        self.stanzas = total(metrics, "motet_stanzas_total")

    def line(self):
        return (f"{self.at_s:7.0f} s  {self.anonymous_kib:8} KiB own  {self.live_kib:8} KiB live  {self.descriptors:5} "
                f"descriptors  {self.sessions:5} sessions  {self.threads:3} threads  {self.stanzas:9} stanzas")


def live_file(motet):
    return os.path.join(motet.dir, "live")


def prepare(motet):
    """Before the server starts: shim_live.c will tell what it has allocated."""
    with open(live_file(motet), "wb") as file:
        file.write(bytes(LIVE.size))
    shutil.chown(live_file(motet), os.stat(motet.config).st_uid)
    motet.prefix = ["env", f"LD_PRELOAD={BUILD}/tests/shim_live.so", f"MOTET_SOAK_LIVE={live_file(motet)}", *motet.prefix]


def total(metrics, name):
    values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", metrics, re.M)
    if not values:
        raise AssertionError(f"there is no metric {name}")
    return int(sum(map(float, values)))


async def take(motet, began):
    def look():
        with open(live_file(motet), "rb") as file:
            live = file.read(LIVE.size)
        with open(f"/proc/{motet.process.pid}/status", encoding="ascii") as file:
            status = file.read()
        return Sample(time.monotonic() - began, status, motet.ctl("metrics"), live)

    return await asyncio.to_thread(look)


def slope(points):
    """Of a straight line through the points (least squares)."""
    xs, ys = zip(*points)
    x_mean, y_mean = statistics.fmean(xs), statistics.fmean(ys)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((x - x_mean) ** 2 for x in xs)


class Record:
    def __init__(self, motet):
        self.motet, self.began = motet, time.monotonic()
        self.samples = []

    async def work(self, town):
        while not town.closing.is_set():
            self.samples.append(await take(self.motet, self.began))
            if len(self.samples) % 12 == 1:
                print(self.samples[-1].line(), flush=True)
            await town.wait(INTERVAL_S, INTERVAL_S)

    def growth(self, is_sanitized):
        """After a third of the time. Returns: what grows, and the figures in words."""
        warm = self.samples[len(self.samples) // 3:]
        half = len(warm) // 2
        faults, words = [], []
        for what, of, bound in (("live", lambda sample: sample.live_kib, LIVE_KIB_PER_MINUTE),
                                ("own", lambda sample: sample.anonymous_kib, None if is_sanitized else OWN_KIB_PER_MINUTE)):
            before, after = statistics.median(map(of, warm[:half])), statistics.median(map(of, warm[half:]))
            growth_bound = before * GROWTH_SHARE + GROWTH_KIB
            per_minute = 60 * slope([(sample.at_s, of(sample)) for sample in warm])
            words.append(f"{what} memory: median {before:.0f} KiB in the second third, {after:.0f} KiB in the last "
                         f"({after - before:+.0f}, bound {growth_bound:+.0f}); slope {per_minute:+.1f} KiB a minute "
                         f"(bound {bound or 'none'})")
            if after - before > growth_bound or (bound and per_minute > bound):
                faults.append(f"{what} memory grows")
        return faults, words
