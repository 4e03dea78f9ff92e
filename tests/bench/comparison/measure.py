"""One turn: one server does what one row asks, and figures come out."""

import json
import os
import subprocess

from machine import pinned, processors, turn
from servers import PASSWORD, SERVERS, Failure

LIMIT = 300


class Plan:
    """What all turns have in common."""

    def __init__(self, build, datasets, seconds, warmup, is_quick, archive_rows):
        self.build = build
        self.datasets = datasets
        self.seconds = seconds
        self.warmup = warmup
        self.is_quick = is_quick
        self.archive_rows = archive_rows


def take_turn(plan, row, name):
    """Returns: figures by key; raises Failure with the log of the server behind the reason"""
    server = None
    try:
        if row.work == "archive":
            return _measure_archive(plan)
        data = plan.datasets.get(name, row.data(name, plan.is_quick))
        server = SERVERS[name](plan.build, plan.datasets.certificate, data)
        server.prepare()
        return _measure(plan, row, server)
    except (Failure, AssertionError, OSError, ValueError, KeyError, subprocess.SubprocessError) as failure:
        error = Failure(str(failure) or repr(failure))
        error.log = server.read_log() if server else ""
        raise error from failure
    finally:
        if server:
            server.kill()
            server.remove()


def _measure(plan, row, server):
    if row.work == "start":
        with turn():
            server.start()
        figures = {"ready": server.start_seconds * 1000, "resident": server.resident_kib() / 1024}
    else:
        server.start()
        with turn(), pinned(processors()[1]):
            output = _run_tool(_generator(plan, row, server), LIMIT)
        figures = _figures(row, json.loads(output))
        server.check_alive()
    server.stop()
    return figures


def _generator(plan, row, server):
    port = server.tls_port if row.options.get("security") == "direct" else server.port
    command = [f"{plan.build}/tests/bench_xmpp", row.work, "--port", str(port), "--password", PASSWORD, "--pid", str(server.pid),
               "--seconds", str(plan.seconds), "--warmup", str(plan.warmup), *row.arguments(plan.is_quick)]
    if row.needs_tls_port:
        command += ["--storm-port", str(server.tls_port)]
    return command


def _run_tool(command, limit):
    """Returns: what it printed"""
    name = " ".join([os.path.basename(command[0]), command[1]])
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise Failure(f"{name} did not end within {limit} s") from None
    if done.returncode != 0:
        raise Failure(f"{name} exited {done.returncode}: {done.stderr.strip()}\n{done.stdout.strip()}")
    return done.stdout


def _figures(row, found):
    figures = {}
    for figure in row.figures:
        value = found
        for key in figure.path:
            value = value.get(key) if isinstance(value, dict) else None
        if figure.path and value is not None:
            figures[figure.key] = value
    if figures.get("cpu"):
        figures["per_core"] = 1e6 / figures["cpu"]
    return figures


def _measure_archive(plan):
    """The store alone, without a server; on the disk of the build tree, because that of /tmp may be none."""
    size = ["--rows", "5000", "--accounts", "100", "--reads", "5"] if plan.is_quick else ["--rows", str(plan.archive_rows)]
    command = [f"{plan.build}/tests/bench_store", "--modules", f"{plan.build}/modules", "--folder", plan.build, *size,
               "--seconds", str(max(1, round(plan.seconds))), "--json"]
    with turn():
        output = _run_tool(command, LIMIT + plan.archive_rows // 10000)
    found = json.loads(output.splitlines()[-1])
    return {"rows_per_s": found["rows_per_s"], "row_cpu": found["cpu_us_per_row"], "cold": found["newest50_cold_us"]["p50"] / 1000,
            "cold_p95": found["newest50_cold_us"]["p95"] / 1000}
