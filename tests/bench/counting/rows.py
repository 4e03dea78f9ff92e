"""The operations whose instructions are counted, and the server under valgrind that carries them out.

Everything happens in lockstep: one request, its answers, and then nothing before every thread of the server sleeps again. So
the server does the same steps in the same order each time, however fast the machine is.
"""

import contextlib
import glob
import os
import time

import record
from motet_instance import Instance
from raw_client import DEADLINE_S, Client

N_CONTACTS, N_BATCH, N_ITEMS = 50, 16, 10

# Only this request enters this function: callgrind then writes a profile, and counts from zero again.
MARK = "<iq type='get' id='mark' to='localhost'><query xmlns='jabber:iq:last'/></iq>"
MARK_FUNCTION = "answer_for_host"

# Libraries choose their code by the processor: with these, the same on every x86-64 (no AVX, BMI, ADX, SHA).
PORTABLE = {
    "OPENSSL_ia32cap": "~0x1000100000000000:~0xf02b0128",
    "G_DEBUG": "", "G_SLICE": "",  # as they may be set for tests
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-BMI1,-BMI2,-LZCNT,"
                      "-MOVBE,-ERMS,-FSRM,-RTM",
}
OPTIONS = {
    "sasl": "allow_unencrypted: true\nmechanisms: [SCRAM-SHA-1]\n",
    "tls": "required: false\n",
    "limits": "strangers_per_address: 4096\nstrangers_per_second: 100000\n",
    "auth_internal": "iterations: 4096\n",
}
MAIN = """limits:
  user: {bytes_per_s: 1 GB, bytes_burst: 1 GB, stanzas_per_s: 1000000}
"""
BODY = "So shows a snowy dove trooping with crows, as yonder lady o'er her fellows shows. The measure done"


class Server(Instance):
    """An instance that may run under callgrind."""

    def __init__(self):
        super().__init__(options=OPTIONS, main=MAIN)
        self.clients, self.marker, self.n_marks = [], None, 0
        self.profile = os.path.join(self.dir, "profile")

    def start_counting(self):
        self.prefix = ["valgrind", "--tool=callgrind", "--vgdb=no", "--quiet", f"--dump-before={MARK_FUNCTION}",
                       f"--callgrind-out-file={self.profile}"]
        self.env = PORTABLE
        # Valgrind would create it before the server gives up being root, and write it at the end.
        with open(self.profile, "w") as file:
            os.chmod(file.fileno(), 0o666)
        self.start()
        self.marker = Client(self.port, "mark", settle=self.settle).login()

    def settle(self):
        """Waits until all threads sleep."""
        deadline = time.monotonic() + DEADLINE_S
        while not self.is_asleep():
            if time.monotonic() > deadline:
                raise AssertionError("the server does not come to rest")

    def is_asleep(self):
        for file in glob.glob(f"/proc/{self.process.pid}/task/*/stat"):
            try:
                with open(file) as stat:
                    state = stat.read().rsplit(")", 1)[1].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                return False
            if state != "S":
                return False
        return True

    def client(self, name, tls=False):
        client = Client(self.tls_port if tls else self.port, name, security="direct" if tls else "plain", settle=self.settle)
        self.clients.append(client)
        return client

    def part(self):
        """All clients of a row leave."""
        for client in self.clients:
            client.leave()
        self.clients.clear()

    def mark(self):
        """Begins a new profile. Returns: the file of the one that ends here"""
        self.marker.ask(MARK, "</iq>")
        self.n_marks += 1
        n_written = len(glob.glob(self.profile + ".*"))
        if n_written != self.n_marks:
            raise AssertionError(f"{n_written} profiles after {self.n_marks} marks: is {MARK_FUNCTION}() still what answers, and "
                                 f"only that, {MARK}?\n{self.read_log()}")
        return f"{self.profile}.{self.n_marks}"


def message(to, number):
    return (f"<message to='{to.jid}' type='chat' id='m{number:07}'><body>{BODY}</body>"
            f"<active xmlns='http://jabber.org/protocol/chatstates'/></message>")


