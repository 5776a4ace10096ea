"""Customer segments, exactly and at once: the Python face of libseg.

    import datetime as dt
    import seg

    with seg.open(timezone="Europe/Berlin") as store:
        store.ingest_events(orders)        # anything with __arrow_c_stream__, or a dict of columns
        store.ingest_users(customers)
        vip = store.evaluate(
            'sum(total) of "Order" in last $days days >= $spend',
            now=dt.datetime.now(dt.timezone.utc), days=90, spend=500,
        )
        print(len(vip), "u_1042" in vip)

Times are datetimes with a time zone, or microseconds since 1970 as int. Stores, snapshots, segments
and sets may be used from several threads; the lock of the interpreter is let go around the work.
"""

from __future__ import annotations

import datetime as _dt
import decimal as _decimal
import html as _html
import json as _json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, cast, runtime_checkable

from seg import _core
from seg._errors import (
    ArgumentError,
    ConflictError,
    CorruptError,
    CycleError,
    DataError,
    InternalError,
    InterruptedCallError,
    LimitError,
    MisuseError,
    NotFoundError,
    OutOfMemoryError,
    ParameterError,
    QueryError,
    QueryOverflowError,
    QuerySyntaxError,
    QueryTypeError,
    RoaringError,
    SchemaError,
    SegError,
    SegmentInUseError,
    StoreIOError,
    UnknownNameError,
)
from seg._progress import Progress, watch

__all__ = [
    "Appender",
    "ArgumentError",
    "Column",
    "CommitReport",
    "ConflictError",
    "CorruptError",
    "CycleError",
    "DataError",
    "InternalError",
    "InterruptedCallError",
    "LimitError",
    "MisuseError",
    "NotFoundError",
    "OutOfMemoryError",
    "Parameter",
    "ParameterError",
    "QueryError",
    "QueryOverflowError",
    "QuerySyntaxError",
    "QueryTypeError",
    "Remark",
    "RoaringError",
    "Rows",
    "SchemaError",
    "SegError",
    "Segment",
    "SegmentInUseError",
    "Segments",
    "Set",
    "Snapshot",
    "SnapshotInfo",
    "Store",
    "StoreIOError",
    "UnknownNameError",
    "open",
    "version",
]

Time: TypeAlias = _dt.datetime | int
"""A datetime with a time zone, or microseconds since 1970-01-01T00:00:00Z."""
Id: TypeAlias = str | bytes | int
"""As the store has them: ``open(ids=...)``."""
Scalar: TypeAlias = bool | int | float | str | _decimal.Decimal | _dt.datetime | _dt.date
ParameterValue: TypeAlias = Scalar | Collection[Scalar]
TypeName: TypeAlias = Literal[
    "bool", "int64", "float64", "decimal", "string", "timestamp", "date", "geo", "string_set"
]

_TYPES: tuple[TypeName, ...] = (
    "bool",
    "int64",
    "float64",
    "decimal",
    "string",
    "timestamp",
    "date",
    "geo",
    "string_set",
)
_IDS = {"str": 0, "bytes": 1, "int": 2}
_ORDINALS, _EXTERNAL = 1, 2
_AND = 1
_EPOCH = _dt.datetime(1970, 1, 1, tzinfo=_dt.timezone.utc)


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever speaks the Arrow PyCapsule interface: tables of pyarrow, polars, pandas, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Data: TypeAlias = ArrowStream | Mapping[str, Any]
"""A table, or a dict from names to columns: numpy arrays and other buffers, or sequences."""


class CommitReport(NamedTuple):
    """What an ingest or a commit did."""

    commit_sequence: int
    """Number of the (last) commit."""
    rows_applied: int
    rows_duplicate: int
    """Rows whose event id was seen before with the same content."""
    rows_rejected: int
    """Wrong rows that were left out, with ``quarantine=True``."""
    users_added: int
    rejected_row: int | None
    """The first one left out, counted from 0."""


class Column(NamedTuple):
    """An attribute (``event`` is None), an event type (``name`` is None) or a property."""

    event: str | None
    name: str | None
    type: TypeName | None
    scale: int


class Parameter(NamedTuple):
    """A parameter of a predicate."""

    name: str
    type: TypeName | None
    is_list: bool


class Remark(NamedTuple):
    """What the compiler remarked about a predicate without refusing it."""

    message: str
    offset: int
    length: int


class SnapshotInfo(NamedTuple):
    """What a snapshot holds."""

    commit_sequence: int
    user_count: int
    event_count: int
    part_count: int
    memory_bytes: int
    time_min: _dt.datetime | None
    time_max: _dt.datetime | None


