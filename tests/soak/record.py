"""What a soak measures of the server, and what it says of it at the end."""

import asyncio
import re
import statistics
import time

INTERVAL_S = 5
# Of what the server holds after warming up: malloc's own ups and downs.
GROWTH_SHARE, GROWTH_KIB = 0.05, 1024
# Not asked of a sanitizer: it keeps every chain of calls that it saw allocate, and those of a replaced module are new ones each time.
SLOPE_KIB_PER_MINUTE = 64


class Sample:
    def __init__(self, at_s, status, metrics):
        self.at_s = at_s
        self.anonymous_kib, self.resident_kib, self.threads = (
            int(re.search(name + r":\s*(\d+)", status)[1]) for name in ("RssAnon", "VmRSS", "Threads"))
        self.descriptors = total(metrics, "process_open_fds")
        self.sessions = total(metrics, "motet_sessions")
        self.stanzas = total(metrics, "motet_stanzas_total")

    def line(self):
        return (f"{self.at_s:7.0f} s  {self.anonymous_kib:8} KiB own  {self.resident_kib:8} KiB resident  {self.descriptors:5} "
                f"descriptors  {self.sessions:5} sessions  {self.threads:3} threads  {self.stanzas:9} stanzas")


def total(metrics, name):
    values = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", metrics, re.M)
    if not values:
        raise AssertionError(f"there is no metric {name}")
    return int(sum(map(float, values)))


async def take(motet, began):
    def look():
        with open(f"/proc/{motet.process.pid}/status", encoding="ascii") as file:
            status = file.read()
        return Sample(time.monotonic() - began, status, motet.ctl("metrics"))

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
        """Of the server's own memory, after a third of the time. Returns: whether it is flat, and that in words."""
        warm = self.samples[len(self.samples) // 3:]
        half = len(warm) // 2
        before = statistics.median(sample.anonymous_kib for sample in warm[:half])
        after = statistics.median(sample.anonymous_kib for sample in warm[half:])
        growth_bound = before * GROWTH_SHARE + GROWTH_KIB
        per_minute = 60 * slope([(sample.at_s, sample.anonymous_kib) for sample in warm])
        words = (f"own memory: median {before:.0f} KiB in the second third, {after:.0f} KiB in the last "
                 f"({after - before:+.0f}, bound {growth_bound:+.0f}); slope {per_minute:+.1f} KiB a minute "
                 f"(bound {'none' if is_sanitized else SLOPE_KIB_PER_MINUTE})")
        return after - before <= growth_bound and (is_sanitized or per_minute <= SLOPE_KIB_PER_MINUTE), words
