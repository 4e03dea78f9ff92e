"""The stores a client can change: how a change is asked for, invented at random, and how all that is kept is read again.

Each has a module; invent() gives the payload of an iq of type set and the change as the ledger knows it; read() gives pairs.
Every value is new, so that no two states of a store are alike.
"""

from ledger import ALL, Broken
from wire import condition_of


async def fetch(stream, payload):
    answer = await stream.ask("get", payload)
    if answer.get("type") != "result":
        raise Broken(f"{payload}: {condition_of(answer)}")
    return answer


class Roster:
    module, namespace = "roster", "jabber:iq:roster"

    def invent(self, random, value):
        contact = f"contact{random.randrange(25)}@localhost"
        if random.random() < 0.25:
            item, change = f"<item jid='{contact}' subscription='remove'/>", {contact: None}
        else:
            groups = sorted(random.sample(["Friends", "Enemies", "Montague", "Capulet"], random.randrange(4)))
            item = f"<item jid='{contact}' name='{value}'>" + "".join(f"<group>{g}</group>" for g in groups) + "</item>"
            change = {contact: (value, tuple(groups))}
        return f"<query xmlns='{self.namespace}'>{item}</query>", change

    async def read(self, stream):
        answer = await fetch(stream, f"<query xmlns='{self.namespace}'/>")
        pairs = []
        for item in answer.iter(f"{{{self.namespace}}}item"):
            groups = sorted(group.text for group in item.iter(f"{{{self.namespace}}}group"))
            pairs.append((item.get("jid"), (item.get("name"), tuple(groups))))
        return pairs


class VCard:
    module, namespace = "vcard", "vcard-temp"

    def invent(self, random, value):
        photo = "x" * random.choice((0, 10, 6000))
        return (f"<vCard xmlns='{self.namespace}'><FN>{value}</FN><DESC>{photo}</DESC></vCard>",
                {"vCard": (value, photo)})

    async def read(self, stream):
        answer = await stream.ask("get", f"<vCard xmlns='{self.namespace}'/>")
        name, photo = (answer.findtext(f".//{{{self.namespace}}}{field}") for field in ("FN", "DESC"))
        if condition_of(answer) not in (None, "cancel item-not-found"):
            raise Broken(f"vCard: {condition_of(answer)}")
        return [] if name is None else [("vCard", (name, photo or ""))]


class Private:
    module, namespace = "private", "jabber:iq:private"
    N_ELEMENTS = 5

    def invent(self, random, value):
        n = random.randrange(self.N_ELEMENTS)
        return (f"<query xmlns='{self.namespace}'><note xmlns='urn:test:{n}'>{value}</note></query>", {n: value})

    async def read(self, stream):
        pairs = []
        for n in range(self.N_ELEMENTS):
            answer = await fetch(stream, f"<query xmlns='{self.namespace}'><note xmlns='urn:test:{n}'/></query>")
            pairs += [(n, note.text) for note in answer.iter(f"{{urn:test:{n}}}note") if note.text]
        return pairs


class Blocks:
    module, namespace = "blocking", "urn:xmpp:blocking"

    def invent(self, random, value):
        del value
        if random.random() < 0.05:
            return f"<unblock xmlns='{self.namespace}'/>", {ALL: None}
        contacts = [f"rival{n}@localhost" for n in random.sample(range(30), random.randint(1, 4))]
        items = "".join(f"<item jid='{contact}'/>" for contact in contacts)
        if random.random() < 0.4:
            return f"<unblock xmlns='{self.namespace}'>{items}</unblock>", dict.fromkeys(contacts)
        return f"<block xmlns='{self.namespace}'>{items}</block>", dict.fromkeys(contacts, True)

    async def read(self, stream):
        answer = await fetch(stream, f"<blocklist xmlns='{self.namespace}'/>")
        return [(item.get("jid"), True) for item in answer.iter(f"{{{self.namespace}}}item")]


STORES = {store.module: store for store in (Roster(), VCard(), Private(), Blocks())}
