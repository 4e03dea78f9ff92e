"""Callgrind's profiles: what an operation takes, and whether that is what was recorded."""

import collections
import json
import os
import re
import sys

import release

RECORD = os.path.join(release.SOURCE, "tests", "bench", "instructions.json")
ROWS = ("message", "pipelined", "ping", "presence", "login", "tls_message")
COMMAND = "tests/bench/instructions"

# How much dearer an operation may be: in motetd and its modules, and with the libraries, which differ between machines.
MARGINS = {"own": 0.03, "total": 0.10}
SKIPPED = 77


class Profile:
    """One file of callgrind's: for each function, a pair (object, name), what it takes itself and with all it calls."""

    def __init__(self, file):
        self.itself, self.inclusive = collections.Counter(), collections.Counter()
        self.names = {}
        self.function = (None, None)
        with open(file) as profile:
            is_call = False
            for line in profile:
                if line[0] in "+-*" or line[0].isdigit():
                    self.add(int(line.split()[1]), is_call)
                    is_call = False
                elif line.startswith("calls="):
                    is_call = True
                else:
                    self.read_name(line)

    def add(self, cost, is_call):
        """The line after calls= is what the called function took, which is counted by itself there."""
        self.inclusive[self.function] += cost
        if not is_call:
            self.itself[self.function] += cost

    def read_name(self, line):
        found = re.match(r"(ob|cob|fn|cfn)=\((\d+)\)(?: (.*))?", line)
        if not found:
            return
        what, number, name = found.groups()
        key = (what[-2:], number)
        if name is not None:
            self.names[key] = name
        if what == "ob":
            self.function = (self.names[key], None)
        elif what == "fn":
            self.function = (self.function[0], self.names[key])

    def by_object(self):
        costs = collections.Counter()
        for (object_name, _), cost in self.itself.items():
            costs[object_name] += cost
        return costs


def is_own(object_name):
    return os.path.realpath(object_name).startswith(os.path.realpath(release.FOLDER) + os.sep)


class Count:
    """What one operation of a row takes, in instructions: own is motetd and modules, total has libraries too."""

    def __init__(self, row, n_done, files):
        self.row, self.n_done = row, n_done
        self.profiles = [Profile(file) for file in files]
        phases = [profile.by_object() for profile in self.profiles]
        n = n_done[1] - n_done[0]
        self.objects = {name: (phases[1][name] - phases[0][name]) / n for name in phases[1]}
        self.total = round(sum(self.objects.values()))
        self.own = round(sum(cost for name, cost in self.objects.items() if is_own(name)))
        if self.own <= 0:
            sys.exit(f"{row}: no instruction of {release.FOLDER} was counted")


def show(counts):
    print(f"{'operation':<12} {'own':>10} {'total':>10}")
    for row, count in counts.items():
        parts = sorted(((cost, os.path.basename(name)) for name, cost in count.objects.items()), reverse=True)
        print(f"{row:<12} {count.own:>10,} {count.total:>10,}   "
              + ", ".join(f"{name} {cost:,.0f}" for cost, name in parts[:6]))


def read():
    if not os.path.exists(RECORD):
        return {}
    with open(RECORD) as file:
        return json.load(file)


def update(counts):
    everything = read()
    everything[release.toolchain()] = {row: {"own": count.own, "total": count.total} for row, count in counts.items()}
    with open(RECORD, "w") as file:
        json.dump(everything, file, indent=2)
        file.write("\n")
    show(counts)


def compare(counts):
    """Prints what is dearer or cheaper than recorded. Returns: the exit code."""
    show(counts)
    recorded = read().get(release.toolchain())
    if recorded is None:
        print(f"skipped: {RECORD} has nothing for {release.toolchain()}; {COMMAND} --update adds it")
        return SKIPPED
    is_dearer = False
    for row, count in counts.items():
        for part, margin in MARGINS.items():
            now, before = getattr(count, part), recorded.get(row, {}).get(part, 0)
            where = f"{row} ({part}): {now:,} instructions for one, {before:,} recorded"
            if now > before * (1 + margin):
                is_dearer = True
                print(f"DEARER  {where}, {margin:.0%} more are allowed. {COMMAND} --profile {row} shows where they go; "
                      f"if they are worth it: {COMMAND} --update")
            elif now < before * (1 - margin):
                print(f"cheaper {where}: {COMMAND} --update keeps it so")
    return 1 if is_dearer else 0


def show_profile(count, n_functions):
    """The functions of the longer phase, in instructions for one operation."""
    profile, n = count.profiles[1], count.n_done[1]
    for title, costs in (("by itself", profile.itself), ("with all it calls", profile.inclusive)):
        print(f"\n{count.row}: instructions for one, {title}")
        for (object_name, name), cost in costs.most_common(n_functions):
            print(f"{cost / n:>10,.0f} {cost / n / count.total:>6.1%}  {name}  [{os.path.basename(object_name)}]")
