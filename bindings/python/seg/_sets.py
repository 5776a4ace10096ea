"""Snapshots, sets of customers, and members of sets with values of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Literal, cast

from seg import _core
from seg._html import page
from seg._progress import Progress, watch
from seg._types import Id, SnapshotInfo, Time, from_micros

if TYPE_CHECKING:
    from seg._store import Store

_ORDINALS, _EXTERNAL = 1, 2
_AND = 1


class Snapshot(_core.Snapshot):
    """A store as it was at one moment."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        return cast("Store", self._store)

    @property
    def info(self) -> SnapshotInfo:
        """What the snapshot holds."""
        sequence, users, events, parts, memory, first, last = self._info()
        return SnapshotInfo(
            sequence,
            users,
            events,
            parts,
            memory,
            from_micros(first) if events else None,
            from_micros(last) if events else None,
        )

    def __repr__(self) -> str:
        info = self.info
        return f"<seg.Snapshot {info.user_count:,} users, {info.event_count:,} events>"

    def everyone(self) -> Set:
        """Everyone in the snapshot."""
        return self._everyone(Set)[0]

    def from_ids(self, ids: Collection[Id]) -> Set:
        """The customers with these ids; unknown ones are left out. Stores of integers also take
        buffers of 64-bit integers, such as numpy arrays."""
        return self._from_ids(Set, ids)[0]

    def from_roaring(
        self, data: bytes | bytearray | memoryview, kind: Literal["ordinals", "ids"] | None = None
    ) -> Set:
        """The set of :meth:`Set.to_roaring`, or of another program's bitmap of ids."""
        return self._from_roaring(Set, _roaring_kind(self.store, kind), data)[0]


def _roaring_kind(store: Store, kind: str | None) -> int:
    if kind is None:
        return _EXTERNAL if store.ids == "int" else _ORDINALS
    if kind not in ("ordinals", "ids"):
        raise ValueError(f"kind is {kind!r}, not 'ordinals' or 'ids'")
    return _EXTERNAL if kind == "ids" else _ORDINALS


class Set(_core.Set):
    """A set of customers: immutable, of one store and one snapshot.

    ``&``, ``|``, ``-``, ``^`` and ``~`` make new sets; ``in``, ``len()``, ``bool()`` and iteration
    speak of external ids. As an Arrow stream it is one column of ids; :meth:`select` adds values.
    """

    __slots__ = ()

    @property
    def snapshot(self) -> Snapshot:
        return cast(Snapshot, self._snapshot)

    @property
    def now(self) -> dt.datetime | None:
        """The instant of the evaluation, kept by sets that are combined from sets of one instant;
        None for sets made otherwise."""
        return from_micros(self._now) if self._now else None

    # What the operators give, which the extension cannot say in types.
    def __and__(self, other: Set, /) -> Set:
        return cast(Set, super().__and__(other))  # type: ignore[misc]

    def __or__(self, other: Set, /) -> Set:
        return cast(Set, super().__or__(other))  # type: ignore[misc]

    def __sub__(self, other: Set, /) -> Set:
        return cast(Set, super().__sub__(other))  # type: ignore[misc]

    def __xor__(self, other: Set, /) -> Set:
        return cast(Set, super().__xor__(other))  # type: ignore[misc]

    def __invert__(self) -> Set:
        return cast(Set, super().__invert__())  # type: ignore[misc]

    def __repr__(self) -> str:
        base = self.snapshot.info.user_count
        when = f" at {self.now.isoformat()}" if self.now else ""
        return f"<seg.Set {len(self):,} of {base:,} users{when}>"

    def _repr_html_(self) -> str:
        base = self.snapshot.info.user_count
        share = 100 * len(self) / base if base else 0.0
        first = []
        for user in self:
            first.append(escape(str(user)))
            if len(first) == 5:
                break
        more = ", …" if len(self) > len(first) else ""
        return page(
            "seg.Set",
            [
                ("members", f"{len(self):,} of {base:,} ({share:.1f} %)"),
                ("share", f'<progress max="100" value="{share:.1f}"></progress>'),
                ("now", escape(self.now.isoformat()) if self.now else "–"),
                ("first ids", ", ".join(first) + more),
            ],
        )

    def ids(self) -> list[Any]:
        """All external ids, in the order in which the store first saw them."""
        return list(self)

    def contains_many(self, ids: Collection[Id]) -> memoryview[bool]:
        """For each id whether it is in the set: bytes of 0 and 1 in the format '?', which numpy
        takes as an array of booleans without copying. Stores of integers also take buffers of
        64-bit integers. Far cheaper per id than ``in``."""
        return memoryview(self._contains_many(ids)).cast("?")

    def overlap(self, other: Set) -> int:
        """How many are in both, without building that set."""
        return self._combine_count(_AND, other)

    def isdisjoint(self, other: Set) -> bool:
        """Nobody is in both."""
        return self.overlap(other) == 0

    def issubset(self, other: Set) -> bool:
        """Everybody of this set is in the other one."""
        return self.overlap(other) == len(self)

    def to_roaring(self, kind: Literal["ordinals", "ids"] | None = None) -> bytes:
        """The set in roaring's portable format: ``"ids"`` are 64-bit ids of a store of integers,
        readable by ``pyroaring.BitMap64``; ``"ordinals"`` are 32-bit numbers that mean something
        to this store only (``pyroaring.BitMap``). The default is ids where the store has them."""
        return self._to_roaring(_roaring_kind(self.snapshot.store, kind))

    def select(
        self,
        *values: str,
        now: Time | None = None,
        id_name: str = "user_id",
        binary_ids: bool = False,
        batch_rows: int = 0,
        threads: int = 0,
        progress: Progress = False,
        **named: str,
    ) -> Rows:
        """The members with values of them: attributes (``"country"``) or aggregates, by keyword
        under a name of their own (``spend='sum(total) of "Order"'``). ``now`` is that of the set
        unless given."""
        pairs = [(value, value) for value in values] + list(named.items())
        if now is None:
            now = self._now
            if now == 0 and pairs:
                raise ValueError("the set was not evaluated at a time: say now=")
        return Rows(self, pairs, now, id_name, binary_ids, batch_rows, threads, progress)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.select().__arrow_c_stream__(requested_schema)


