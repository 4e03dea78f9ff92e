"""A server under attack, and what must stay true of it.

A script of this folder is a list of threats, each a function:

    @threat("endless-header", "R10")
    def endless_header(siege):
        '''What is sent, and what must come back.'''
        siege.refused(b"<stream:stream xmlns='" + b"a" * 20000, "policy-violation")

    run_threats(__name__)

`<script> <threat>` attacks a server of its own, which runs with the configuration that is shipped. All the while a bystander, logged
in since before the attack, pings the server; each ping must be answered. The delay promised is a second; it is printed, but since
machines are shared, what decides is that it stays below PING_BOUND_S. Afterwards all connections of the attack must be gone from
the server, and a new client must get in, fetch its roster and exchange a message with the bystander. Stopping the server fails when
a sanitizer has found anything. CTest runs each threat as attack/<threat>.
"""

import contextlib
import os
import pwd
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import types

SOURCE = os.environ["MOTET_TEST_SOURCE"]
sys.dont_write_bytecode = True
sys.path[:0] = [os.path.join(SOURCE, "tests", "support"), os.path.join(SOURCE, "tests", "durability")]
from disk import Disk  # noqa: E402
from motet_instance import BUILD, MODULES, TIMEOUT, Instance  # noqa: E402
from raw_client import Client  # noqa: E402

DEADLINE_S = 120
PING_BOUND_S = 10
PASSWORD = "correct horse"
HOST = "localhost"
HEADER = (f"<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>").encode()
SKIPPED = 77
IPV6_FREEBIND = 78  # ipv6(7); Python has no name for it

with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
    SANITIZED = re.search(r"^MOTET_SANITIZE:\w+=\w", cache.read(), re.M) is not None


def check(what, truth, found=""):
    """One thing that must be so; printed as such."""
    if not truth:
        raise AssertionError(f"{what}: {found}")
    print(f"# {what}" + (f": {found}" if found != "" else ""))


