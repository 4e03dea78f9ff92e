"""The disk of a server that runs with shim.so: what it does wrong, and power cuts.

    disk = Disk(motet)               # before motet.start()
    disk.set(write=errno.ENOSPC)     # see shim.c for the words
    disk.clear()
    disk.cut_power(random)           # after motet.kill(): what was not synced is partly there, partly not
"""

import os
import shutil
import struct
import time

from motet_instance import BUILD, TIMEOUT

RECORD = struct.Struct("=QQQQ")
TRUNCATION = 2 ** 64 - 1
SECTOR = 512


class Disk:
    def __init__(self, motet, undo=False):
        self.control = os.path.join(motet.dir, "disk")
        self.data = os.path.join(motet.dir, "data")
        self.undo = os.path.join(motet.dir, "undo") if undo else None
        self.serial = 0
        self.faulted = False  # it failed since this was last set to False
        self.in_doubt = False  # likewise, to sync, and the power will be cut
        motet.env.update(LD_PRELOAD=f"{BUILD}/tests/shim.so", MOTET_SHIM_DATA=self.data, MOTET_SHIM_CONTROL=self.control,
                         ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
        # What the shim writes is in no folder of the server's.
        with open(motet.config, "a") as file:
            file.write(f"confine: {{also: [{motet.dir}]}}\n")
        if undo:
            os.mkdir(self.undo, 0o777)
            os.chmod(self.undo, 0o777)
            motet.env["MOTET_SHIM_UNDO"] = self.undo

    def set(self, **words):
        self.serial += 1
        with open(self.control + ".new", "w") as file:
            file.write(" ".join(f"{word}={value}" for word, value in words.items()) + f" serial={self.serial}\n")
        os.chmod(self.control + ".new", 0o644)
        os.rename(self.control + ".new", self.control)
        self.faulted |= bool(words.keys() - {"delay", "hold"})
        self.in_doubt |= "sync" in words and self.undo is not None

    def clear(self):
        self.set()

    def is_held(self):
        return os.path.exists(self.control + ".held")

    def wait_until_held(self):
        deadline = time.monotonic() + TIMEOUT
        while not self.is_held():
            if time.monotonic() > deadline:
                raise AssertionError("nobody wanted to sync")
            time.sleep(0.005)

    def cut_power(self, random):
        """Each write since the file's last sync stays, goes, or is torn at a sector. Returns how many went or were torn."""
        n_lost = 0
        for name in os.listdir(self.undo):
            path = os.path.join(self.data, name)
            if os.path.exists(path):
                keep = random.choice((0, 0.5, 0.9))
                n_lost += cut(path, read_records(os.path.join(self.undo, name)), random, keep)
            os.unlink(os.path.join(self.undo, name))
        for name in os.listdir(self.data):
            if name.endswith("-shm"):
                os.unlink(os.path.join(self.data, name))
        return n_lost

    def forget(self):
        """All that was written is on the disk."""
        shutil.rmtree(self.undo)
        os.mkdir(self.undo)
        os.chmod(self.undo, 0o777)


def read_records(path):
    with open(path, "rb") as file:
        content = file.read()
    records, at = [], 0
    while at + RECORD.size <= len(content):
        offset, length, kept, size = RECORD.unpack_from(content, at)
        at += RECORD.size
        if at + kept > len(content):
            break  # killed while it was kept: what it was kept for was never written
        records.append((offset, length, content[at:at + kept], size))
        at += kept
    return records


def cut(path, records, random, keep):
    """keep: the share of the writes that reached the disk."""
    n_lost = 0
    with open(path, "r+b") as file:
        written = []
        for offset, length, kept, size in reversed(records):
            file.seek(offset)
            written.append((offset, None if length == TRUNCATION else file.read(length)))
            file.seek(offset)
            file.write(kept)
            file.truncate(size)
        for offset, content in reversed(written):
            whole = random.random() < keep
            if content is None:
                if whole:
                    file.truncate(offset)
            elif whole or random.random() < 0.2:
                torn = content if whole else content[:random.randrange(0, len(content) + 1, SECTOR)]
                file.seek(offset)
                file.write(torn)
            n_lost += not whole
    return n_lost
