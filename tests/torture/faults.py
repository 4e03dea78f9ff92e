"""What fails, and when: the memory shared with shim_torture.c, whose order of fields and kinds is kept here.

    faults = Faults(path)            # makes the file; a program that runs with faults.environment() uses it
    faults.fail_fresh()              # the first call at a site that has not failed yet fails, once
    faults.fail_nth(n)               # the n-th call from now fails, once
    faults.rest(), faults.count()    # nothing fails; the latter notes where something could
    faults.n_failed, faults.last()   # how many failed, and the last one with its callers
"""

import bisect
import errno
import functools
import glob
import mmap
import os
import struct
import subprocess

from motet_instance import BUILD

MAGIC = 0x6d6f746574313031
FRAMES_MAX, OBJECTS_MAX, SITES_MAX, KINDS_MAX = 16, 256, 32768, 64
SHORT = -1
SPARED = 2 ** 32 - 1  # instead of the faults that happened: nothing may fail there
FAULTS = {
    "allocate": (errno.ENOMEM,),
    "map": (errno.ENOMEM,),
    "thread": (errno.EAGAIN,),
    "open": (errno.EMFILE, errno.EIO),
    "create": (errno.EMFILE, errno.ENOSPC),
    "open folder": (errno.EMFILE, errno.EIO),
    "read folder": (errno.EIO,),
    "status": (errno.EIO,),
    "read file": (errno.EIO, SHORT, errno.EINTR),
    "read other": (errno.EINTR, errno.EAGAIN),
    "write file": (errno.ENOSPC, errno.EIO, SHORT, errno.EINTR),
    "write other": (errno.EINTR,),
    "sync": (errno.EIO, errno.ENOSPC),
    "truncate": (errno.EIO,),
    "name": (errno.EIO, errno.ENOSPC),
    "lock": (errno.ENOLCK, errno.EINTR),
    "close": (errno.EIO,),
    "new descriptor": (errno.EMFILE,),
    "socket": (errno.EMFILE, errno.ENOBUFS),
    "bind": (errno.EADDRINUSE,),
    "connect": (errno.ECONNREFUSED,),
    "accept": (errno.EMFILE, errno.ECONNABORTED, errno.ENOMEM, errno.EINTR),
    "receive": (errno.ECONNRESET, SHORT, errno.EAGAIN, errno.EINTR),
    "send": (errno.ECONNRESET, SHORT, errno.EAGAIN, errno.EINTR),
    "send datagram": (errno.ENOBUFS, errno.EAGAIN, errno.EINTR),
    "socket option": (errno.ENOBUFS,),
    "shut": (errno.ENOTCONN,),
    "watch": (errno.ENOMEM, errno.ENOSPC),
    "wait": (errno.EINTR,),
    "random": (errno.EINTR,),
    "rights": (errno.EPERM,),
    "fork": (errno.EAGAIN,),
}
KINDS = tuple(FAULTS)
FIELDS = ("magic", "mode", "countdown", "stride", "offset", "kinds", "only", "n_calls", "n_failed", "n_sites", "n_objects", "lock",
          "last_site", "last_fault")
OBJECTS = (len(FIELDS) + KINDS_MAX) * 8
SITES = OBJECTS + OBJECTS_MAX * 64
SITE = struct.Struct(f"=QIIII{FRAMES_MAX}Q")
REST, COUNT, COUNTDOWN, FRESH = range(4)
WORD, FAILED = struct.Struct("=Q"), struct.Struct("=I")
OFFSET = 2 ** 48 - 1


