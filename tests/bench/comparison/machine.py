"""The machine: its processors, what runs on which of them, and whose turn it is."""

import contextlib
import os
import platform
import resource
import shlex
import subprocess


# As we found it, before anything is pinned.
USABLE = sorted(os.sched_getaffinity(0))


def processors():
    """The processor of the server and that of the load generator; the same one when there is no second."""
    return USABLE[0], USABLE[min(1, len(USABLE) - 1)]


@contextlib.contextmanager
def pinned(processor):
    """What is started inside runs on that processor alone: children inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def descriptors():
    """Takes as many as may be had, for this process and all it starts; returns how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def unprivileged():
    """How to start a process as nobody when we are root: arguments of Popen."""
    if os.getuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def hand_over(folder):
    """Gives a folder to whom unprivileged() starts."""
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


@contextlib.contextmanager
def turn():
    """Waits for the machine by the command in MOTET_BENCH_WRAP, which keeps it as long as the command behind it runs (flock(1))."""
    wrap = shlex.split(os.environ.get("MOTET_BENCH_WRAP", ""))
    if not wrap:
        yield
        return
    with subprocess.Popen([*wrap, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        try:
            with contextlib.suppress(BrokenPipeError):
                os.write(holder.stdin.fileno(), b"here\n")
            if holder.stdout.readline() != b"here\n":
                raise OSError(f"MOTET_BENCH_WRAP: '{' '.join(wrap)}' did not run the command behind it")
            yield
        finally:
            holder.stdin.close()


def load_average():
    return os.getloadavg()[0]


def _cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30


def _system():
    with contextlib.suppress(OSError), open("/etc/os-release", encoding="utf-8") as file:
        for line in file:
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip().strip('"')
    return platform.system()


def facts():
    server, generator = processors()
    return {
        "cpu": _cpu_model(),
        "cpus": os.cpu_count(),
        "server_cpu": server,
        "generator_cpu": generator,
        "memory_gib": round(_memory_gib(), 1),
        "kernel": platform.release(),
        "system": _system(),
        "descriptors": descriptors(),
    }
