"""What the server owes us: for each store of each account what was acknowledged, and what was asked for and not answered yet.

Changes of one store and account are asked for in one stream, so they happen in order: after a crash the store must hold all
that was acknowledged and, of what was not answered, the first none, some or all; each change whole or not at all; nothing else,
so nothing of what was refused. One exception: when the disk did not sync, the power was cut and no sync succeeded in between,
nobody can have made sure of anything, not even that it is gone.
"""

from collections import deque

ALL = object()  # as a key in a change: everything there was goes


class Broken(AssertionError):
    """The server broke its promise."""


def apply(state, change):
    for key, value in change.items():
        if key is ALL:
            state.clear()
        elif value is None:
            state.pop(key, None)
        else:
            state[key] = value


def difference(found, wanted):
    lines = [f"  lost {key!r}: {wanted[key]!r}" for key in wanted if key not in found]
    lines += [f"  never sent {key!r}: {found[key]!r}" for key in found if key not in wanted]
    lines += [f"  {key!r}: found {found[key]!r}, acknowledged {wanted[key]!r}" for key in wanted
              if key in found and found[key] != wanted[key]]
    if not lines:
        lines = [f"  found in the order {list(found)}, acknowledged in the order {list(wanted)}"]
    return "\n".join(lines)


class Shelf:
    def __init__(self, name, ordered=False):
        """ordered: what was added first must be found first."""
        self.name, self.ordered = name, ordered
        self.sure = {}
        self.sent = deque()
        self.doubtful = []  # refused, but perhaps on the disk after a power cut
        self.n_acknowledged = self.n_risen = 0  # risen: doubtful, and there after the power cut
        self.past = deque(maxlen=12)  # what happened last, for who has to find out why

    def send(self, change):
        self.sent.append(change)
        return change

    def _answered(self, change):
        if not self.sent or self.sent[0] is not change:
            raise Broken(f"{self.name}: answered out of order: {change!r} before {list(self.sent)!r}")
        self.sent.popleft()
        self.past.append(change)

    def acknowledge(self, change):
        self._answered(change)
        before = dict(self.sure)
        apply(self.sure, change)
        if self.sure != before:
            self.doubtful.clear()  # what was written over it was synced with this
        self.n_acknowledged += 1
        self.past.append("acknowledged")

    def refuse(self, change, doubtful=False):
        """doubtful: the disk did not sync and the power will be cut, so that it may be there nevertheless."""
        self._answered(change)
        self.past.append("refused")
        if doubtful:
            self.doubtful.append(change)

    def drop(self, change):
        """It cannot have been sent after all: it is the last that was."""
        if self.sent.pop() is not change:
            raise ValueError("not the last")

    def _histories(self):
        """What may have happened after what is sure, the likeliest first."""
        asked = [*self.doubtful, *self.sent]
        for start in range(len(self.doubtful), -1, -1):
            for end in range(start, len(asked) + 1):
                yield asked[start:end]

    def _is(self, found, state):
        return list(found.items()) == list(state.items()) if self.ordered else found == state

    def settle(self, pairs):
        """After a crash: pairs is what was found. From now on that is what is sure."""
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            raise Broken(f"{self.name}: more than once: {sorted(key for key in found if keys.count(key) > 1)}")
        for history in self._histories():
            state = dict(self.sure)
            for change in history:
                apply(state, change)
            if self._is(found, state):
                self.sure = state
                self.n_risen += sum(any(made is change for made in history) for change in self.doubtful)
                self.sent.clear()
                self.doubtful.clear()
                self.past.append(f"killed; after it {history!r} was there")
                return
        raise Broken(f"{self.name}: not what was acknowledged, with {len(self.sent)} changes not answered "
                     f"{list(self.sent)!r} and {len(self.doubtful)} doubtful:\n{difference(found, self.sure)}\nbefore: "
                     + "\n        ".join(map(str, self.past)))

    def check(self, pairs):
        """While the server lives: pairs is what was found, and nothing waits for an answer."""
        if self.sent or len(dict(pairs)) != len(pairs) or not self._is(dict(pairs), self.sure):
            raise Broken(f"{self.name}: {list(self.sent)!r}\n{difference(dict(pairs), self.sure)}")