class Faults:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(SITES + SITES_MAX * SITE.size)
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)
        self._set(magic=MAGIC, stride=1, kinds=2 ** 64 - 1)

    def environment(self):
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": f"{BUILD}/tests/shim_torture.so", "MOTET_TORTURE": self.path,
                "ASAN_OPTIONS": sanitizer + ":verify_asan_link_order=0"}

    def _set(self, **fields):
        for name, value in fields.items():
            WORD.pack_into(self.memory, FIELDS.index(name) * 8, value)

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return WORD.unpack_from(self.memory, FIELDS.index(name) * 8)[0]

    def choose(self, stride, offset):
        """From now on only every stride-th fault counts as fresh."""
        self._set(stride=stride, offset=offset)

    def fail_fresh(self):
        self._set(mode=FRESH)

    def fail_nth(self, n):
        self._set(countdown=n)
        self._set(mode=COUNTDOWN)

    def count(self):
        """Nothing fails, and it is noted what could."""
        self._set(mode=COUNT)

    def rest(self):
        self._set(mode=REST)

    def unlock(self):
        """Of a process that is gone."""
        self._set(lock=0)

    def calls(self):
        """How many calls of each kind there were."""
        counts = struct.unpack_from(f"={len(KINDS)}Q", self.memory, len(FIELDS) * 8)
        return {kind: n for kind, n in zip(KINDS, counts) if n}

    def sites(self):
        """(kind, seen, failed, frames) of each site."""
        if self.n_sites >= SITES_MAX:
            raise AssertionError("more sites than there is room for")
        for _, kind, seen, failed, n_frames, *frames in SITE.iter_unpack(self.memory[SITES:]):
            if seen:
                yield KINDS[kind], seen, failed, frames[:n_frames]

    def spare_all_but(self, wanted):
        """Of the sites that were seen; done anew for those that were seen meanwhile."""
        for at in range(SITES, len(self.memory), SITE.size):
            _, kind, seen, _, n_frames, *frames = SITE.unpack_from(self.memory, at)
            if seen and not any(one.is_at(KINDS[kind], frames[:n_frames], self.object) for one in wanted):
                FAILED.pack_into(self.memory, at + 16, SPARED)

    def object(self, number):
        at = OBJECTS + number * 64
        return self.memory[at:at + 64].rstrip(b"\0").decode()

    def last(self):
        """What failed last, as text."""
        at = SITES + self.last_site * SITE.size
        _, kind, _, _, n_frames, *frames = SITE.unpack_from(self.memory, at)
        fault = FAULTS[KINDS[kind]][self.last_fault]
        how = "half" if fault == SHORT else errno.errorcode[fault]
        return f"{KINDS[kind]} {how}: " + " < ".join(self.name(frame) for frame in frames[:n_frames])

    def name(self, frame):
        return name_of(self.object(frame >> 48), (frame & OFFSET) - 1)


class Wanted:
    """Calls of a kind that a function makes, itself or by others; text is KIND:FUNCTION."""

    def __init__(self, text):
        self.kind, function = text.split(":")
        if self.kind not in FAULTS:
            raise SystemExit(f"{self.kind} is no kind of call: {', '.join(KINDS)}")
        self.places = [place for path in (f"{BUILD}/motetd", *sorted(glob.glob(f"{BUILD}/modules/mod_*.so")))
                       for place in places_of(path, function)]
        if not self.places:
            raise SystemExit(f"there is no function {function}, or it is part of its callers")

    def is_at(self, kind, frames, object_of):
        return kind == self.kind and any(object_of(frame >> 48) == name and start < frame & OFFSET <= end
                                         for frame in frames for name, start, end in self.places)


def places_of(path, function):
    """(object, start, end) of each function of that name."""
    listed = subprocess.run(["nm", "-S", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    name = "(program)" if path.endswith("motetd") else os.path.basename(path)
    for words in map(str.split, listed.splitlines()):
        if len(words) == 4 and words[3].split(".")[0] == function:
            start = int(words[0], 16)
            yield name, start, start + int(words[1], 16)


@functools.cache
def path_of(name):
    places = (f"{BUILD}/modules", "/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/usr/lib/*-linux-gnu/ossl-modules")
    if name == "(program)":
        return f"{BUILD}/motetd"
    return next((path for place in places for path in glob.glob(f"{place}/{name}")), None)


@functools.cache
def symbols_of(path):
    """(addresses, names) of the functions of a library that is stripped."""
    listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=False).stdout
    pairs = sorted((int(words[0], 16), words[2].split("@")[0]) for words in map(str.split, listed.splitlines())
                   if len(words) == 3 and words[1] in "TtWi")
    return [address for address, _ in pairs], [name for _, name in pairs]


@functools.cache
def name_of(name, offset):
    path = path_of(name)
    if path is None:
        return f"{name}+{offset:#x}"
    if path.startswith(BUILD):
        found = subprocess.run(["addr2line", "-f", "-s", "-e", path, hex(offset)], capture_output=True, text=True, check=False)
        function, place = found.stdout.split("\n")[:2]
        return f"{function}@{place.split(' ')[0]}"
    addresses, names = symbols_of(path)
    at = bisect.bisect_right(addresses, offset) - 1
    return f"{name.split('.so')[0]}:{names[at] if at >= 0 else hex(offset)}"
