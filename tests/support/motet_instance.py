"""One motet instance in a folder of its own, for scenarios that speak to the built server over TCP.

    with Instance() as motet:
        motet.add_user("romeo", "secret")
        ... motet.port, motet.tls_port, motet.certificate ...

Leaving the block stops the server by SIGTERM and fails when it does not exit 0, or when a sanitizer reported anything.
It may be killed and started again on the same folder: motet.kill(), motet.start(). Each start has a log of its own.
"""

import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("MOTET_TEST_BUILD") or sys.exit("MOTET_TEST_BUILD is not set: run this by ctest")
SOURCE = os.environ["MOTET_TEST_SOURCE"]
WRAP = shlex.split(os.environ.get("MOTET_TEST_WRAP", ""))  # a command that runs the programs, such as valgrind
TIMEOUT = 300 if WRAP else 60
MODULES = ("auth_internal", "bind", "blocking", "c2s", "caps", "contact", "disco", "iq", "last", "limits", "message",
           "motd", "offline", "ping", "presence", "private", "register", "restricted", "roster", "sasl", "session",
           "storage_sqlite", "stream_limits", "time", "tls", "vcard", "version", "welcome")


def free_ports():
    """Two ports nobody uses, different because both are taken before either is given back.

    They are below those the system gives to clients (ip_local_port_range), so that no client has one when the server comes back.
    """
    while True:
        ports = random.sample(range(10000, 32768), 2)
        try:
            with socket.socket() as one, socket.socket() as other:
                one.bind(("127.0.0.1", ports[0]))
                other.bind(("127.0.0.1", ports[1]))
                return ports
        except OSError:
            continue


class Instance:
    def __init__(self, host="localhost", options=None, disabled=(), main="", modules_dir=BUILD + "/modules"):
        """options: {module: yaml lines}; disabled: modules left out; main: further lines of the main file; modules_dir: where modules are."""
        self.modules_dir = modules_dir
        self.host = host
        self.dir = tempfile.mkdtemp(prefix="motet-test-")
        self.port, self.tls_port = free_ports()
        self.certificate = os.path.join(self.dir, "certs", host + ".crt")
        self.config = os.path.join(self.dir, "motet.yaml")
        self.log = os.path.join(self.dir, "log")  # of the last start
        self.env = {}  # what the server's and motetctl's environment has besides ours
        self.prefix = list(WRAP)  # a command that runs the server
        self.n_starts = 0
        self.process = None
        self._make_certificate()
        self._write_config(dict(options or {}), disabled, main)

    def _make_certificate(self):
        os.mkdir(os.path.join(self.dir, "certs"))
        key = self.certificate[:-4] + ".key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "30", "-subj", "/CN=" + self.host, "-addext",
                        "subjectAltName=DNS:" + self.host, "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        os.chmod(key, 0o600)

    def _write_config(self, options, disabled, main):
        os.mkdir(os.path.join(self.dir, "plugins.d"))
        options.setdefault("c2s", "")
        options["c2s"] += (f"ports: [{self.port}]\ndirect_tls_ports: [{self.tls_port}]\n"
                           "interfaces: [127.0.0.1]\n")
        with open(self.config, "w") as file:
            file.write(f"hosts:\n  {self.host}:\nmodules_dir: {self.modules_dir}\ndata_dir: data\n"
                       "control_socket: motet.sock\n")
            if os.getuid() == 0:
                shutil.chown(self.dir, "nobody")
                file.write("user: nobody\n")
            file.write(main)
        for module in MODULES:
            if module not in disabled:
                self.write_drop_in(module, options.pop(module, ""))
        for module, lines in options.items():
            self.write_drop_in(module, lines)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody", self.dir], check=True)

    def write_drop_in(self, module, lines="", enabled=True):
        with open(os.path.join(self.dir, "plugins.d", module + ".yaml"), "w") as file:
            file.write("enabled: %s\n" % ("true" if enabled else "false"))
            if lines:
                file.write("options:\n" + "".join("  " + line + "\n" for line in lines.splitlines()))

    def ctl(self, *words, stdin="", code=0):
        """Runs motetctl; returns what it printed. code None: any exit code; the pair (code, output) is returned."""
        done = subprocess.run([*WRAP, f"{BUILD}/motetctl", "--config", self.config, *words], input=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT,
                              env=dict(os.environ, **self.env))
        if code is None:
            return done.returncode, done.stdout
        if done.returncode != code:
            raise AssertionError(f"motetctl {' '.join(words)}: exit {done.returncode}, expected {code}:\n{done.stdout}")
        return done.stdout

    def add_user(self, name, password):
        self.ctl("user", "add", f"{name}@{self.host}", "--password-stdin", stdin=password + "\n")

    def start(self):
        path = os.path.join(self.dir, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(path)
            os.chmod(path, 0o666)
            ready.settimeout(1)
            self.spawn(NOTIFY_SOCKET=path)
            self._await_ready(ready)
        os.unlink(path)

    def spawn(self, **env):
        """Starts the server without waiting until it is ready. env: more of its environment."""
        self.n_starts += 1
        self.log = os.path.join(self.dir, f"log.{self.n_starts}")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([*self.prefix, f"{BUILD}/motetd", "--config", self.config, "--foreground"],
                                            stdout=log, stderr=log, env=dict(os.environ, **self.env, **env))

    def _await_ready(self, ready):
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"motetd exited {self.process.returncode}:\n{self.read_log()}")
            try:
                if b"READY=1" in ready.recv(4096):
                    return
            except socket.timeout:
                continue
        raise AssertionError("motetd did not become ready:\n" + self.read_log())

    def read_log(self):
        with open(self.log) as file:
            return file.read()

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("motetd did not stop on SIGTERM:\n" + self.read_log()) from None
        finally:
            self.process = None
        self._check_end(code, 0)

    def kill(self, stopping=False):
        """Kills the server as it is, and waits until it is gone. stopping: it may have been quicker."""
        self.process.kill()
        code = self.process.wait(TIMEOUT)
        self.process = None
        self._check_end(code, 0 if stopping and code == 0 else -signal.SIGKILL)

    def _check_end(self, code, expected):
        log = self.read_log()
        reports = ("ERROR: AddressSanitizer", "LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")
        if code != expected or any(report in log for report in reports):
            raise AssertionError(f"motetd exited {code}:\n{log}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            sys.stderr.write("---- server log\n" + (self.read_log() if os.path.exists(self.log) else "") + "----\n")
        try:
            self.stop()
        finally:
            self.remove()

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)
