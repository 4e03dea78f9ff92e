"""The servers that are compared: how each is configured, started and stopped, in a folder and on loopback ports of its own.

Every one of them offers the same: clients in clear, with STARTTLS and by direct TLS with one P-256 certificate; SCRAM-SHA-1 on hashed
passwords; roster, presence, messages, offline messages, disco, ping, vCard, blocking, private XML, time, version, last activity. None keeps an
archive, sends carbons, speaks to other servers, or slows clients down. Each logs warnings only.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from machine import hand_over, pinned, processors, resident_kib, unprivileged
from motet_instance import Instance, free_ports

HOST = "localhost"
PASSWORD = "bench"
START_LIMIT = 120
STOP_LIMIT = 30


class Failure(Exception):
    """A server that did not start, run or stop as it should."""


class Certificate:
    """One for all servers."""

    def __init__(self, folder):
        self.certificate = os.path.join(folder, HOST + ".crt")
        self.key = os.path.join(folder, HOST + ".key")
        self.both = os.path.join(folder, HOST + ".pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", "/CN=" + HOST, "-addext", "subjectAltName=DNS:" + HOST, "-keyout", self.key,
                        "-out", self.certificate], check=True, capture_output=True, timeout=60)
        with open(self.both, "wb") as both:
            for path in (self.certificate, self.key):
                with open(path, "rb") as part:
                    both.write(part.read())

    def copy_to(self, folder):
        for path in (self.certificate, self.key, self.both):
            shutil.copy(path, folder)
            os.chmod(os.path.join(folder, os.path.basename(path)), 0o600)


class Server:
    """One start of one server. with Server(...) as server: server.port, server.tls_port, server.pid"""

    name = title = ""

    def __init__(self, build, certificate, data=None, roster=10):
        """data: the folder of its data set, copied; None: empty. roster: contacts of everybody, for who keeps no data."""
        self.build = build
        self.certificate = certificate
        self.data = data
        self.roster = roster
        self.process = None
        self.start_seconds = None
        self.folder = self.log = None
        self.port = self.tls_port = None

    @classmethod
    def missing(cls, build):
        """Returns: what has to be installed or built before it can run, or None"""
        raise NotImplementedError

    @classmethod
    def version(cls, build):
        raise NotImplementedError

    @property
    def pid(self):
        return self.process.pid

    def configure(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def prepare(self):
        self.folder = tempfile.mkdtemp(prefix=f"bench-{self.name}-")
        self.port, self.tls_port = free_ports()
        self.log = os.path.join(self.folder, "log")
        self.certificate.copy_to(self.folder)
        self.data_folder = os.path.join(self.folder, "data")
        if self.data:
            subprocess.run(["cp", "-a", "--reflink=auto", self.data, self.data_folder], check=True, timeout=600)
        else:
            os.mkdir(self.data_folder)
        self.configure()
        hand_over(self.folder)

    def start(self):
        with open(self.log, "ab") as log, pinned(processors()[0]):
            begin = time.monotonic()
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                            env=dict(os.environ, HOME=self.folder, **self.environment()), **unprivileged())
        self.await_ready(begin + START_LIMIT)
        self.start_seconds = time.monotonic() - begin

    def await_ready(self, deadline):
        """A port that accepts says little: ejabberd opens it long before it serves it."""
        while not offers_features(self.port, deadline) or not is_open(self.tls_port):
            if self.process.poll() is not None:
                raise Failure(f"{self.title} exited {self.process.returncode} while starting")
            if time.monotonic() > deadline:
                raise Failure(f"{self.title} does not answer after {START_LIMIT} s")
            time.sleep(0.002)

    def resident_kib(self):
        return resident_kib(self.pid)

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.title} exited {self.process.returncode} while running")

    def stop(self):
        if self.process is None:
            return
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_LIMIT)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_LIMIT)
            self.process = None

    def read_log(self):
        if not self.log or not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def remove(self):
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def offers_features(port, deadline):
    """Whether a stream opened on a port is answered with features."""
    header = f"<stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(header.encode())
            while b"</stream:features>" not in answer:
                connection.settimeout(max(0.1, deadline - time.monotonic()))
                part = connection.recv(4096)
                if not part:
                    return False
                answer += part
            return True
    except OSError:
        return False


def is_open(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


class MotetInstance(Instance):
    """The instance of the tests, with the certificate and the data of the comparison."""

    OPTIONS = {
        "sasl": "allow_unencrypted: true\n",
        "tls": "required: false\n",
        "limits": "strangers_per_address: 100000\nstrangers_per_second: 1000000\nstrangers: 100000\n",
        "roster": "max_items: 10000\n",
    }
    # Without what the others are not given either.
    DISABLED = ("contact", "motd", "register", "restricted", "welcome")
    MAIN = ("log: {level: warn}\nlimits:\n"
            "  user: {bytes_per_s: 1 GB, bytes_burst: 1 GB, stanzas_per_s: 1000000}\n")

    def __init__(self, certificate, data=None):
        self.source = certificate
        super().__init__(host=HOST, options=dict(self.OPTIONS), disabled=self.DISABLED, main=self.MAIN)
        if data:
            subprocess.run(["cp", "-a", "--reflink=auto", data, os.path.join(self.dir, "data")], check=True, timeout=600)
            hand_over(os.path.join(self.dir, "data"))

    def _make_certificate(self):
        folder = os.path.join(self.dir, "certs")
        os.mkdir(folder)
        self.source.copy_to(folder)


class Motet(Server):
    name, title = "motet", "motet"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance = None

    @classmethod
    def missing(cls, build):
        needed = ("motetd", "motetctl", "tests/bench_dataset")
        return next((f"{build}/{name} is not built" for name in needed if not os.path.exists(f"{build}/{name}")), None)

    @classmethod
    def version(cls, build):
        done = subprocess.run([f"{build}/motetd", "--version"], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.split()[-1]

    def prepare(self):
        self.instance = MotetInstance(self.certificate, self.data)
        self.folder = self.instance.dir
        self.port, self.tls_port = self.instance.port, self.instance.tls_port

    def start(self):
        with pinned(processors()[0]):
            begin = time.monotonic()
            self.instance.start()
        self.start_seconds = time.monotonic() - begin
        self.process = self.instance.process

    def stop(self):
        """A server that reported anything to a sanitizer, or did not exit 0, is a failure."""
        if self.process is None:
            return
        self.process = None
        self.instance.stop()

    def kill(self):
        if self.instance is not None and self.instance.process is not None:
            self.instance.process.kill()
            self.instance.process.wait(STOP_LIMIT)
            self.instance.process = None
        self.process = None

    def read_log(self):
        self.log = self.instance.log if self.instance else None
        return super().read_log()


class Relay(Server):
    """What the kernel takes for the same bytes: hands messages on without a look at more than their address."""

    name, title = "relay", "raw relay"

    @classmethod
    def missing(cls, build):
        return None if os.path.exists(f"{build}/tests/bench_relay") else f"{build}/tests/bench_relay is not built"

    @classmethod
    def version(cls, build):
        return "of this tree"

    def configure(self):
        pass

    def command(self):
        return [f"{self.build}/tests/bench_relay", "--port", str(self.port), "--tls-port", str(self.tls_port),
                "--certificate", os.path.join(self.folder, HOST + ".crt"), "--key", os.path.join(self.folder, HOST + ".key"),
                "--host", HOST, "--roster", str(self.roster)]

    def stop(self):
        process = self.process
        super().stop()
        if process is not None and process.returncode != 0:
            raise Failure(f"{self.title} exited {process.returncode}")


PROSODY_CONFIG = """-- mod_limits is left out: by default it reads 10 kB/s from a client, which would measure that.
pidfile = "{folder}/pid"
log = {{ warn = "*console" }}
data_path = "{data}"
plugin_paths = {{}}
certificates = "{folder}"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls_port} }}
network_backend = "epoll"
network_settings = {{ nagle = false, tcp_backlog = 4096 }}
modules_enabled = {{
        "blocklist", "disco", "lastactivity", "ping", "posix", "private", "roster", "saslauth", "time", "tls", "vcard", "version",
}}
modules_disabled = {{ "s2s" }}
authentication = "internal_hashed"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
ssl = {{ key = "{folder}/{host}.key", certificate = "{folder}/{host}.crt" }}
VirtualHost "{host}"
"""


class Prosody(Server):
    name, title = "prosody", "Prosody"

    @classmethod
    def missing(cls, build):
        return None if shutil.which("prosody") else "prosody is not installed"

    @classmethod
    def version(cls, build):
        return package_version("prosody")

    def configure(self):
        with open(os.path.join(self.folder, "prosody.cfg.lua"), "w", encoding="utf-8") as file:
            file.write(PROSODY_CONFIG.format(folder=self.folder, data=self.data_folder, port=self.port, tls_port=self.tls_port,
                                             host=HOST))

    def command(self):
        return ["prosody", "-F", "--config", os.path.join(self.folder, "prosody.cfg.lua")]


EJABBERD_CONFIG = """hosts: [{host}]
loglevel: warning
log_rotate_count: 0
certfiles: ["{folder}/{host}.pem"]
acme: {{auto: false}}
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true, shaper: none, access: all, backlog: 4096}}
  - {{port: {tls_port}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, shaper: none, access: all, backlog: 4096}}
