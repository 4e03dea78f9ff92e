"""The data sets: the same accounts and rosters for every server, each in its own format, with hashed passwords.

Accounts user0 to userN-1 have a roster of the other ten of their group of eleven; hub has F contacts fan0 to fanF-1, each of whom has hub.
Every subscription is `both`, every password PASSWORD, with one salt and one number of iterations for all accounts of a server, so that the load
generator derives its keys once. A data set is made once and copied for each start of a server.
"""

import hashlib
import hmac
import os
import shutil
import subprocess

from servers import HOST, PASSWORD, Ejabberd, Failure, MotetInstance

GROUP = 11
ITERATIONS = 10000
LIMIT = 900


class Accounts:
    """What is in a data set, whoever keeps it."""

    def __init__(self, users, fans):
        self.users = users
        self.fans = fans

    def name(self, server):
        return f"{server}-{self.users}-{self.fans}"

    def rosters(self):
        """Yields each account with its contacts."""
        for user in range(self.users):
            first = user // GROUP * GROUP
            yield f"user{user}", [f"user{i}" for i in range(first, min(first + GROUP, self.users)) if i != user]
        yield "hub", [f"fan{i}" for i in range(self.fans)]
        for fan in range(self.fans):
            yield f"fan{fan}", ["hub"]


class Datasets:
    """Makes data sets below one folder, and remembers those that are there."""

    def __init__(self, folder, build, certificate):
        self.folder = folder
        self.build = build
        self.certificate = certificate

    def get(self, server, accounts):
        """Returns: the folder of the data set of a server, by name; None for one that keeps no data"""
        make = {"motet": self._make_motet, "prosody": self._make_prosody, "ejabberd": self._make_ejabberd}.get(server)
        if make is None:
            return None
        path = os.path.join(self.folder, accounts.name(server))
        if not os.path.isdir(path):
            os.makedirs(self.folder, exist_ok=True)
            unfinished = path + ".unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            make(accounts, unfinished)
            os.rename(unfinished, path)
        return path

    def _make_motet(self, accounts, path):
        """One account by motetctl; the rest through the store (bench_dataset.c)."""
        instance = MotetInstance(self.certificate)
        try:
            instance.add_user("user0", PASSWORD)
            data = os.path.join(instance.dir, "data")
            subprocess.run([f"{self.build}/tests/bench_dataset", f"{self.build}/modules", data, str(accounts.users),
                            str(accounts.fans)], check=True, timeout=LIMIT)
            subprocess.run(["cp", "-a", data, path], check=True, timeout=LIMIT)
        finally:
            instance.remove()

    def _make_prosody(self, accounts, path):
        """The files that mod_storage_internal reads: Lua tables."""
        salt = "0123456789abcdef0123456789abcdef0123"
        salted = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt.encode(), ITERATIONS)
        stored = hashlib.sha1(hmac.digest(salted, b"Client Key", "sha1")).hexdigest()
        server = hmac.digest(salted, b"Server Key", "sha1").hex()
        account = (f'return {{\n\t["iteration_count"] = {ITERATIONS};\n\t["salt"] = "{salt}";\n\t["server_key"] = "{server}";\n'
                   f'\t["stored_key"] = "{stored}";\n}};\n')
        folders = [os.path.join(path, HOST, store) for store in ("accounts", "roster")]
        for folder in folders:
            os.makedirs(folder)
        for name, contacts in accounts.rosters():
            items = "".join(f'\t["{contact}@{HOST}"] = {{\n\t\t["groups"] = {{}};\n\t\t["subscription"] = "both";\n\t}};\n'
                            for contact in contacts)
            roster = 'return {\n\t[false] = {\n\t\t["version"] = 1;\n\t};\n' + items + "};\n"
            for folder, text in zip(folders, (account, roster)):
                with open(os.path.join(folder, name + ".dat"), "w", encoding="ascii") as file:
                    file.write(text)

    def _make_ejabberd(self, accounts, path):
        """One account by ejabberd itself, whose record is copied; all written into its Mnesia tables by a script that it runs, and then ends."""
        server = Ejabberd(self.build, self.certificate, script="script")
        try:
            server.prepare()
            rosters = os.path.join(server.folder, "rosters")
            with open(rosters, "w", encoding="ascii") as file:
                for name, contacts in accounts.rosters():
                    file.write(f"{{{binary(name)}, [{', '.join(map(binary, contacts))}]}}.\n")
            with open(os.path.join(server.folder, "script"), "w", encoding="ascii") as file:
                file.write(EJABBERD_SCRIPT % {"host": HOST, "password": PASSWORD, "rosters": rosters})
            server.start()
            if server.process.wait(LIMIT) != 0:
                raise Failure(f"ejabberd exited {server.process.returncode} when filling its tables:\n{server.read_log()}")
            server.process = None
            subprocess.run(["cp", "-a", server.data_folder, path], check=True, timeout=LIMIT)
        finally:
            server.kill()
            server.remove()


def binary(text):
    """A word in Erlang's syntax."""
    return f'<<"{text}">>'


EJABBERD_SCRIPT = """
Host = <<"%(host)s">>.
ok = ejabberd_auth:try_register(<<"user0">>, Host, <<"%(password)s">>).
[Account] = mnesia:dirty_read(passwd, {<<"user0">>, Host}).
{ok, Rosters} = file:consult("%(rosters)s").
Write = fun(Name, Contacts) ->
    mnesia:write(setelement(2, Account, {Name, Host})),
    [mnesia:write({roster, {Name, Host, {Contact, Host, <<>>}}, {Name, Host}, {Contact, Host, <<>>}, <<>>, both, none, [], <<>>, []})
     || Contact <- Contacts]
end.
[mnesia:sync_dirty(fun() -> Write(Name, Contacts) end) || {Name, Contacts} <- Rosters].
dumped = mnesia:dump_log().
init:stop().
ok.
"""
