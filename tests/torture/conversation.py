"""What is said to the tortured server: one conversation that makes it do all it can, and one that looks whether it kept its word.

talk() bears whatever goes wrong but silence, and notes what was acknowledged. check() bears nothing: it is called when no call
fails any more, and wants every answer, all that was acknowledged and nothing that was refused.
"""

import asyncio
import os
import random
import ssl
import sys
from xml.etree import ElementTree

SOURCE = os.environ["MOTET_TEST_SOURCE"]
sys.path[:0] = [os.path.join(SOURCE, "tests", "support"), os.path.join(SOURCE, "tests", "durability")]
from ledger import Broken, Shelf  # noqa: E402
from motet_instance import TIMEOUT  # noqa: E402
from raw_client import Client  # noqa: E402
from stores import STORES  # noqa: E402
from wire import CLIENT, Refused, Stream, condition_of  # noqa: E402

PASSWORD = "secret"
ACCOUNTS = ("romeo", "juliet", "benvolio", "mercutio")
CITIZEN = "citizen"
PARTS = ("write", "log_in", "log_in_by_scram", "give_orders", "switch", "reload")
SWITCHED = "version"  # the module that is switched off and on
LOST = (OSError, ssl.SSLError, Refused, ElementTree.ParseError)


def quote(word):
    return "".join(c if "!" <= c <= "~" and c != "%" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in word)


async def order(motet, *words):
    """Gives a command by the control socket. Returns (exit code, what was said); None when the server went away."""
    try:
        reader, writer = await asyncio.open_unix_connection(os.path.join(motet.dir, "motet.sock"))
        try:
            writer.write((" ".join(map(quote, words)) + "\n").encode())
            await writer.drain()
            answer = (await asyncio.wait_for(reader.read(), TIMEOUT)).decode()
        finally:
            writer.close()
    except OSError:
        return None
    lines = answer.splitlines()
    if not lines or not lines[-1].startswith("exit "):
        return None
    return int(lines[-1].split()[1]), "\n".join(lines[:-1])


class Impatient(Client):
    """It does not wait for what cannot come any more once it was refused."""

    def expect(self, end, count=1):
        while self.buffer.count(end.encode()) < count:
            if b"<failure" in self.buffer or b"</stream:stream>" in self.buffer or b"<error" in self.buffer:
                raise ConnectionError(f"refused: {self.buffer}")
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("the server closed")
            self.buffer += data
        return super().expect(end, count)