def version() -> str:
    """The version of libseg at run time."""
    return _core.version()


def _datetime(micros: int) -> _dt.datetime:
    return _EPOCH + _dt.timedelta(microseconds=micros)


def _type_name(number: int) -> TypeName | None:
    return _TYPES[number - 1] if 1 <= number <= len(_TYPES) else None


def _type_number(name: str) -> int:
    if name not in _TYPES:
        raise ValueError(f"the type {name!r} is not one of {', '.join(_TYPES)}")
    return _TYPES.index(name) + 1


def open(
    path: str = ":memory:",
    *,
    timezone: str = "UTC",
    ids: Literal["str", "bytes", "int"] = "str",
    week_start: Literal["monday", "sunday"] = "monday",
    threads: int = 0,
    dedup_window: _dt.timedelta | None = None,
) -> Store:
    """Open a store.

    ``timezone`` is the IANA name by which days and civil times of predicates are meant. ``ids``
    says what user ids are. ``threads`` limits the threads of one evaluation (0: as many as there
    are processors). ``dedup_window`` is how long event ids are remembered, by event time; None:
    35 days, ``datetime.timedelta.max``: for ever.
    """
    if ids not in _IDS:
        raise ValueError(f"ids is {ids!r}, not 'str', 'bytes' or 'int'")
    if week_start not in ("monday", "sunday"):
        raise ValueError(f"week_start is {week_start!r}, not 'monday' or 'sunday'")
    if dedup_window is None:
        window = 0
    elif dedup_window == _dt.timedelta.max:
        window = 2**64 - 1
    else:
        window = dedup_window // _dt.timedelta(microseconds=1)
        if window <= 0:
            raise ValueError("dedup_window is not positive")
    week = 1 if week_start == "monday" else 7
    return Store._open(path, timezone, _IDS[ids], week, threads, window)


