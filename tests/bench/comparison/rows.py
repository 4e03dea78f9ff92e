"""The rows of the comparison: what each makes the servers do, which figures it gives, and what they should be."""

import dataclasses
import statistics

from dataset import Accounts
from machine import descriptors

ALL = ("motet", "relay", "prosody", "ejabberd")
# Who can be expected to hold many sessions before patience ends.
MANY = ("motet", "relay")

# As many sessions as one address of the loopback has ports for, and as nine tenths of the descriptors: motet keeps the rest.
N_MANY = min(18000, (descriptors() * 9 // 10 - 50) // 100 * 100)

SMALL, LARGE, STORED = Accounts(1100, 500), Accounts(max(N_MANY, 1100), 0), Accounts(100000, 0)
QUICK = Accounts(110, 20)


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of a row, of each server and run."""

    key: str
    title: str
    unit: str
    # Where it is in what the load generator prints.
    path: tuple = ()
    # Whether to compare servers by it.
    is_ratio: bool = False


CPU = Figure("cpu", "server CPU", "µs", ("cpu_us", "total"), is_ratio=True)
USER = Figure("cpu_user", "of it in user space", "µs", ("cpu_us", "user"))
RATE = Figure("per_s", "a second", "", ("per_s",))
PER_CORE = Figure("per_core", "a second of CPU", "")
P50 = Figure("p50", "latency p50", "µs", ("latency_us", "p50"))
P95 = Figure("p95", "latency p95", "µs", ("latency_us", "p95"))
P99 = Figure("p99", "latency p99", "µs", ("latency_us", "p99"))
CALM_P50 = Figure("calm_p50", "without the storm p50", "µs", ("latency_calm_us", "p50"))
CALM_P95 = Figure("calm_p95", "without the storm p95", "µs", ("latency_calm_us", "p95"))
LOST = Figure("lost", "lost", "", ("lost",))
REORDERED = Figure("reordered", "reordered", "", ("reordered",))
MEMORY = Figure("memory", "memory a session", "KiB", ("memory_kib", "per_session"), is_ratio=True)
GENERATOR = Figure("generator_cpu", "CPU of the generator", "", ("generator_cpu",))

CHAT = (CPU, USER, RATE, PER_CORE, P50, P99, LOST, REORDERED, GENERATOR)


@dataclasses.dataclass(frozen=True)
class Goal:
    """What a figure of motet should be, alone or in relation to another one of the same run."""

    text: str
    figure: str
    limit: float
    is_least: bool = False
    # In relation to the same figure of another server, another row, or to another figure: what is None is motet's own.
    server: str = None
    row: str = None
    to: str = None

    @property
    def is_relative(self):
        return bool(self.server or self.row or self.to)

    def values(self, results, row, of="motet"):
        """Returns: the value in each run in which both sides were measured; of another server: what it would be if that one were motet"""
        values = []
        for own, other in zip(runs_of(results, row, of), runs_of(results, self.row or row, self.server or of)):
            value = own.get(self.figure)
            base = other.get(self.to or self.figure) if self.is_relative else 1
            if value is not None and base:
                values.append(value / base)
        return values

    def is_met(self, values):
        """By the median."""
        middle = statistics.median(values)
        return middle >= self.limit if self.is_least else middle <= self.limit


def runs_of(results, row, server):
    return results["rows"].get(row, {}).get("servers", {}).get(server, [])


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    title: str
    # What the load generator does, and with which options; or "start" or "archive".
    work: str
    options: dict = dataclasses.field(default_factory=dict)
    quick: dict = dataclasses.field(default_factory=dict)
    figures: tuple = CHAT
    goals: tuple = ()
    servers: tuple = ALL
    accounts: Accounts = SMALL
    needs_tls_port: bool = False
    # Whether --quick has it.
    is_quick: bool = True

    def arguments(self, is_quick):
        """Options of the load generator, besides those that say where the server is."""
        chosen = self.options | self.quick if is_quick else self.options
        return [word for name, value in chosen.items() for word in ("--" + name, str(value))]

    def data(self, server, is_quick):
        """The accounts of a server. Large data sets are for who is measured with them: filling ejabberd's takes minutes."""
        if is_quick:
            return QUICK
        return self.accounts if server in MANY else SMALL


FEW = {"sessions": 20, "pairs": 5}
PAIRS = {"sessions": 100, "pairs": 50}
TLS = {"security": "direct"}


def to_others(prosody, ejabberd, relay=None, figure="cpu", to="CPU"):
    goals = [Goal(f"{to} at most 1/{prosody} of Prosody's", figure, 1 / prosody, server="prosody"),
             Goal(f"{to} at most 1/{ejabberd} of ejabberd's", figure, 1 / ejabberd, server="ejabberd")]
    if relay:
        goals.append(Goal(f"{to} at most {relay} × the relay's", figure, relay, server="relay"))
    return tuple(goals)


ROWS = (
    Row("message", "message, one a segment, in clear", "message", PAIRS, FEW, goals=to_others(30, 15, 1.5)),
    Row("message_tls", "message, one a segment, TLS 1.3", "message", PAIRS | TLS, FEW, goals=to_others(20, 12, 1.4)),
    Row("pipeline", "message, 32 in flight a flow", "pipeline", PAIRS | {"depth": 32}, FEW,
        goals=(Goal("at least 350,000 messages a second of CPU", "per_core", 350000, is_least=True),)),
    Row("rate", "message, 2,000 a second in all", "rate", PAIRS | {"rate": 2000}, FEW | {"rate": 200}),
    Row("iq", "ping to the server, one a segment", "iq", PAIRS, FEW, goals=to_others(17, 12, 1.5)),
    Row("presence", "presence to 500 contacts, a delivery", "presence", {"contacts": 500}, {"contacts": 20},
        goals=(Goal("at most 1 µs of CPU in user space", "cpu_user", 1),)),
    Row("login", "login with roster and presence, in clear", "login", {"sessions": 1000}, {"sessions": 20}, goals=to_others(20, 8)),
    Row("login_tls", "login with a full TLS 1.3 handshake", "login", {"sessions": 1000} | TLS, {"sessions": 20},
        goals=to_others(8, 4)),
    Row("churn", "connect, log in, leave", "churn", {"pairs": 16}, {"pairs": 4}),
    Row("memory", "1,000 idle sessions in clear", "idle", {"sessions": 1000}, {"sessions": 100}, figures=(MEMORY,),
        goals=(Goal("at most 4 KiB a session", "memory", 4),)),
    Row("memory_tls", "1,000 idle sessions over TLS", "idle", {"sessions": 1000} | TLS, {"sessions": 100}, figures=(MEMORY,),
        goals=(Goal("at most 18 KiB a session", "memory", 18),)),
    Row("memory_many", f"{N_MANY:,} idle sessions in clear", "idle", {"sessions": N_MANY}, figures=(MEMORY,), servers=MANY, accounts=LARGE,
        goals=(Goal("at most 4 KiB a session", "memory", 4),
               Goal("flat: at most 1.1 × that at 1,000", "memory", 1.1, row="memory")), is_quick=False),
    Row("memory_tls_many", f"{N_MANY:,} idle sessions over TLS", "idle", {"sessions": N_MANY} | TLS, figures=(MEMORY,), servers=MANY,
        accounts=LARGE, goals=(Goal("at most 18 KiB a session", "memory", 18),
                               Goal("flat: at most 1.1 × that at 1,000", "memory", 1.1, row="memory_tls")), is_quick=False),
    Row("message_many", f"message, with {N_MANY:,} sessions", "message", PAIRS | {"sessions": N_MANY}, servers=MANY, accounts=LARGE,
        goals=(Goal("CPU at most 1.3 × that with 100 sessions", "cpu", 1.3, row="message"),), is_quick=False),
    Row("storm", "message, during 64 handshakes at a time", "storm", PAIRS | {"storm": 64}, FEW | {"storm": 8},
        figures=(P50, P95, CALM_P50, CALM_P95, LOST, REORDERED, GENERATOR), needs_tls_port=True, goals=(
            Goal("p95 of the latency at most 3 × that without", "p95", 3, to="calm_p95"),
            Goal("p50 of the latency unchanged: at most 1.1 × that without", "p50", 1.1, to="calm_p50"))),
    Row("start", "start, motet with 100,000 accounts", "start", accounts=STORED, servers=("motet", "prosody", "ejabberd"),
        figures=(Figure("ready", "until ready", "ms", is_ratio=True), Figure("resident", "resident memory then", "MiB", is_ratio=True)),
        goals=(Goal("ready within 50 ms", "ready", 50), Goal("at most 12 MiB resident", "resident", 12))),
    Row("archive", "archive: 64 writers, each acknowledged", "archive", servers=("motet",),
        figures=(Figure("rows_per_s", "rows a second", ""), Figure("row_cpu", "CPU a row", "µs"), Figure("cold", "newest 50, cold, p50", "ms"),
                 Figure("cold_p95", "p95", "ms")),
        goals=(Goal("at least 50,000 rows a second", "rows_per_s", 50000, is_least=True), Goal("at most 6 µs of CPU a row", "row_cpu", 6),
               Goal("newest 50 of an account within 2 ms, cold, p50", "cold", 2))),
)
