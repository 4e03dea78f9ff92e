"""A client's stream, as little as writing much and fast needs: direct TLS, PLAIN, one resource, answers found by their id.

    stream = await Stream.open(motet, "romeo", "secret")
    answer = await stream.ask("set", "<query xmlns='jabber:iq:roster'>...</query>")
    stream.send("<presence/>")
    ... stream.messages, stream.lost ...

A stream whose server dies fails every question that waits with ConnectionError.
"""

import asyncio
import base64
import ssl
from xml.etree import ElementTree

from motet_instance import TIMEOUT

CLIENT = "{jabber:client}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"


class Refused(Exception):
    """The server did not let us in."""


class Stream(asyncio.Protocol):
    def __init__(self, host):
        self.host = host
        self.name = None
        self.answers = {}  # id of a question: who waits for its answer
        self.messages = []
        self.on_answer = None  # called with each answer before who waits for it runs
        self.on_message = None  # takes each message instead of .messages
        self.last_id = None  # of the last question
        self.malformed = None  # what was wrong with what the server sent
        self.lost = asyncio.get_running_loop().create_future()
        self._before_binding = asyncio.Queue()
        self._heard = asyncio.Event()
        self._bound = False
        self._n_asked = 0

    @classmethod
    async def open(cls, motet, name, password, resource="harness", context=None, source="127.0.0.1"):
        """context: without one the server must have the instance's certificate. source: the address it comes from."""
        context = context or ssl.create_default_context(cafile=motet.certificate)
        _, self = await asyncio.get_running_loop().create_connection(
            lambda: cls(motet.host), "127.0.0.1", motet.tls_port, ssl=context, server_hostname=motet.host,
            local_addr=(source, 0))
        try:
            await asyncio.wait_for(self._log_in(name, password, resource), TIMEOUT)
        except BaseException:
            self.transport.abort()
            raise
        return self

    async def _log_in(self, name, password, resource):
        self.name = name
        await self._open_stream()
        token = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='{SASL[1:-1]}' mechanism='PLAIN'>{token}</auth>")
        outcome = await self._next()
        if outcome.tag != SASL + "success":
            raise Refused(ElementTree.tostring(outcome, "unicode"))
        await self._open_stream()
        self.send(f"<iq id='bind' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                  f"<resource>{resource}</resource></bind></iq>")
        answer = await self._next()
        if answer.get("type") != "result":
            raise Refused(ElementTree.tostring(answer, "unicode"))
        self._bound = True

    async def _open_stream(self):
        self._parser = ElementTree.XMLPullParser(("start", "end"))
        self._depth = 0
        self.send(f"<stream:stream to='{self.host}' version='1.0' xmlns='jabber:client' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>")
        return await self._next()  # the features

    async def _next(self):
        element = await self._before_binding.get()
        if element is None:
            raise ConnectionError("the stream ended before we were logged in")
        return element

    def send(self, text):
        self.transport.write(text.encode())

    def post(self, kind, payload, to=None):
        """Asks without waiting. Returns the future of the answer, an element of any type."""
        self._n_asked += 1
        self.last_id = f"q{self._n_asked}"
        answer = asyncio.get_running_loop().create_future()
        if self.lost.done():
            answer.set_exception(ConnectionError("the stream is gone"))
            return answer
        self.answers[self.last_id] = answer
        address = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{self.last_id}'{address}>{payload}</iq>")
        return answer

    async def ask(self, kind, payload, to=None):
        return await asyncio.wait_for(self.post(kind, payload, to), TIMEOUT)

    async def ping(self):
        return await self.ask("get", "<ping xmlns='urn:xmpp:ping'/>", to=self.host)

    async def take_kept(self):
        """Becomes available and takes the messages that were kept: all that come before one to ourselves."""
        self.messages.clear()
        self.send(f"<presence/><message to='{self.name}@{self.host}' type='chat' id='end'><body>end</body></message>")
        async with asyncio.timeout(TIMEOUT):
            while not any(message.get("id") == "end" for message in self.messages):
                if self.lost.done():
                    raise ConnectionError("the stream ended before all messages came")
                self._heard.clear()
                await self._heard.wait()
        kept = [message for message in self.messages if message.get("id") != "end"]
        if len(kept) != len(self.messages) - 1 or self.messages[-1].get("id") != "end":
            raise AssertionError(f"messages out of order: {[message.get('id') for message in self.messages]}")
        self.messages.clear()
        return kept

    async def close(self):
        if not self.lost.done():
            self.send("</stream:stream>")
        await asyncio.wait_for(self.lost, TIMEOUT)

    # What asyncio calls.

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        try:
            self._parse(data)
        except ElementTree.ParseError as error:
            # Before binding it may be a second stream's header, with its error, in the same packet as the first one's end.
            self.malformed = error if self._bound else None
            self.transport.abort()

    def _parse(self, data):
        self._parser.feed(data)
        for event, element in self._parser.read_events():
            if event == "start":
                self._depth += 1
                if self._depth == 1:
                    self._root = element
                continue
            self._depth -= 1
            if self._depth == 1:
                self._received(element)
                self._root.clear()
            elif self._depth == 0:
                self.transport.close()

    def _received(self, element):
        if not self._bound:
            self._before_binding.put_nowait(element)
        elif element.tag == CLIENT + "iq" and element.get("type") in ("result", "error"):
            self._answered(element)
        elif element.tag == CLIENT + "iq":
            # A push: taken note of, as far as the server can tell.
            self.send(f"<iq type='result' id='{element.get('id')}'/>")
        elif element.tag == CLIENT + "message" and self.on_message:
            self.on_message(element)
        elif element.tag == CLIENT + "message":
            self.messages.append(element)
            self._heard.set()

    def _answered(self, element):
        answer = self.answers.pop(element.get("id"))
        if self.on_answer:
            self.on_answer(element)
        if not answer.done():
            answer.set_result(element)

    def connection_lost(self, error):
        del error
        self._before_binding.put_nowait(None)
        for answer in self.answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the stream is gone"))
                answer.exception()  # somebody may not have looked
        self.answers.clear()
        if not self.lost.done():
            self.lost.set_result(None)
        self._heard.set()


def condition_of(element):
    """Of an error stanza: "type condition"; None for any other."""
    if element.get("type") != "error":
        return None
    error = element.find(CLIENT + "error")
    names = [child.tag[len(STANZAS):] for child in error if child.tag.startswith(STANZAS) and child.tag != STANZAS + "text"]
    return f"{error.get('type')} {names[0]}"