class Store(_core.Store):
    """Everything about one customer base. Close it, or use it in a ``with`` statement."""

    __slots__ = ()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<seg.Store closed>"
        info = self.snapshot().info
        return f"<seg.Store {info.user_count:,} users, {info.event_count:,} events>"

    # ---- data in

    def ingest_events(
        self,
        data: Data,
        *,
        user: str | None = None,
        time: str | None = None,
        event: str | None = None,
        event_column: str | None = None,
        event_id: str | None = None,
        timezone: str | None = None,
        nulls: Literal["absent", "null"] = "absent",
        skip_unsupported: bool = False,
        commit_rows: int | None = 0,
        quarantine: bool = False,
        progress: Progress = False,
    ) -> CommitReport:
        """Bring in events: a user, a time, an event type, and properties.

        ``user``, ``time``, ``event_column`` and ``event_id`` name columns; without them the usual
        names count (``user_id``, ``time``, ``event``, ``event_id`` and a few more). ``event`` is
        one event type for all rows instead of a column. All other columns are properties.

        Timestamps without a zone are read in ``timezone``, else in the store's zone. Rows are
        committed in portions of ``commit_rows`` (0: about a million; None: all or nothing). A
        wrong row refuses its portion, or is left out with ``quarantine``.
        """
        return self._ingest(
            1,
            data,
            (user, time, event_column, event, event_id, timezone),
            nulls,
            skip_unsupported,
            commit_rows,
            quarantine,
            progress,
        )

    def ingest_users(
        self,
        data: Data,
        *,
        user: str | None = None,
        timezone: str | None = None,
        nulls: Literal["null", "absent"] = "null",
        skip_unsupported: bool = False,
        commit_rows: int | None = 0,
        quarantine: bool = False,
        progress: Progress = False,
    ) -> CommitReport:
        """Bring in attributes: a user, and columns that say what the user is.

        A null empties the attribute; with ``nulls="absent"`` it keeps what it was. The rest is as
        in :meth:`ingest_events`.
        """
        return self._ingest(
            2,
            data,
            (user, None, None, None, None, timezone),
            nulls,
            skip_unsupported,
            commit_rows,
            quarantine,
            progress,
        )

    def _ingest(
        self,
        kind: int,
        data: Data,
        names: tuple[str | None, ...],
        nulls: str,
        skip_unsupported: bool,
        commit_rows: int | None,
        quarantine: bool,
        progress: Progress,
    ) -> CommitReport:
        if nulls not in ("null", "absent"):
            raise ValueError(f"nulls is {nulls!r}, not 'null' or 'absent'")
        flags = (1 if nulls == "null" else 2) | (4 if skip_unsupported else 0)
        rows = 2**64 - 1 if commit_rows is None else commit_rows
        if isinstance(data, ArrowStream):
            capsule = data.__arrow_c_stream__()
        elif isinstance(data, Mapping):
            capsule = _core.columns_stream(data)
        else:
            raise TypeError(
                f"{type(data).__name__} has no __arrow_c_stream__ and is no mapping of columns"
            )
        with watch(progress, "ingest", " rows") as callback:
            user, time, event_column, event, event_id, timezone = names
            report = self._ingest_arrow(
                capsule,
                kind,
                flags,
                rows,
                quarantine,
                user,
                time,
                event_column,
                event,
                event_id,
                timezone,
                callback,
            )
        return CommitReport(*report)

    def appender(self) -> Appender:
        """Gather rows one by one; in a ``with`` statement they are committed at its end."""
        return self._appender(Appender)

    # ---- what the store knows

    def define_attribute(self, name: str, type: TypeName, scale: int = 0) -> None:
        """Fix the type of an attribute ahead of the data; ``scale`` is for decimals."""
        self._define_column(None, name, _type_number(type), scale)

    def define_event(self, event: str) -> None:
        """Make an event type known ahead of the data."""
        self._define_column(event, None, 0, 0)

    def define_property(self, event: str, name: str, type: TypeName, scale: int = 0) -> None:
        """Fix the type of a property of an event type ahead of the data."""
        self._define_column(event, name, _type_number(type), scale)

    @property
    def columns(self) -> list[Column]:
        """Attributes, then each event type followed by its properties."""
        return [
            Column(event, name, _type_name(type), scale)
            for event, name, type, scale in self._columns()
        ]

    @property
    def segments(self) -> Segments:
        """The saved segments, which predicates use as ``in segment "name"``."""
        return Segments(self)

    # ---- questions

    def snapshot(self) -> Snapshot:
        """The store as it is now; later commits do not change what it shows."""
        return self._snapshot(Snapshot)

    def compile(self, text: str, *, open_names: bool = False) -> Segment:
        """Parse and check a predicate. With ``open_names``, names that the store does not know yet
        match nothing and are only remarked upon."""
        return self._compile(Segment, text, 1 if open_names else 0)

    def _segment(
        self,
        predicate: str | Segment,
        params: Mapping[str, ParameterValue] | None,
        more: Mapping[str, ParameterValue],
    ) -> Segment:
        segment = self.compile(predicate) if isinstance(predicate, str) else predicate
        return segment.bind(params, **more) if params or more else segment

    def evaluate(
        self,
        predicate: str | Segment,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> Set:
        """Who is in the segment at the instant ``now``. Parameters of the predicate are keywords,
        or in ``params`` where their names are taken by an argument."""
        return self._segment(predicate, params, parameters).evaluate(
            now=now, snapshot=snapshot, among=among, threads=threads, progress=progress
        )

    def count(
        self,
        predicate: str | Segment,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> int:
        """How many are in it; cheaper than the set."""
        return self._segment(predicate, params, parameters).count(
            now=now, snapshot=snapshot, among=among, threads=threads, progress=progress
        )

    def test(
        self,
        predicate: str | Segment,
        user: Id,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> bool:
        """Is this one customer in the segment? Looks at nobody else, except for ranks."""
        return self._segment(predicate, params, parameters).test(user, now=now, snapshot=snapshot)

    def evaluate_many(
        self,
        predicates: Sequence[str | Segment],
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
    ) -> list[Set]:
        """Many segments in one pass over the data; what they have in common is computed once."""
        segments = [self._segment(predicate, None, {}) for predicate in predicates]
        with watch(progress, "evaluate", " steps") as callback:
            return Segment._evaluate_many(
                Set, segments, snapshot or self.snapshot(), now, threads, among, callback
            )

    def explain(
        self,
        predicate: str | Segment,
        *,
        now: Time,
        analyze: bool = False,
        snapshot: Snapshot | None = None,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> str:
        """How the segment runs, as a tree of text; with ``analyze`` also what it cost."""
        return self._segment(predicate, params, parameters).explain(
            now=now, analyze=analyze, snapshot=snapshot
        )


class Segments:
    """The saved segments of a store, by name."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getitem__(self, name: str) -> Segment:
        return self._store._load(Segment, name)

    def __setitem__(self, name: str, predicate: str | Segment) -> None:
        self.define(name, predicate)

    def __delitem__(self, name: str) -> None:
        self._store._drop_segment(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._store._load(Segment, name)
        except NotFoundError:
            return False
        return True

    def define(self, name: str, predicate: str | Segment) -> int:
        """Save a predicate under a name; the version counts up from 1."""
        text = predicate if isinstance(predicate, str) else predicate.text
        return self._store._define_segment(name, text)


class Snapshot(_core.Snapshot):
    """A store as it was at one moment."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        return cast(Store, self._store)

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
            _datetime(first) if events else None,
            _datetime(last) if events else None,
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


class Segment(_core.Segment):
    """A compiled predicate. It never changes: share it between threads."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        return cast(Store, self._store)

    @property
    def parameters(self) -> list[Parameter]:
        """What has to be bound before the segment can be evaluated."""
        return [Parameter(name, _type_name(type), many) for name, type, many in self._params()]

    @property
    def remarks(self) -> list[Remark]:
        """What the compiler remarked without refusing it."""
        return [Remark(*remark) for remark in self._warnings()]

    def __repr__(self) -> str:
        return f"<seg.Segment {self.text}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return self.store is other.store and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def bind(
        self, params: Mapping[str, ParameterValue] | None = None, /, **more: ParameterValue
    ) -> Segment:
        """The segment with every parameter replaced by its value."""
        return self._bind(Segment, {**(params or {}), **more})

    def _view(self, snapshot: Snapshot | None) -> Snapshot:
        return self.store.snapshot() if snapshot is None else snapshot

    def _bound(
        self, params: Mapping[str, ParameterValue] | None, more: Mapping[str, ParameterValue]
    ) -> Segment:
        return self.bind(params, **more) if params or more else self

    def evaluate(
        self,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> Set:
        """Who is in it at the instant ``now``, in the store as it is or as a snapshot shows it."""
        bound = self._bound(params, parameters)
        with watch(progress, "evaluate", " steps") as callback:
            return bound._evaluate(Set, self._view(snapshot), now, threads, among, callback)

    def count(
        self,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> int:
        """How many are in it; cheaper than the set."""
        bound = self._bound(params, parameters)
        with watch(progress, "count", " steps") as callback:
            return bound._count(self._view(snapshot), now, threads, among, callback)

    def test(
        self,
        user: Id,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> bool:
        """Is this one customer in it? An unknown id is in no segment."""
        return self._bound(params, parameters)._test(self._view(snapshot), user, now)

    def explain(
        self, *, now: Time, analyze: bool = False, snapshot: Snapshot | None = None
    ) -> str:
        """How it runs, as a tree of text; with ``analyze`` also what it cost."""
        return self._explain(self._view(snapshot), now, 0, 1 if analyze else 0)

    def explain_json(
        self, *, now: Time, analyze: bool = False, snapshot: Snapshot | None = None
    ) -> Any:
        """The same as dicts and lists."""
        return _json.loads(self._explain(self._view(snapshot), now, 0, 3 if analyze else 2))


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
    def now(self) -> _dt.datetime | None:
        """The instant of the evaluation, kept by sets that are combined from sets of one instant;
        None for sets made otherwise."""
        return _datetime(self._now) if self._now else None

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
            first.append(_html.escape(str(user)))
            if len(first) == 5:
                break
        more = ", …" if len(self) > len(first) else ""
        when = _html.escape(self.now.isoformat()) if self.now else "–"
        rows = [
            ("members", f"{len(self):,} of {base:,} ({share:.1f} %)"),
            ("share", f'<progress max="100" value="{share:.1f}"></progress>'),
            ("now", when),
            ("first ids", ", ".join(first) + more),
        ]
        left = 'style="text-align:left"'
        cells = "".join(
            f"<tr><th {left}>{name}</th><td {left}>{text}</td></tr>" for name, text in rows
        )
        return f"<table><caption>seg.Set</caption>{cells}</table>"

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


class Appender(_core.Appender):
    """Gathers rows and commits them together; one thread at a time.

    Values are bool, int, float, str, :class:`decimal.Decimal`, datetime (with a zone), date, a
    tuple of latitude and longitude, or a list or set of str. None is an explicit null (which
    empties an attribute); leave out what is not known. A value that is refused drops its row.
    """

    __slots__ = ()

    def __enter__(self) -> Appender:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.clear()

    def commit(self, *, quarantine: bool = False) -> CommitReport:
        """Commit what was gathered, in the order of the rows. Refused rows stay gathered, unless
        ``quarantine`` leaves them out."""
        return CommitReport(*self._commit(quarantine))