class Rows:
    """Members of a set with values of them, for whatever takes an Arrow stream:
    ``pyarrow.table(rows)``, ``polars.DataFrame(rows)``, ``pandas.DataFrame.from_arrow(rows)``,
    DuckDB's SQL. Each of them gets a stream of its own."""

    __slots__ = ("_arguments", "_progress", "_ready", "_set", "columns")

    columns: list[str]
    """Names of the columns, that of the ids first."""

    def __init__(
        self,
        members: Set,
        pairs: list[tuple[str, str]],
        now: Time,
        id_name: str,
        binary_ids: bool,
        batch_rows: int,
        threads: int,
        progress: Progress,
    ) -> None:
        self._set = members
        self._arguments = (pairs, now, threads, id_name, binary_ids, batch_rows)
        self._progress = progress
        self.columns = [id_name] + [name for name, _ in pairs]
        # Made at once, so that what is wrong with a value is said here.
        self._ready: object | None = self._stream()

    def __len__(self) -> int:
        return len(self._set)

    def __repr__(self) -> str:
        return f"<seg.Rows {len(self):,} x {', '.join(self.columns)}>"

    def _stream(self) -> object:
        with watch(self._progress, "values", " steps") as callback:
            return self._set._stream(*self._arguments, callback)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        ready, self._ready = self._ready, None
        return ready if ready is not None else self._stream()


class Membership(_core.Membership):
    """Which of many sets a customer is in, from one row of bits per customer: some hundred sets
    turned round. Made of a mapping from names to sets, or of a sequence of sets, whose names are
    their numbers as texts. It never changes: make a new one when the sets are evaluated anew."""

    __slots__ = ("names",)

    names: tuple[str, ...]
    """Of the sets: that of bit i of a row at index i."""

    def __new__(cls, sets: Mapping[str, Set] | Sequence[Set]) -> Membership:
        pairs = (
            list(sets.items())
            if isinstance(sets, Mapping)
            else [(str(number), members) for number, members in enumerate(sets)]
        )
        made = cls._make(cls, [members for _, members in pairs])
        made.names = tuple(name for name, _ in pairs)
        return made

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<seg.Membership of {len(self.names):,} sets>"

    def of(self, user: Id) -> list[str]:
        """Names of the sets that the customer is in; none for an id that is not known."""
        return self._named(self._row(user))

    def of_many(self, ids: Collection[Id]) -> list[list[str]]:
        """The same for each id, with one look at the rows."""
        data = memoryview(self._rows(ids))
        size = 8 * self.word_count
        return [self._named(data[at : at + size]) for at in range(0, len(data), size)]

    def _named(self, row: bytearray | memoryview) -> list[str]:
        names = []
        for number, word in enumerate(memoryview(row).cast("Q")):
            while word:
                low = word & -word
                names.append(self.names[64 * number + low.bit_length() - 1])
                word ^= low
        return names

    def rows(self, ids: Collection[Id]) -> memoryview[int]:
        """The row of each id, ``word_count`` unsigned integers of 64 bits, one row after the other:
        set i is bit i % 64 of word i // 64. numpy takes them without copying:
        ``np.asarray(rows).reshape(-1, membership.word_count)``."""
        return memoryview(self._rows(ids)).cast("Q")