def messages(server, tls=False):
    one, other = (server.client(name, tls).login() for name in ("romeo", "juliet"))

    def operate(n):
        for number in range(n):
            sender, receiver = (one, other) if number % 2 == 0 else (other, one)
            sender.send(message(receiver, number))
            receiver.expect("</message>")
            server.settle()
        return n
    return operate


def pipelined(server):
    one, other = (server.client(name).login() for name in ("romeo", "juliet"))

    def operate(n):
        for number in range(0, n, N_BATCH):
            one.send("".join(message(other, number + i) for i in range(N_BATCH)))
            other.expect("</message>", N_BATCH)
            server.settle()
        return n // N_BATCH * N_BATCH
    return operate


def pings(server):
    client = server.client("romeo").login()

    def operate(n):
        for number in range(n):
            client.ask(f"<iq type='get' id='p{number:07}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>", "/>")
        return n
    return operate


def presences(server):
    contacts = [server.client(f"fan{i}").login() for i in range(N_CONTACTS)]
    hub = server.client("hub").login()
    receivers = [hub, *contacts]
    for receiver in receivers:
        receiver.sync()

    def operate(n):
        for number in range(0, n, N_CONTACTS):
            hub.send(f"<presence id='h{number:07}'><show>away</show><status>{BODY}</status></presence>")
            for receiver in receivers:
                receiver.expect("</presence>")
            server.settle()
        return n // N_CONTACTS * N_CONTACTS
    return operate


def logins(server):
    def operate(n):
        for _ in range(n):
            server.client("guest").login()
            server.part()
        return n
    return operate


# How it is set up, and how often it is done in the first of two phases; twice that in the second.
ROWS = {
    "message": (messages, 600),
    "pipelined": (pipelined, 640),
    "ping": (pings, 600),
    "presence": (presences, 20 * N_CONTACTS),
    "login": (logins, 20),
    "tls_message": (lambda server: messages(server, tls=True), 600),
}
assert tuple(ROWS) == record.ROWS


def subscribe(one, other):
    """Both are to see each other's presence (RFC 6121 3.1)."""
    for follower, followed in ((one, other), (other, one)):
        for sender, receiver, kind in ((follower, followed, "subscribe"), (followed, follower, "subscribed")):
            sender.send(f"<presence to='{receiver.name}@{receiver.host}' type='{kind}'/>")
            sender.sync()
            receiver.sync()


def prepare(server):
    """Accounts and contacts, while the server runs at full speed."""
    names = ["romeo", "juliet", "guest", "mark", "hub", *(f"fan{i}" for i in range(N_CONTACTS))]
    for name in names:
        server.add_user(name, "secret")
    guest = server.client("guest").login()
    for number in range(N_ITEMS):
        guest.ask(f"<iq type='set' id='i{number}'><query xmlns='jabber:iq:roster'><item jid='friend{number}@localhost' "
                  f"name='Friend {number}'><group>Verona</group></item></query></iq>", f"id='i{number}'")
    guest.leave()
    hub = server.client("hub").login()
    for number in range(N_CONTACTS):
        fan = server.client(f"fan{number}").login()
        subscribe(fan, hub)
        fan.leave()
    hub.leave()
    server.clients.clear()


def count_row(server, row):
    """Two phases, the second twice as long: what it takes more is the operations alone."""
    set_up, n = ROWS[row]
    operate = set_up(server)
    operate(2 * N_BATCH)
    server.mark()
    n_done, files = [], []
    for factor in (1, 2):
        n_done.append(operate(factor * n))
        files.append(server.mark())
    server.part()
    return n_done, files


def count(rows):
    """{row: Count}"""
    server = Server()
    with contextlib.ExitStack() as stack:
        stack.callback(server.remove)
        server.start()
        prepare(server)
        server.stop()
        server.start_counting()
        counts = {}
        for row in rows:
            n_done, files = count_row(server, row)
            counts[row] = record.Count(row, n_done, files)
        server.marker.leave()
        server.stop()
    return counts
