"""Clients that change everything they can, as fast as the server answers, until it dies; and reading again what it kept.

A Writer has an account and changes its own stores, and sends messages to accounts that are offline. What it sent was
acknowledged when it was answered; a message, which has no answer, when an iq sent after it in the same stream was: stanzas
of one stream are handled in order, and a message is handled when it is stored.
"""

import asyncio
from collections import deque

from ledger import Broken, Shelf
from motet_instance import TIMEOUT
from stores import STORES
from wire import CLIENT, Refused, Stream, condition_of

PASSWORD = "mellon"
WAIT = ("wait internal-server-error", "wait resource-constraint")  # a failure, and what took too long


class Progress:
    """How much was answered, over all writers: when to kill."""

    def __init__(self):
        self.n_answers = self.n_refused = 0
        self.goal = None
        self.reached = None

    def aim(self, n):
        self.goal, self.reached = self.n_answers + n, asyncio.get_running_loop().create_future()

    def count(self):
        self.n_answers += 1
        if self.reached and self.n_answers >= self.goal and not self.reached.done():
            self.reached.set_result(None)


async def log_in(motet, name):
    """To an account that was made before anything else."""
    try:
        return await Stream.open(motet, name, PASSWORD)
    except Refused as refused:
        raise Broken(f"the account {name} is lost: {refused}") from None


class Writer:
    def __init__(self, name, random, kinds, mailboxes, progress, disk):
        self.name, self.random, self.progress, self.disk = name, random, progress, disk
        self.kinds = [STORES[kind] for kind in kinds if kind in STORES]
        self.shelves = {store: Shelf(f"{name}, {store.module}") for store in self.kinds}
        self.mail = [mailbox.shelf_of(name) for mailbox in mailboxes]
        self.n_made = 0
        self.stream = self.broken = None
        self.asked = {}  # id of a question: its entry in flying
        self.flying = deque()  # the messages and questions of this stream, in order, until they are acknowledged

    async def log_in(self, motet):
        self.stream = await log_in(motet, self.name)
        self.stream.on_answer = self._answered
        self.flying.clear()
        self.asked.clear()

    async def read_all(self, settle):
        """settle: after a crash, so that what was not answered may be there."""
        for store, shelf in self.shelves.items():
            pairs = await store.read(self.stream)
            shelf.settle(pairs) if settle else shelf.check(pairs)

    # Answers

    def _refused(self, shelf, change, condition):
        if condition in WAIT and not self.disk.faulted:
            raise Broken(f"{shelf.name}: refused without a reason")
        shelf.refuse(change, doubtful=condition in WAIT and self.disk.in_doubt)
        self.progress.n_refused += condition in WAIT

    def _answered(self, answer):
        if self.broken:
            return
        try:
            self._take(answer)
        except Broken as broken:
            self.broken = broken
            self.stream.transport.abort()

    def _take(self, answer):
        question = self.asked.pop(answer.get("id"), None)
        if question is None:
            return
        self.progress.count()
        for message in self.stream.messages:
            self._bounced(message)
        self.stream.messages.clear()
        while self.flying and self.flying[0] is not question:
            shelf, change = self.flying.popleft()
            if shelf not in self.mail:
                raise Broken(f"{shelf.name}: answered out of order: {question[1]!r} before {change!r}")
            shelf.acknowledge(change)
        shelf, change = self.flying.popleft()
        condition = condition_of(answer)
        if condition is None:
            shelf.acknowledge(change)
        else:
            self._refused(shelf, change, condition)

    def _bounced(self, message):
        """A message that came back was not kept; those before it were handled before it."""
        condition = condition_of(message)
        while self.flying and condition and self.flying[0][0] in self.mail:
            shelf, change = self.flying.popleft()
            if message.get("id") in change:
                self._refused(shelf, change, condition)
                return
            shelf.acknowledge(change)
        raise Broken(f"{self.name}: message {message.get('id')} from {message.get('from')} was not expected: {condition}")

    # Changes

    def _value(self):
        self.n_made += 1
        return f"{self.name}-{self.n_made}"

    def _send_message(self):
        shelf, value = self.random.choice(self.mail), self._value()
        change = shelf.send({value: value})
        self.flying.append((shelf, change))
        self.stream.send(f"<message to='{shelf.to}' type='chat' id='{value}'><body>{value}</body></message>")

    def _ask(self):
        store = self.random.choice(self.kinds)
        payload, change = store.invent(self.random, self._value())
        shelf = self.shelves[store]
        question = shelf, shelf.send(change)
        self.flying.append(question)
        answer = self.stream.post("set", payload)
        self.asked[self.stream.last_id] = question
        return answer

    async def write(self, going_on):
        """While going_on() and the server lives; then waits for what is not answered."""
        self.broken = None
        waiting = deque()
        window = self.random.randint(1, 8)
        try:
            while going_on() and not self.stream.lost.done():
                if self.mail and self.random.random() < 0.3:
                    self._send_message()
                waiting.append(self._ask())
                if len(waiting) >= window:
                    await waiting.popleft()
        except ConnectionError:
            pass
        await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), TIMEOUT)
        if self.broken or self.stream.malformed:
            raise self.broken or Broken(f"{self.name} was sent what is no XML: {self.stream.malformed}")


class Mailbox:
    """An account that is offline while others write to it."""

    def __init__(self, name, host):
        self.name, self.host = name, host
        self.shelves = {}

    def shelf_of(self, sender):
        shelf = self.shelves[sender] = Shelf(f"messages from {sender} to {self.name}", ordered=True)
        shelf.to = f"{self.name}@{self.host}"
        return shelf

    async def _take_all(self, motet):
        stream = await log_in(motet, self.name)
        messages = await stream.take_kept()
        await stream.close()
        return messages

    async def read_all(self, motet):
        """Logs in, gets the messages, each sender's in order and each once; and none when logging in again."""
        found = {sender: [] for sender in self.shelves}
        for message in await self._take_all(motet):
            sender, body = message.get("from").split("@")[0], message.find(CLIENT + "body").text
            if message.find("{urn:xmpp:delay}delay") is None:
                raise Broken(f"to {self.name}: a message without the time it was sent")
            found[sender].append((body, body))
        for sender, shelf in self.shelves.items():
            shelf.settle(found[sender])
            shelf.sure.clear()
        again = await self._take_all(motet)
        if again:
            raise Broken(f"to {self.name}: {len(again)} messages were delivered twice")