def tls_context(version=ssl.TLSVersion.TLSv1_3, ciphers=None, alpn=None):
    """A client's context that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if ciphers:
        context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def check_quietly(what, truth):
    if not truth:
        raise AssertionError(what)


def check_stream_error(got, condition, text=b""):
    wanted = f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>".encode()
    check(f"closed with {condition}", got.count(b"<stream:error>") == 1 and wanted in got and text in got and
          got.endswith(b"</stream:error></stream:stream>"), got[-300:])


def connect(port, source):
    """On the loopback, of IPv6 if the source is; it need be no address of an interface then, only one that is routed here."""
    if ":" not in source:
        return socket.create_connection(("127.0.0.1", port), DEADLINE_S, (source, 0))
    there = socket.socket(socket.AF_INET6)
    there.settimeout(DEADLINE_S)
    there.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    there.bind((source, 0))
    there.connect(("::1", port))
    return there


class Stranger:
    """A connection that says what it is told to. source: the address it comes from; each has limits of its own."""

    def __init__(self, port, source="127.0.0.1"):
        self.began = time.monotonic()
        self.got = b""
        self.socket = connect(port, source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def secure(self, context=None, name=HOST):
        self.socket = (context or tls_context()).wrap_socket(self.socket, server_hostname=name)
        return self

    def send(self, data):
        """All of it; or as much as is taken before the server closes, which is no failure of ours."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.socket.sendall(data)

    def receive(self):
        """Returns what came next; b"": the server has closed."""
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        self.got += data
        return data

    def expect(self, end, start=0):
        """Waits until the bytes END have come at or after START; returns all up to there, from START."""
        while end not in self.got[start:]:
            if not self.receive():
                raise AssertionError(f"closed while {end!r} was awaited, after {self.got!r}")
        return self.got[start:self.got.index(end, start) + len(end)]

    def ask(self, data, end):
        start = len(self.got)
        self.send(data)
        return self.expect(end, start)

    def open(self, header=HEADER):
        return self.ask(header, b"</stream:features>")

    def start_tls(self, context=None):
        self.open()
        self.ask(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        return self.secure(context)

    def rest(self):
        """Everything until the server closes."""
        while self.receive():
            pass
        return self.got

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection by RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class User(Client):
    """A client inside TLS, each from an address of its own."""

    def __init__(self, siege, name, password=PASSWORD, mechanism="PLAIN"):
        super().__init__(siege.instance.tls_port, name, password, HOST, "direct", mechanism, source=siege.fresh_source())
        self.socket.settimeout(DEADLINE_S)

    def until_closed(self):
        """Everything until the server closes."""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            while data := self.socket.recv(65536):
                self.buffer += data
        return self.buffer

    def send_some(self, data):
        """As much as is taken before the server closes."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self.socket.sendall(data)

    def close(self):
        self.socket.close()


class Bystander(threading.Thread):
    """Pings all the time, and keeps the longest delay. pause_s: between two pings; with 20 ms half of its stanzas' rate is left."""

    def __init__(self, siege, pause_s=0.02):
        super().__init__(daemon=True)
        self.client = User(siege, "bystander").login()
        self.pause_s = pause_s
        self.delays, self.failure = [], None
        self.leaving = threading.Event()

    def run(self):
        try:
            while not self.leaving.wait(self.pause_s):
                began = time.monotonic()
                self.client.sync()
                self.delays.append(time.monotonic() - began)
        except (OSError, AssertionError) as error:
            self.failure = error

    def leave(self):
        self.leaving.set()
        self.join(2 * DEADLINE_S)
        if self.failure is not None or self.is_alive():
            raise AssertionError(f"the bystander was not answered: {self.failure}")


class Shipped(Instance):
    """An instance whose modules run with the drop-ins that are shipped; only ports and interfaces are its own."""

    def write_drop_in(self, module, lines="", enabled=True):
        super().write_drop_in(module, lines, enabled)
        if not lines:
            shutil.copy(os.path.join(SOURCE, "plugins.d", module + ".yaml"), os.path.join(self.dir, "plugins.d", module + ".yaml"))


class Siege:
    def __init__(self, options=None, main="", users=("romeo", "juliet"), disk=False):
        """options, main: as of Instance; what a threat changes of the configuration, which is to be no limit it is about.
        disk: whether it can be made to fail (tests/durability/disk.py)."""
        check("every shipped module is used", {name[:-5] for name in os.listdir(os.path.join(SOURCE, "plugins.d"))} -
              {"storage_memory"} == set(MODULES))
        self.instance = Shipped(HOST, options, main=main)
        self.disk = Disk(self.instance) if disk else None
        self.users = ("bystander", *users)
        self.bystander = None
        self.strangers, self.clients = [], []
        self.n_sources = 0

    # What an attacker has

    def stranger(self, source="127.0.0.1", tls=False):
        stranger = Stranger(self.instance.tls_port if tls else self.instance.port, source)
        self.strangers.append(stranger)
        return stranger.secure() if tls else stranger

    def fresh_source(self):
        """An address that nobody came from yet: those of all are limited one by one."""
        self.n_sources += 1
        return f"127.1.{self.n_sources // 250}.{self.n_sources % 250 + 1}"

    def direct(self, data):
        """On the port that is TLS from the first byte, without TLS of our own yet."""
        stranger = Stranger(self.instance.tls_port, self.fresh_source())
        self.strangers.append(stranger)
        stranger.send(data)
        return stranger

    def user(self, name="romeo", **how):
        user = User(self, name, **how)
        self.clients.append(user)
        return user

    def refused(self, data, condition, text=b"", tls=False):
        """A stranger, each from an address of his own, who sends this gets exactly one stream error, and is closed."""
        stranger = self.stranger(self.fresh_source(), tls)
        stranger.send(data)
        got = stranger.rest()
        stranger.close()
        check_stream_error(got, condition, text)
        return got

    def user_refused(self, data, condition, text=b""):
        """Likewise, a user behind login."""
        user = self.user().login()
        user.send_some(data)
        check_stream_error(user.until_closed(), condition, text)
        user.close()

    # What is seen of the server

    def pid(self):
        return self.instance.process.pid

    def memory(self):
        """Bytes of memory that are the server's own. Read where everybody may: the server lets nobody look into it."""
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as file:
            return int(re.search(r"RssAnon:\s*(\d+) kB", file.read())[1]) * 1024

    def cpu_s(self):
        with open(f"/proc/{self.pid()}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        """The sum of a metric over its labels."""
        text = self.instance.ctl("metrics")
        values = re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", text, re.M)
        check_quietly(f"the metric {name} is there", values)
        return sum(float(value) for value in values)

    def log(self):
        return self.instance.read_log()

    def wait(self, what, is_true, bound_s=DEADLINE_S):
        deadline = time.monotonic() + bound_s
        while not is_true():
            check_quietly(f"{what} within {bound_s} s", time.monotonic() < deadline)
            time.sleep(0.05)

    def wait_alone(self):
        self.wait("nobody but the bystander is connected", lambda: self.metric("motet_sessions") == 1)

    def limit(self, name, soft):
        """Sets a soft limit of the running server, as its user: root may not be allowed to."""
        command = ["prlimit", "--pid", str(self.pid()), f"--{name}={soft}:"]
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            command = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *command]
        subprocess.run(command, check=True)

    # Before and after

    def begin(self):
        self.instance.start()
        for name in self.users:
            self.instance.add_user(name, PASSWORD)
        self.bystander = Bystander(self)
        self.bystander.start()

    def restart(self):
        """The same server anew, without anybody of before but the bystander, who leaves it time to be idle."""
        for connection in self.strangers + self.clients:
            connection.close()
        self.strangers.clear()
        self.clients.clear()
        self.bystander.leave()
        self.bystander.client.leave()
        self.instance.stop()
        self.instance.start()
        self.bystander = Bystander(self, 0.2)
        self.bystander.start()

    def end(self):
        for connection in self.strangers + self.clients:
            connection.close()
        newcomer = User(self, self.users[-1]).login()
        n_pings = len(self.bystander.delays)
        self.wait("the bystander is answered after the attack",
                  lambda: len(self.bystander.delays) > n_pings or self.bystander.failure is not None)
        self.bystander.leave()
        newcomer.ask(f"<message to='{self.bystander.client.jid}' type='chat'><body>after all</body></message>", "")
        self.bystander.client.expect("after all</body>")
        self.bystander.client.send(f"<message to='{newcomer.jid}' type='chat'><body>still here</body></message>")
        newcomer.expect("still here</body>")
        newcomer.leave()
        self.wait_alone()
        self.bystander.client.leave()
        delays = self.bystander.delays
        check("every ping of the bystander was answered", max(delays) < PING_BOUND_S,
              f"{len(delays)} pings, the longest took {max(delays) * 1000:.0f} ms")

    def run(self, attack):
        try:
            self.begin()
            attack(self)
            self.end()
            self.instance.stop()
        except BaseException:
            sys.stderr.write("---- server log\n" + self.log()[-20000:] + "----\n")
            if self.instance.process is not None:
                self.instance.process.kill()
                self.instance.process.wait()
            raise
        finally:
            self.instance.remove()


class Skip(Exception):
    """The machine cannot show this."""


def allow_descriptors(n):
    """So many descriptors for us, and for the server that we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < n:
        raise Skip(f"{n} file descriptors are needed, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard))


THREATS = {}


def threat(name, *requirements, prepare=None, **setting):
    """Marks a function as the attack NAME, which shows the requirements named (R1...). prepare: called before the server is started;
    prefix: a command that runs it; setting: of its Siege."""
    def register(function):
        THREATS[name] = types.SimpleNamespace(attack=function, requirements=requirements, prepare=prepare, setting=setting)
        return function
    return register


def run_threat(name):
    what = THREATS[name]
    print(f"# {name} ({', '.join(what.requirements)}): {what.attack.__doc__}", flush=True)
    if what.prepare is not None:
        what.prepare()
    setting = dict(what.setting)
    prefix = setting.pop("prefix", ())
    siege = Siege(**setting)
    siege.instance.prefix = list(prefix)
    siege.run(what.attack)
    print(f"ok - {name}", flush=True)


def run_threats(module_name):
    """Runs the threats named on the command line, or all."""
    if module_name != "__main__":
        return
    try:
        for name in sys.argv[1:] or THREATS:
            run_threat(name)
    except Skip as reason:
        print(f"# skipped: {reason}")
        sys.exit(SKIPPED)
