"""The people of a soak: who chats, comes and goes, writes, and reads too slowly.

Each class has work(town), which goes on until the town closes and raises AssertionError when the server did what it must not.
"""

import asyncio
import contextlib
import random
import ssl
import time

from motet_instance import TIMEOUT
from raw_client import Client
from wire import Refused, Stream, condition_of

PASSWORD = "correct horse"
RESOURCES = 5  # sessions of an account that chats
FANS = 10  # accounts whose sessions see the hub's presence
N_BOXES = 3  # accounts that are away and get messages
BOX_FULL = 500  # messages kept for one of them (R16)
LEAST_ANSWER_S = 0.1  # between two pings of the bystander
VCARD = "<vCard xmlns='vcard-temp'><FN>{}</FN><NOTE>{}</NOTE></vCard>"


class Town:
    """What all share. office.py's operator counts what he does in .counts too."""

    def __init__(self, motet, n_sessions, seed):
        self.motet = motet
        self.n_sessions = n_sessions
        self.random = random.Random(seed)
        self.closing = asyncio.Event()
        self.counts = {}
        self.refusals = []  # of logins, in words
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def accounts(self):
        chatters = [f"chatter{n}" for n in range(self.n_sessions // RESOURCES)]
        return [*chatters, "hub", "bystander", "deaf", "pauser", "talker", "sender", *(f"box{n}" for n in range(N_BOXES)),
                *(f"guest{n}" for n in range(4)), *(f"writer{n}" for n in range(2))]

    def source(self):
        """Where somebody comes from. What is allowed is counted for each address, so there are many; the server remembers them."""
        return f"127.2.{self.random.randrange(2)}.{self.random.randrange(1, 255)}"

    async def open(self, name, resource="soak"):
        return await Stream.open(self.motet, name, PASSWORD, resource, self.context, self.source())

    async def wait(self, least_s, most_s):
        """Pauses, or less when the town closes. Returns: whether it goes on."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.closing.wait(), self.random.uniform(least_s, most_s))
        return not self.closing.is_set()


def stay(stream, what):
    if stream.lost.done():
        raise AssertionError(f"{what} {stream.name} was disconnected: {stream.malformed}")


async def until(condition, what):
    """Waits for what must happen, as long as it takes, but not for ever."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: nothing happens any more")
        await asyncio.sleep(0.05)


class Line:
    """Numbered messages from one session to another, which must come once each and in order."""

    def __init__(self, town, number):
        self.town, self.number = town, number
        self.n_sent = self.n_come = 0

    def say(self, stream, to):
        stream.send(f"<message type='chat' to='{to}' id='line{self.number}-{self.n_sent}'><body>{'soft ' * 20}</body></message>")
        self.n_sent += 1
        self.town.count("messages sent")

    def hear(self, message):
        word = message.get("id") or ""
        if not word.startswith(f"line{self.number}-"):
            return
        if message.get("type") == "error" or word != f"line{self.number}-{self.n_come}":
            raise AssertionError(f"line {self.number}: expected message {self.n_come}, got {word}: {condition_of(message)}")
        self.n_come += 1
        self.town.count("messages delivered")


class Chat:
    """Sessions that stay from the beginning to the end, in pairs that talk both ways."""

    def __init__(self, pause_s):
        self.pause_s = pause_s
        self.streams, self.lines, self.faults = [], [], []

    async def open(self, town):
        gate = asyncio.Semaphore(8)

        async def one(number):
            async with gate:
                return await town.open(f"chatter{number // RESOURCES}", f"r{number % RESOURCES}")

        self.streams = await asyncio.gather(*(one(number) for number in range(town.n_sessions)))
        for number, stream in enumerate(self.streams):
            self.lines.append(Line(town, number))
            stream.send("<presence/>")
            await stream.ping()
        for number in range(len(self.streams)):
            self.streams[self.partner(number)].on_message = self.hearer(self.lines[number])

    def partner(self, number):
        return (number + len(self.streams) // 2) % len(self.streams)

    def hearer(self, line):
        def hear(message):
            try:
                line.hear(message)
            except AssertionError as fault:
                self.faults.append(fault)

        return hear

    def check(self):
        for stream in self.streams:
            stay(stream, "chatter")
        if self.faults:
            raise self.faults[0]

    async def talk(self, town, number):
        to = self.partner(number)
        address = f"chatter{to // RESOURCES}@{town.motet.host}/r{to % RESOURCES}"
        while await town.wait(0, 2 * self.pause_s):
            self.check()
            self.lines[number].say(self.streams[number], address)

    async def work(self, town):
        async with asyncio.TaskGroup() as group:
            for number in range(len(self.streams)):
                group.create_task(self.talk(town, number))
        await until(lambda: all(line.n_come == line.n_sent for line in self.lines) or self.faults, "messages under way")
        self.check()

    async def close(self):
        await asyncio.gather(*(stream.close() for stream in self.streams))


class Bystander:
    """Pings all the time; how long each answer took."""

    def __init__(self):
        self.stream, self.delays = None, []

    async def work(self, town):
        self.stream = await town.open("bystander")
        while await town.wait(LEAST_ANSWER_S, LEAST_ANSWER_S):
            began = time.monotonic()
            await self.stream.ping()
            self.delays.append(time.monotonic() - began)
        await self.stream.close()


class Hub:
    """An account whose presence many see, and that changes it in storms; it comes and goes, too."""

    async def befriend(self, town, chat):
        """Each agrees before it is asked (RFC 6121 section 3.4)."""
        hub = await town.open("hub")
        fans = chat.streams[:FANS * RESOURCES:RESOURCES]
        for fan in fans:
            hub.send(f"<presence type='subscribed' to='{fan.name}@{town.motet.host}'/>")
            fan.send(f"<presence type='subscribed' to='hub@{town.motet.host}'/>")
            await hub.ping()
            await fan.ping()
            hub.send(f"<presence type='subscribe' to='{fan.name}@{town.motet.host}'/>")
            fan.send(f"<presence type='subscribe' to='hub@{town.motet.host}'/>")
            await hub.ping()
            await fan.ping()
        await hub.close()

    async def work(self, town):
        while await town.wait(1, 5):
            hub = await town.open("hub")
            for _ in range(town.random.randrange(2, 6)):
                for n in range(10):
                    hub.send(f"<presence><show>away</show><status>storm {n}</status><priority>{n}</priority></presence>")
                await hub.ping()
                town.count("presences in storms", 10)
                await town.wait(0.5, 2)
            await hub.close()


class Guest:
    """Logs in by one of all ways, looks around and leaves, politely or not."""

    def __init__(self, number):
        self.name = f"guest{number}"

    async def visit(self, town):
        stream = await town.open(self.name, f"r{town.random.randrange(8)}")
        await stream.ask("get", "<query xmlns='jabber:iq:roster'/>")
        stream.send("<presence/>")
        await stream.ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=town.motet.host)
        if town.random.random() < 0.3:
            stream.transport.abort()
            await stream.lost
            town.count("connections cut")
            return
        await stream.close()

    def visit_by_starttls(self, town, source, is_polite):
        """With SCRAM, in a thread."""
        client = Client(town.motet.port, self.name, PASSWORD, town.motet.host, "starttls", source=source)
        try:
            client.login()
            client.sync()
            if is_polite:
                client.leave()
        finally:
            client.socket.close()

    async def work(self, town):
        while await town.wait(0, 2):
            try:
                if town.random.random() < 0.5:
                    await self.visit(town)
                else:
                    await asyncio.to_thread(self.visit_by_starttls, town, town.source(), town.random.random() < 0.7)
                town.count("logins")
            except (Refused, ConnectionError, AssertionError) as problem:
                # A module that logging in needs was replaced in the middle of it.
                town.count("logins refused")
                town.refusals.append(f"{self.name}: {problem}")


class Writer:
    """Writes what is kept for an account, and reads it back: what was acknowledged is there."""

    def __init__(self, number):
        self.name = f"writer{number}"

    async def check(self, stream, payload, expected):
        answer = await stream.ask("get", payload)
        if answer.get("type") != "result" or not any(element.text == expected for element in answer.iter()):
            raise AssertionError(f"{self.name}: {payload} was not kept: {condition_of(answer)}")

    async def put(self, town, stream, payload):
        answer = await stream.ask("set", payload)
        if answer.get("type") != "result":
            raise AssertionError(f"{self.name}: {payload[:60]} was refused: {condition_of(answer)}")
        town.count("writes acknowledged")

    async def write(self, town, stream, number):
        pad = "x" * town.random.randrange(8000)
        name, slot = f"name {number}", number % 20
        await self.put(town, stream, f"<query xmlns='jabber:iq:roster'><item jid='friend{slot}@localhost' name='{name}'>"
                       "<group>soak</group></item></query>")
        await self.put(town, stream, f"<query xmlns='jabber:iq:private'><soak xmlns='urn:soak:{slot}'><a>{name}</a>{pad}</soak></query>")
        await self.put(town, stream, VCARD.format(name, pad))
        await self.put(town, stream, f"<block xmlns='urn:xmpp:blocking'><item jid='foe{slot}@localhost'/></block>")
        await self.check(stream, f"<query xmlns='jabber:iq:private'><soak xmlns='urn:soak:{slot}'/></query>", name)
        await self.check(stream, "<vCard xmlns='vcard-temp'/>", name)
        await self.put(town, stream, f"<unblock xmlns='urn:xmpp:blocking'><item jid='foe{slot}@localhost'/></unblock>")
        if slot % 3 == 0:
            await self.put(town, stream, f"<query xmlns='jabber:iq:roster'><item jid='friend{slot}@localhost' "
                           "subscription='remove'/></query>")

    async def work(self, town):
        number = 0
        while not town.closing.is_set():
            stream = await town.open(self.name)
            await stream.ask("get", "<query xmlns='jabber:iq:roster'/>")
            while await town.wait(0, 1):
                stay(stream, "writer")
                await self.write(town, stream, number)
                number += 1
                if number % 50 == 0:
                    break
            await stream.close()


class Mail:
    """Messages to accounts that are away: each comes when they return, or back, once and in order."""

    def __init__(self):
        self.bounced = set()
        self.n_sent = self.n_taken = 0

    def hear(self, message):
        if message.get("type") == "error":
            self.bounced.add(message.get("id"))

    async def take(self, town, box, expected):
        """Comes back, and says something to itself, which must come behind what was kept."""
        reader = await town.open(box)
        self.n_taken += 1
        end = f"end{self.n_taken}"
        reader.send(f"<presence/><message to='{box}@{town.motet.host}' type='chat' id='{end}'><body>end</body></message>")
        with contextlib.suppress(AssertionError):
            await until(lambda: len(reader.messages) > len(expected) or reader.lost.done(), "messages kept")
        await reader.ping()
        got = [message.get("id") for message in reader.messages]
        await reader.close()
        if [word for word in got if word != end] != expected or got.count(end) != 1:
            raise AssertionError(f"{box}: expected {len(expected)} messages from {expected[:1]} on and {end}, got {got}")
        # What finds a full box does not wait behind what is in it (modules/offline/offline.md).
        if got[-1] != end and len(expected) < BOX_FULL:
            raise AssertionError(f"{box}: {end} overtook {len(got) - 1 - got.index(end)} of {len(expected)} messages")

    async def deliver(self, town, sender, box, n):
        sent = [f"mail{self.n_sent + i}" for i in range(n)]
        self.n_sent += n
        for word in sent:
            sender.send(f"<message type='chat' to='{box}@{town.motet.host}' id='{word}'><body>{'letter ' * 30}</body></message>")
        await sender.ping()
        kept = [word for word in sent if word not in self.bounced]
        await self.take(town, box, kept)
        town.count("messages kept and taken", len(kept))
        town.count("messages bounced", len(self.bounced))
        self.bounced.clear()

    async def work(self, town):
        sender = await town.open("sender")
        sender.on_message = self.hear
        while await town.wait(0, 2):
            stay(sender, "sender")
            # Some of them are more than are kept.
            n = BOX_FULL + 10 if town.random.random() < 0.02 else town.random.randrange(1, 40)
            await self.deliver(town, sender, f"box{town.random.randrange(N_BOXES)}", n)
        await sender.close()


class Pauser:
    """Stops reading now and then while it is spoken to; gets everything afterwards."""

    async def work(self, town):
        talker, pauser = await town.open("talker"), await town.open("pauser", "slow")
        pauser.send("<presence/>")
        await pauser.ping()
        line, faults = Line(town, "-pause"), []

        def hear(message):
            try:
                line.hear(message)
            except AssertionError as fault:
                faults.append(fault)

        pauser.on_message = hear
        while await town.wait(1, 3):
            pauser.transport.pause_reading()
            for _ in range(200):
                line.say(talker, f"pauser@{town.motet.host}/slow")
            await talker.ping()
            await town.wait(1, 4)
            pauser.transport.resume_reading()
            await until(lambda: line.n_come == line.n_sent or faults or pauser.lost.done(), "a slow reader")
            stay(pauser, "slow reader")
            if faults:
                raise faults[0]
            town.count("pauses")
        await talker.close()
        await pauser.close()


class Deaf:
    """Asks and never reads: it is closed when its queue is full (R15), and nobody else notices."""

    async def be_deaf(self, town):
        stream = await town.open("deaf")
        await stream.ask("set", VCARD.format("deaf", "x" * 50000))
        stream.transport.pause_reading()
        for _ in range(1000):
            if stream.lost.done():
                break
            stream.post("get", "<vCard xmlns='vcard-temp'/>")
            if not await town.wait(0.02, 0.02):
                break
        if not stream.lost.done() and not town.closing.is_set():
            raise AssertionError("a session that never reads was not closed with 50 MB in its queue")
        stream.transport.abort()
        await stream.lost
        town.count("deaf sessions closed")

    async def work(self, town):
        while await town.wait(5, 20):
            await self.be_deaf(town)
