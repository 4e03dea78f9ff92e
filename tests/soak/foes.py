"""The bad peers of a soak. Whatever they do, they are gone at last, and have cost nobody else anything."""

import asyncio
import contextlib
import socket
import ssl
import struct
import time

from wire import Refused, Stream

HEADER = (b"<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
          b"xmlns:stream='http://etherx.jabber.org/streams'>")
GONE_S = 120  # a stranger has 30 s (R13); what is above is the machine's
BOMB = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;&b;'>]>" + HEADER + b"<a>&c;</a>"
WORDS = {
    "garbage": lambda r: r.randbytes(r.randrange(1, 5000)),
    "long attribute": lambda r: HEADER + b"<a b='" + b"c" * 20000,
    "deep": lambda r: HEADER + b"<a>" * 3000,
    "entities": lambda r: BOMB,
    "half a header": lambda r: HEADER[:r.randrange(len(HEADER))],
    "not UTF-8": lambda r: HEADER + b"<a>\xff\xfe\xed\xa0\x80</a>",
    "message before login": lambda r: HEADER + b"<message to='hub@localhost'><body>x</body></message>",
    "half a handshake": lambda r: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + r.randbytes(r.randrange(200)),
    "nothing": lambda r: b"",
    "pipelined STARTTLS": lambda r: HEADER + b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>" + HEADER * 3,
    "HTTP": lambda r: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
PASSING = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError)


def reset(writer):
    """Ends the connection by RST."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Foe:
    def __init__(self, town):
        self.town = town

    def source(self):
        return f"127.9.0.{self.town.random.randrange(1, 255)}"

    async def hear_out(self, reader, what):
        """Until the server closes, which it must, or the town does."""
        deadline = time.monotonic() + GONE_S
        while not self.town.closing.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                if not await asyncio.wait_for(reader.read(65536), 1):
                    return
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: the stranger was still there after {GONE_S} s")

    async def speak(self):
        town = self.town
        what = town.random.choice(list(WORDS))
        port = town.random.choice((town.motet.port, town.motet.tls_port))
        is_patient = town.random.random() < 0.3
        with contextlib.suppress(*PASSING):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(self.source(), 0))
            try:
                writer.write(WORDS[what](town.random))
                if is_patient:
                    await self.hear_out(reader, what)
                else:
                    await town.wait(0, 1)
            finally:
                reset(writer)
        town.count("strangers")

    async def handshake_and_go(self):
        with contextlib.suppress(*PASSING):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.town.motet.tls_port, ssl=self.town.context,
                                                           local_addr=(self.source(), 0))
            if self.town.random.random() < 0.5:
                writer.write(HEADER)
                await reader.read(100)
            reset(writer)
        self.town.count("handshakes broken off")

    async def guess(self):
        """A password; of an account that exists, or not."""
        name = self.town.random.choice(("hub", "bystander", "nobody", "root"))
        try:
            stream = await Stream.open(self.town.motet, name, "wrong", "x", self.town.context, self.source())
        except (Refused, *PASSING):
            self.town.count("passwords guessed")
            return
        raise AssertionError(f"{stream.name} got in with a wrong password")

    async def work(self, town):
        acts = (self.speak, self.speak, self.speak, self.handshake_and_go, self.guess)
        while await town.wait(0, 1):
            await town.random.choice(acts)()
