"""What a process has in its memory: all that it may write to is read, and pieces of secrets are looked for (scenarios/memory_scan.c).

    found = find(pid, [Secret("a password", text.encode()), ...])

A copy that was partly written over is found, too: PIECE + STEP - 1 bytes of a secret in a row are enough.
"""

import os
import subprocess

PIECE = 8
STEP = 4
MAY_NOT = 77
PROGRAM = os.path.join(os.environ["MOTET_TEST_BUILD"], "tests", "memory_scan")


class Secret:
    """run: how many bytes of it in a row are no coincidence any more."""

    def __init__(self, name, data, run=PIECE):
        self.name, self.data, self.run = name, data, run

    def pieces(self):
        return [self.data[at:at + PIECE] for at in range(0, len(self.data) - PIECE + 1, STEP)]

    def is_in(self, around):
        return any(self.data[at:at + self.run] in around for at in range(len(self.data) - self.run + 1))


class MayNot(Exception):
    """The memory of that process is not ours to read."""


def find(pid, secrets):
    """Returns: texts, where each piece of a secret is and what is around it."""
    pieces = [(piece, secret) for secret in secrets for piece in secret.pieces()]
    done = subprocess.run([PROGRAM, str(pid)], input="".join(piece.hex() + "\n" for piece, _ in pieces), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode == MAY_NOT:
        raise MayNot(done.stderr)
    if done.returncode:
        raise AssertionError(f"memory_scan: exit {done.returncode}: {done.stderr}")
    found = []
    for line in done.stdout.splitlines()[:-1]:
        number, address, around, region = line.split(" ", 3)
        secret, around = pieces[int(number)][1], bytes.fromhex(around)
        if secret.is_in(around):
            found.append(f"{secret.name} at {address} in {region}: {around!r}")
    return found