class World:
    """One server's accounts, and what it owes them; it outlives the server's starts."""

    def __init__(self, motet):
        self.motet = motet
        self.random = random.Random(1)
        self.shelves = {store: Shelf(store.module) for store in STORES.values()}
        self.mail = Shelf("messages to benvolio", ordered=True)
        self.citizen = Shelf("the account that comes and goes")
        self.forget_streams()
        self.n_values = self.n_bystanders_lost = 0
        self.n_acknowledged = self.n_refused = self.n_doubtful = 0

    def forget_streams(self):
        self.bystander = self.writer = None  # streams that stay open

    async def leave(self):
        """So that a server that stops need not wait for who does not read any more."""
        for stream in (self.bystander, self.writer):
            if stream and not stream.lost.done():
                await stream.close()
        self.forget_streams()

    def value(self):
        self.n_values += 1
        return f"value-{self.n_values}"

    def settle(self, shelf, change, refused):
        if refused:
            shelf.refuse(change)
            self.n_refused += 1
        else:
            shelf.acknowledge(change)
            self.n_acknowledged += 1

    # The conversation, in parts

    async def change(self, stream, store):
        payload, change = store.invent(self.random, self.value())
        shelf = self.shelves[store]
        shelf.send(change)
        answer = await stream.ask("set", payload)
        self.settle(shelf, change, condition_of(answer) is not None)

    async def write_to_absent(self):
        value = self.value()
        change = self.mail.send({value: value})
        self.writer.messages.clear()
        self.writer.send(f"<message to='benvolio@localhost' type='chat' id='{value}'><body>{value}</body></message>")
        await self.writer.ping()
        self.settle(self.mail, change, any(message.get("id") == value for message in self.writer.messages))

    async def write(self):
        if self.writer is None or self.writer.lost.done():
            self.writer = await Stream.open(self.motet, "romeo", PASSWORD)
        self.writer.send("<presence><priority>1</priority></presence>")
        for store in STORES.values():
            await self.change(self.writer, store)
        await self.write_to_absent()
        self.writer.send("<message to='mercutio@localhost' type='chat'><body>to who is there</body></message>")
        await self.writer.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to="localhost")

    async def log_in(self):
        """By TLS from the start and PLAIN; then what the account has is read, and a contact is changed."""
        stream = await Stream.open(self.motet, "romeo", PASSWORD, resource="other")
        for store in STORES.values():
            await store.read(stream)
        await self.change(stream, next(iter(STORES.values())))
        await stream.close()

    async def log_in_by_scram(self):
        await asyncio.to_thread(self._log_in_by_scram)

    def _log_in_by_scram(self):
        client = Impatient(self.motet.port, "juliet", PASSWORD, security="starttls")
        try:
            client.login().leave()
        finally:
            client.socket.close()

    async def give_orders(self):
        there = CITIZEN in self.citizen.sure
        change = self.citizen.send({CITIZEN: None if there else True})
        words = ("delete", f"{CITIZEN}@localhost") if there else ("add", f"{CITIZEN}@localhost", self.value())
        said = await order(self.motet, "user", *words)
        if said:
            self.settle(self.citizen, change, said[0] != 0)
        for words in ("status", "session list", "metrics", "module status"):
            await order(self.motet, *words.split())

    async def switch(self):
        for words in ("disable", "enable"):
            await order(self.motet, "module", words, SWITCHED)

    async def reload(self):
        await order(self.motet, "reload")

    async def talk(self, part):
        try:
            await getattr(self, part)()
        except TimeoutError:
            raise Broken("no answer came, and the connection stayed open") from None
        except (*LOST, AssertionError):
            pass  # a connection may be lost and a request refused

    # Looking whether all is well

    async def read_mail(self):
        stream = await Stream.open(self.motet, "benvolio", PASSWORD)
        messages = await stream.take_kept()
        await stream.close()
        bodies = [message.find(CLIENT + "body").text for message in messages]
        self.mail.settle([(body, body) for body in bodies])
        self.mail.sure.clear()

    async def check_bystander(self):
        """Mercutio stays logged in; when he is not, the call that failed must have been made for him: he comes again."""
        if self.bystander is None or self.bystander.lost.done():
            self.n_bystanders_lost += self.bystander is not None
            self.bystander = await Stream.open(self.motet, "mercutio", PASSWORD)
            self.bystander.send("<presence/>")
        await self.bystander.ping()

    async def check_stores(self):
        if self.writer is None or self.writer.lost.done():
            self.writer = await Stream.open(self.motet, "romeo", PASSWORD)
        for store, shelf in self.shelves.items():
            self.n_doubtful += len(shelf.sent)
            shelf.settle(await store.read(self.writer))

    async def check_orders(self):
        said = await order(self.motet, "user", "list", "localhost")
        if not said or said[0] != 0:
            raise Broken(f"user list: {said}")
        self.citizen.settle([(CITIZEN, True)] if f"{CITIZEN}@" in said[1] else [])

    async def check_switch(self):
        said = await order(self.motet, "module", "list")
        if said and f"{SWITCHED} " not in said[1]:
            await order(self.motet, "module", "enable", SWITCHED)
        said = await order(self.motet, "reload")
        if not said or said[0] != 0:
            raise Broken(f"reload: {said}")

    async def check(self, part=None):
        """Part: what went before; None: everything is looked at."""
        parts = {
            "write": (self.check_stores,),
            "log_in": (self.check_stores,),
            "log_in_by_scram": (),
            "give_orders": (self.check_orders,),
            "switch": (self.check_switch,),
            "reload": (),
            None: (self.check_stores, self.read_mail, self.check_orders, self.log_in_by_scram, self.check_switch),
        }
        try:
            for look in (self.check_bystander, *parts[part]):
                await look()
        except TimeoutError:
            raise Broken("when no call failed any more, no answer came") from None
        except (*LOST, AssertionError) as problem:
            if isinstance(problem, Broken):
                raise
            raise Broken(f"when no call failed any more: {problem!r}") from None
