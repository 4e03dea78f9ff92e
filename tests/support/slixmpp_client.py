"""A slixmpp client as scenarios need it: log in, wait for a presence or a message, leave."""

import asyncio
import logging

import slixmpp
from motet_instance import TIMEOUT

# slixmpp leaves tasks of its own behind when a client goes.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Client(slixmpp.ClientXMPP):
    def __init__(self, motet, name, password, direct_tls=False, mechanism=None, binding=True):
        """binding False: a client that knows no channel binding."""
        super().__init__(f"{name}@{motet.host}/{name}-pc", password, sasl_mech=mechanism)
        self.motet, self.direct_tls = motet, direct_tls
        self.ca_certs = motet.certificate
        self.messages, self.presences, self.errors = asyncio.Queue(), asyncio.Queue(), asyncio.Queue()
        self.outcome = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", lambda _: self.settle("online"))
        self.add_event_handler("failed_all_auth", lambda _: self.settle("refused"))
        self.add_event_handler("message", self.messages.put_nowait)
        self.add_event_handler("message_error", self.errors.put_nowait)
        self.add_event_handler("presence", self.presences.put_nowait)
        if not binding:
            plugin = self.plugin["feature_mechanisms"]
            credentials = plugin.sasl_callback
            plugin.sasl_callback = lambda needed, optional: {**credentials(needed, optional), "channel_binding": None}
        self.auto_authorize, self.auto_subscribe = True, True

    def settle(self, outcome):
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    async def login(self):
        port = self.motet.tls_port if self.direct_tls else self.motet.port
        self.connect(("127.0.0.1", port), use_ssl=self.direct_tls, force_starttls=not self.direct_tls,
                     disable_starttls=self.direct_tls)
        return await asyncio.wait_for(self.outcome, TIMEOUT)

    async def next_presence(self, kind, sender):
        while True:
            presence = await asyncio.wait_for(self.presences.get(), TIMEOUT)
            if presence["from"].full == sender and presence["type"] == kind:
                return presence

    async def next_message(self):
        return await asyncio.wait_for(self.messages.get(), TIMEOUT)

    async def next_error(self):
        """A message that came back."""
        return await asyncio.wait_for(self.errors.get(), TIMEOUT)

    async def leave(self):
        await asyncio.wait_for(self.disconnect(wait=2), TIMEOUT)


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, expected {wanted!r}")
    print(f"ok - {what}")
