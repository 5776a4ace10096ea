"""What calls take and give: aliases of types, and records, which never change."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
MICROSECOND = dt.timedelta(microseconds=1)

Time: TypeAlias = dt.datetime | int
"""A datetime with a time zone, or microseconds since 1970-01-01T00:00:00Z."""
Id: TypeAlias = str | bytes | int
"""As the store has them: ``open(ids=...)``."""
Token: TypeAlias = str | bytes
"""The name of a commit, 1 to 64 bytes: see :meth:`Store.ingest_events`."""
Scalar: TypeAlias = bool | int | float | str | decimal.Decimal | dt.datetime | dt.date
ParameterValue: TypeAlias = Scalar | Collection[Scalar]
TypeName: TypeAlias = Literal[
    "bool", "int64", "float64", "decimal", "string", "timestamp", "date", "geo", "string_set"
]

TYPES: tuple[TypeName, ...] = (
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


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever speaks the Arrow PyCapsule interface: tables of pyarrow, polars, pandas, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Data: TypeAlias = ArrowStream | Mapping[str, Any]
"""A table, or a dict from names to columns: numpy arrays and other buffers, or sequences."""


# ---- records: fields may be added in later versions, so they are read by name


@dataclass(frozen=True, slots=True)
class CommitReport:
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
    rows_refused: int = 0
    """Rows of users who were erased with ``refuse=True``."""
    repeated: bool = False
    """The token was seen before: nothing was done, the figures are those of the first time."""


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute (``event`` is None), an event type (``name`` is None) or a property."""

    event: str | None
    name: str | None
    type: TypeName | None
    scale: int
    history: bool = False
    """An attribute that remembers its values."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a predicate."""

    name: str
    type: TypeName | None
    is_list: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """What the compiler remarked about a predicate without refusing it."""

    message: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A segment or a class that a store keeps under a name."""

    name: str
    text: str
    """As it was given."""
    version: int
    """How often the name was defined since it was new or last dropped."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of :meth:`Store.lint`."""

    level: Literal["error", "warning"]
    """An error: the predicate does not compile because of it."""
    id: str
    """What kind it is, for programs: ``"always-false"``, ``"syntax"``."""
    message: str
    hint: str
    """What to do about it, or ``""``."""
    name: str
    """Of an error, the status of a compile that fails for it (``SEG_E_SYNTAX``); else ``""``."""
    offset: int | None
    """First byte of the text (UTF-8) that is meant, or None."""
    length: int
    line: int | None
    column: int | None

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.level}: {self.message}{hint} [{self.id}]"


@dataclass(frozen=True, slots=True)
class Scores:
    """How one measure of an ``rfm(...)`` is spread; see :meth:`Class.scores`."""

    measure: Literal["recency", "frequency", "money"]
    users: tuple[int, ...]
    """Customers by score: first those of score 0, who did not do it."""
    cuts: tuple[float | None, ...]
    """The least value that has score 2, 3, ...: of money in its own unit, of recency the longest
    time ago in microseconds (below 0: nobody has it). None where there is nobody to rank."""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a snapshot holds."""

    commit_sequence: int
    user_count: int
    event_count: int
    part_count: int
    memory_bytes: int
    time_min: dt.datetime | None
    time_max: dt.datetime | None


@dataclass(frozen=True, slots=True)
class StoreStats:
    """What a store is, and figures of its file, which are 0 for a store in memory."""

    timezone: str
    week_start: Literal["monday", "sunday"]
    poisoned: bool
    """A write failed midway: reading goes on, writing needs the store to be opened anew."""
    generation: int
    """Rises with every checkpoint."""
    file_bytes: int
    block_bytes: int
    """Of the file in use."""
    block_count: int
    free_bytes: int
    """Of the file that may be used again."""
    dropped_bytes: int
    """Not needed any more, not yet overwritten."""
    log_bytes: int
    log_used: int
    """Of the log since the last checkpoint."""
    log_records: int
    """Changes since then."""
    pins: int
    """Snapshots and others that keep old blocks."""
    memory_bytes: int
    """Of events, attributes, ids and dictionaries, about."""
    event_bytes: int
    """Of the file: blocks of events; the next three in the same way."""
    attribute_bytes: int
    id_bytes: int
    event_id_bytes: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a file."""

    file: str
    offset: int
    """In bytes; 0 where it is no one place."""
    block: int
    """Number of the block; 0 if it is none."""
    what: str


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """What :func:`salvage` found."""

    faults: tuple[Fault, ...]
    """Places that are damaged, those that cost nothing included."""
    complete: bool
    """Nothing is lost that the damaged files still knew of."""
    blocks: int
    """That the file should have."""
    blocks_lost: int
    users: int
    """In the new store, as ``events`` are."""
    users_lost: int
    events: int
    events_lost: int
    attributes_lost: int
    """Columns of an attribute for up to 65,536 users each."""
    properties_lost: int
    """Columns of a property in one sorted part; its events are there."""
    strings_lost: int
    """Of dictionaries; where one was the value, there is none now."""
    event_ids_lost: int
    """These events would be taken a second time."""
    records: int
    """Changes taken from the log."""
    log_lost: bool
    """The log is damaged, and changes may be lost."""


@dataclass(frozen=True, slots=True)
class EraseReceipt:
    """What an erasure did: counts only, so that it may be kept as a proof."""

    commit_sequence: int
    """Of the store with the erasure in it."""
    users_erased: int
    ids_unknown: int
    """Ids that no customer had."""
    ids_refused: int
    """Ids that are refused from now on and were not before."""
    events_removed: int
    values_removed: int
    """Values of attributes, explicit nulls included."""
    event_ids_removed: int
    """Of those remembered against duplicates."""
    strings_removed: int
    """Texts that no value of a column uses any more."""
    parts_rewritten: int
    """Sorted parts that lost rows."""
    views_open: int
    """:attr:`Store.views_open` after the erasure."""


@dataclass(frozen=True, slots=True)
class ExpireReport:
    """What :meth:`Store.expire` removed."""

    commit_sequence: int
    events_removed: int
    strings_removed: int
    parts_rewritten: int
    views_open: int
    """:attr:`Store.views_open` afterwards."""


# ---- conversions


def from_micros(micros: int) -> dt.datetime:
    return EPOCH + micros * MICROSECOND


def to_duration(length: dt.timedelta, name: str) -> int:
    """A positive length of time in microseconds; ``timedelta.max`` means for ever."""
    if length == dt.timedelta.max:
        return FOREVER
    micros = length // MICROSECOND
    if micros <= 0:
        raise ValueError(f"{name} is not positive")
    return micros


def choice(name: str, value: str, numbers: Mapping[str, int]) -> int:
    """The number behind one of a few words."""
    if value not in numbers:
        words = [repr(word) for word in numbers]
        raise ValueError(f"{name} is {value!r}, not {', '.join(words[:-1])} or {words[-1]}")
    return numbers[value]


FOREVER = 2**64 - 1


def type_name(number: int) -> TypeName | None:
    return TYPES[number - 1] if 1 <= number <= len(TYPES) else None


def type_number(name: str) -> int:
    if name not in TYPES:
        raise ValueError(f"the type {name!r} is not one of {', '.join(TYPES)}")
    return TYPES.index(name) + 1