auth_method: internal
auth_password_format: scram
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
shaper_rules: {{max_user_sessions: infinity, max_user_offline_messages: 500}}
modules:
  mod_blocking: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_privacy: {{}}
  mod_private: {{}}
  mod_roster: {{versioning: true}}
  mod_time: {{}}
  mod_vcard: {{search: false}}
  mod_version: {{}}
"""


class Ejabberd(Server):
    """Run as a node without a name: nothing of Erlang's distribution listens, and no epmd is started."""

    name, title = "ejabberd", "ejabberd"

    def __init__(self, *args, script=None, **kwargs):
        """script: a file of Erlang expressions to evaluate once it runs."""
        super().__init__(*args, **kwargs)
        self.script = script

    @classmethod
    def missing(cls, build):
        return None if shutil.which("erl") and os.path.exists("/usr/sbin/ejabberdctl") else "ejabberd is not installed"

    @classmethod
    def version(cls, build):
        return package_version("ejabberd")

    def configure(self):
        with open(os.path.join(self.folder, "ejabberd.yml"), "w", encoding="utf-8") as file:
            file.write(EJABBERD_CONFIG.format(folder=self.folder, port=self.port, tls_port=self.tls_port, host=HOST))

    def command(self):
        # One scheduler for one processor, and none that waits by spinning: that would be counted as work.
        command = ["erl", "-noinput", "+K", "true", "+P", "250000", "+S", "1:1", "+sbwt", "none", "+sbwtdcpu", "none",
                   "+sbwtdio", "none", "-mnesia", "dir", f'"{self.data_folder}"', "-s", "ejabberd"]
        if self.script:
            command += ["-eval", f'ok = file:eval("{self.script}").']
        return command

    def environment(self):
        with open("/usr/sbin/ejabberdctl", encoding="utf-8") as file:
            libs = next(line.split("'")[1] for line in file if line.startswith("ERL_LIBS="))
        return {"ERL_LIBS": libs, "EJABBERD_CONFIG_PATH": os.path.join(self.folder, "ejabberd.yml"),
                "EJABBERD_LOG_PATH": os.path.join(self.folder, "ejabberd.log"),
                "ERL_CRASH_DUMP_BYTES": "0", "ERL_MAX_PORTS": "250000"}


SERVERS = {cls.name: cls for cls in (Motet, Relay, Prosody, Ejabberd)}


def package_version(name):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout or "unknown"
