"""The operator of a soak: reloads, good and bad, switches modules, replaces their code, renews the certificate, looks at things."""

import asyncio
import os
import shutil
import ssl
import subprocess
import time

from motet_instance import MODULES, TIMEOUT

# Nobody in town needs these.
SWITCHED = ("time", "version", "last", "motd", "welcome", "contact", "register", "caps")
LOGGED = ("sasl", "c2s", "roster", "message", "presence", "tls")
REFUSED = "the last reload was refused"


class Office:
    def __init__(self, town):
        self.town, self.motet = town, town.motet
        self.unhealthy = []  # what status told though nothing was done to deserve it

    async def ctl(self, *words, code=0):
        return await asyncio.to_thread(lambda: self.motet.ctl(*words, code=code))

    def own(self, path):
        """Files belong to the server's user, as an installation has it."""
        status = os.stat(self.motet.config)
        os.chown(path, status.st_uid, status.st_gid)

    async def reload(self):
        idle = self.town.random.randrange(200, 400)
        self.motet.write_drop_in("ping", f"idle: {idle}s\n")
        await self.ctl("reload")

    async def refused_reload(self):
        self.motet.write_drop_in("ping", "nonsense: 1\n")
        code, text = await self.ctl("reload", code=None)
        if code == 0:
            raise AssertionError("a reload with an unknown option was not refused: " + text)
        code, text = await self.ctl("status", code=None)
        if code != 1 or REFUSED not in text:
            raise AssertionError("status does not tell of a refused reload: " + text)
        await self.reload()

    async def switch(self):
        module = self.town.random.choice(SWITCHED)
        await self.ctl("module", "disable", module)
        await self.town.wait(0, 2)
        await self.ctl("module", "enable", module)

    async def replace(self):
        """As an upgrade does: a new file with the name of the former."""
        module = self.town.random.choice(MODULES)
        path = os.path.join(self.motet.modules_dir, f"mod_{module}.so")
        shutil.copy(path, path + ".new")
        os.rename(path + ".new", path)
        text = await self.ctl("module", "reload", module)
        if "new code" not in text:
            raise AssertionError(f"module reload {module}: {text}")

    def make_certificate(self):
        path = self.motet.certificate
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "30", "-subj", "/CN=" + self.motet.host, "-addext", "subjectAltName=DNS:" + self.motet.host, "-keyout",
                        path[:-4] + ".newkey", "-out", path + ".new"], check=True, capture_output=True)
        for name in (path[:-4] + ".newkey", path + ".new"):
            os.chmod(name, 0o600)
            self.own(name)
        with open(path + ".new", encoding="ascii") as file:
            wanted = ssl.PEM_cert_to_DER_cert(file.read())
        os.rename(path[:-4] + ".newkey", path[:-4] + ".key")
        os.rename(path + ".new", path)
        return wanted

    async def served(self):
        _, writer = await asyncio.open_connection("127.0.0.1", self.motet.tls_port, ssl=self.town.context,
                                                  local_addr=(self.town.source(), 0))
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return shown

    async def renew(self):
        wanted = await asyncio.to_thread(self.make_certificate)
        deadline = time.monotonic() + TIMEOUT
        while await self.served() != wanted:
            if time.monotonic() > deadline:
                raise AssertionError("a renewed certificate is not served")
            await asyncio.sleep(0.5)

    async def log(self):
        await self.ctl("log", "level", self.town.random.choice(LOGGED), "debug", "--for", "5s")

    async def look(self):
        await self.ctl("session", "list")
        await self.ctl("module", "top", "--for", "1s")
        await self.ctl("check", code=None)

    async def look_at_health(self):
        code, text = await self.ctl("status", code=None)
        if code == 0:
            self.town.count("healthy")
        elif REFUSED not in text:
            self.unhealthy.append(text.splitlines()[0])

    async def work(self, town):
        acts = (self.reload, self.reload, self.refused_reload, self.switch, self.switch, self.replace, self.replace, self.renew,
                self.log, self.look)
        while await town.wait(3, 9):
            act = town.random.choice(acts)
            await act()
            town.count(f"operator: {act.__name__}")
            await self.look_at_health()
