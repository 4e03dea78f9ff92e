"""Accounts that come, change and go, and what the database holds of those that are gone."""

import asyncio
import os
import sqlite3

from ledger import Broken, Shelf
from stores import STORES
from wire import Refused, Stream, condition_of

REGISTER = "jabber:iq:register"
N_CITIZENS = 6


class Registrar:
    """Makes accounts, changes their passwords, gives them vCards and deletes them: with motetctl, and in their own sessions.

    What an account has is its password and the text of its vCard; one that is deleted has nothing, and one that is made anew under
    the same name begins with nothing.
    """

    def __init__(self, random, disk, kinds):
        self.random, self.disk = random, disk
        self.verbs = ["password", "password", "delete"]
        if "register" in kinds:
            self.verbs += ["change", "change", "cancel"]
        self.card = STORES["vcard"] if "vcard" in kinds else None
        if self.card:
            self.verbs += ["card", "card"]
        self.shelf = Shelf("accounts")
        self.n_made = 0

    async def _by_operator(self, motet, verb, name, password):
        """Returns None, or what went wrong."""
        words = ("user", verb, f"{name}@{motet.host}", *(() if verb == "delete" else ("--password-stdin",)))
        code, output = await asyncio.to_thread(motet.ctl, *words, stdin=password + "\n", code=None)
        return None if code == 0 else f"exit {code}: {output}"

    async def _by_user(self, motet, verb, name, password, old):
        """The same in a session of the account; old is its password."""
        payload = {
            "change": f"<query xmlns='{REGISTER}'><username>{name}</username><password>{password}</password></query>",
            "cancel": f"<query xmlns='{REGISTER}'><remove/></query>",
            "card": f"<vCard xmlns='vcard-temp'><FN>{password}</FN></vCard>",
        }[verb]
        try:
            stream = await Stream.open(motet, name, old)
            answer = await stream.ask("set", payload)
            await stream.close()
        except (OSError, Refused) as problem:
            return repr(problem)
        return condition_of(answer)

    async def work(self, motet, going_on):
        while going_on():
            self.n_made += 1
            name, text = f"citizen{self.random.randrange(N_CITIZENS)}", f"text-{self.n_made}"
            old = self.shelf.sure.get(name)
            verb = self.random.choice(self.verbs) if old else "add"
            new = {"add": (text, None), "delete": None, "cancel": None, "card": old and (old[0], text)}.get(
                verb, (text, old and old[1]))
            change = self.shelf.send({name: new})
            if verb in ("change", "cancel", "card"):
                problem = await self._by_user(motet, verb, name, text, old[0])
            else:
                problem = await self._by_operator(motet, verb, name, text)
            if problem is None:
                self.shelf.acknowledge(change)
            elif self.disk.faulted or not going_on():
                return  # whether it was done will be seen after the crash
            else:
                raise Broken(f"{verb} {name}: {problem}")

    async def _read(self, motet, name, passwords):
        for password in passwords:
            try:
                stream = await Stream.open(motet, name, password)
            except Refused:
                continue
            card = dict(await self.card.read(stream)) if self.card else {}
            await stream.close()
            return password, card["vCard"][0] if card else None
        raise Broken(f"account {name}: none of its passwords is good: {passwords}")

    async def read_all(self, motet):
        asked = [*reversed(self.shelf.sent), *reversed(self.shelf.doubtful), self.shelf.sure]
        listed = [line.split()[0].split("@")[0] for line in motet.ctl("user", "list", motet.host).splitlines() if "@" in line]
        pairs = []
        for name in listed:
            if name.startswith("citizen"):
                passwords = list(dict.fromkeys(state[name][0] for state in asked if state.get(name)))
                pairs.append((name, await self._read(motet, name, passwords)))
        self.shelf.settle(pairs)


def examine(motet):
    """The database of a server that is stopped: sound, and of every account that it holds anything of there is an account."""
    database = sqlite3.connect(f"file:{os.path.join(motet.dir, 'data', 'motet.sqlite')}?mode=ro", uri=True)
    sound = database.execute("PRAGMA integrity_check").fetchall()
    if sound != [("ok",)]:
        raise Broken(f"the database is damaged: {sound}")
    rows = set(database.execute("SELECT name, account FROM documents JOIN stores ON stores.id = documents.store "
                                "UNION SELECT name, account FROM chains JOIN stores ON stores.id = chains.store"))
    database.close()
    accounts = {account for store, account in rows if store == "accounts"}
    left = sorted((store, account) for store, account in rows if account and account not in accounts)
    if not accounts or left:
        raise Broken(f"there is something left of accounts that were deleted: {left}")
