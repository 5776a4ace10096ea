"""Stores: opening, data in, definitions, questions, the care of the file, and forgetting."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeAlias

from seg import _core
from seg._class import Class
from seg._errors import NotFoundError, StoreNotFoundError
from seg._progress import Progress, watch
from seg._saved import Classes, Occasions, Segments
from seg._segment import Segment
from seg._sets import Set, Snapshot
from seg._types import (
    FOREVER,
    MICROSECOND,
    ArrowStream,
    Column,
    CommitReport,
    Data,
    EraseReceipt,
    ExpireReport,
    Fault,
    Finding,
    Id,
    ParameterValue,
    SalvageReport,
    StoreStats,
    Time,
    Token,
    TypeName,
    choice,
    to_duration,
    type_name,
    type_number,
)
from seg._why import Why

Path: TypeAlias = str | os.PathLike[str]

_IDS = {"str": 0, "bytes": 1, "int": 2}
_WEEKS = {"monday": 1, "sunday": 7}
_DURABILITY = {"full": 0, "normal": 1, "off": 2}
_CHECKS = {"quick": 0, "full": 1, "deep": 2}
_READ_ONLY, _CREATE, _EXCLUSIVE = 1, 2, 4
_FROM_TEXT, _FROM_JSON, _FROM_NAME = 0, 1, 2
_OPEN, _LINT_JSON = 1, 2


def open(
    path: Path = ":memory:",
    *,
    read_only: bool = False,
    create: bool = True,
    exclusive: bool = False,
    timezone: str | None = None,
    ids: Literal["str", "bytes", "int"] | None = None,
    week_start: Literal["monday", "sunday"] | None = None,
    dedup_window: dt.timedelta | None = None,
    threads: int = 0,
    durability: Literal["full", "normal", "off"] = "full",
    memory_limit: int = 0,
    log_bytes: int = 0,
) -> Store:
    """Open a store in memory, or in a file, which is made where there is none.

    With ``read_only`` nothing is written, not even after a crash of the last writer; without
    ``create`` the file has to be there, with ``exclusive`` it must not.

    What a store is from its beginning on: ``timezone`` is the IANA name by which days and civil
    times of predicates are meant (UTC), ``ids`` says what user ids are (``"str"``),
    ``week_start`` where weeks begin (``"monday"``), and ``dedup_window`` how long event ids are
    remembered, by event time (35 days; ``datetime.timedelta.max``: for ever). For a file that is
    there they may be left out; what is stated must be what the file has.

    ``threads`` limits the threads of one evaluation (0: as many as there are processors).
    ``durability`` says what a commit that has returned survives: ``"full"`` also a loss of power,
    ``"normal"`` the end of the process, while a loss of power may take back the last second, and
    ``"off"`` the end of the process only. ``memory_limit`` is how many bytes of events are kept
    in memory, about (0: no limit). The log beside the file may grow to ``log_bytes`` before a
    commit empties it (0: 64 MiB).
    """
    if read_only and exclusive:
        raise ValueError("a store opened for reading cannot be made")
    flags = _READ_ONLY if read_only else (create and _CREATE) | (exclusive and _EXCLUSIVE)
    try:
        return Store._open(
            os.fspath(path),
            timezone,
            -1 if ids is None else choice("ids", ids, _IDS),
            0 if week_start is None else choice("week_start", week_start, _WEEKS),
            threads,
            0 if dedup_window is None else to_duration(dedup_window, "dedup_window"),
            flags,
            choice("durability", durability, _DURABILITY),
            memory_limit,
            log_bytes,
        )
    except NotFoundError as error:
        raise StoreNotFoundError.of(error) from None


def salvage(source: Path, target: Path, *, memory_limit: int = 0) -> SalvageReport:
    """Write what is left of a damaged store to a new file, a store of its own: everything whose
    checksums fit. The damaged file is not changed. ``memory_limit`` is how many bytes of events
    are kept in memory, about (0: 256 MiB). Where not even a list of the blocks is left, this is a
    :class:`CorruptError`."""
    try:
        faults, figures = _core.salvage(os.fspath(source), os.fspath(target), memory_limit)
    except NotFoundError as error:
        raise StoreNotFoundError.of(error) from None
    return SalvageReport(tuple(Fault(*fault) for fault in faults), *figures)


def _json_text(predicate: str | bytes | Mapping[str, Any]) -> str:
    if isinstance(predicate, bytes):
        return predicate.decode()
    return predicate if isinstance(predicate, str) else json.dumps(predicate, ensure_ascii=False)


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
        token: Token | None = None,
        progress: Progress = False,
    ) -> CommitReport:
        """Bring in events: a user, a time, an event type, and properties.

        ``user``, ``time``, ``event_column`` and ``event_id`` name columns; without them the usual
        names count (``user_id``, ``time``, ``event``, ``event_id`` and a few more). ``event`` is
        one event type for all rows instead of a column. All other columns are properties.

        Timestamps without a zone are read in ``timezone``, else in the store's zone. Rows are
        committed in portions of ``commit_rows`` (0: about a million; None: all or nothing). A
        wrong row refuses its portion, or is left out with ``quarantine``.

        A ``token`` of 1 to 64 bytes names the data, all of which is then one commit. The store
        remembers the tokens of its newest 1,024 commits that had one: the same token again does
        nothing and gives the report of the first time. So data whose ingest may have failed or
        not (the machine went down) is simply given again.
        """
        return self._ingest(
            1,
            data,
            (user, time, event_column, event, event_id, timezone),
            nulls,
            skip_unsupported,
            commit_rows,
            quarantine,
            token,
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
        token: Token | None = None,
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
            token,
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
        token: Token | None,
        progress: Progress,
    ) -> CommitReport:
        flags = choice("nulls", nulls, {"null": 1, "absent": 2}) | (4 if skip_unsupported else 0)
        at_once = commit_rows is None or (token is not None and commit_rows == 0)
        rows = FOREVER if at_once or commit_rows is None else commit_rows
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
                token,
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

    def define_attribute(
        self, name: str, type: TypeName, scale: int = 0, *, history: bool = False
    ) -> None:
        """Fix the type of an attribute ahead of the data; ``scale`` is for decimals. With
        ``history`` every value that is set is remembered with the instant from which it holds
        (:meth:`Appender.user_since`), so that predicates can ask what it was before."""
        self._define_column(None, name, type_number(type), scale, history)

    def define_event(self, event: str) -> None:
        """Make an event type known ahead of the data."""
        self._define_column(event, None, 0, 0, False)

    def define_property(self, event: str, name: str, type: TypeName, scale: int = 0) -> None:
        """Fix the type of a property of an event type ahead of the data."""
        self._define_column(event, name, type_number(type), scale, False)

    @property
    def columns(self) -> list[Column]:
        """Attributes, then each event type followed by its properties."""
        return [
            Column(event, name, type_name(type), scale, history)
            for event, name, type, scale, history in self._columns()
        ]

    @property
    def segments(self) -> Segments:
        """The saved segments, which predicates use as ``in segment "name"``."""
        return Segments(self)

    @property
    def classes(self) -> Classes:
        """The saved classes, which predicates use as ``class.name = "label"``."""
        return Classes(self)

    @property
    def occasions(self) -> Occasions:
        """Days with a name, which predicates use as ``during occasion "name"``."""
        return Occasions(self)

    # ---- questions

    def snapshot(self) -> Snapshot:
        """The store as it is now; later commits do not change what it shows."""
        return self._snapshot(Snapshot)

    def compile(self, text: str, *, open_names: bool = False) -> Segment:
        """Parse and check a predicate. With ``open_names``, names that the store does not know yet
        match nothing and are only remarked upon."""
        return self._compile(Segment, _FROM_TEXT, text, _OPEN if open_names else 0)

    def compile_json(
        self, predicate: str | bytes | Mapping[str, Any], *, open_names: bool = False
    ) -> Segment:
        """The same for a predicate in the JSON form: its text, or what ``json.loads`` made of it
        (:meth:`Segment.to_json` and :meth:`Segment.to_dict` are the way back). Places of errors
        are places in the JSON, and messages begin with the JSON pointer."""
        text = _json_text(predicate)
        return self._compile(Segment, _FROM_JSON, text, _OPEN if open_names else 0)

    def _load(self, name: str) -> Segment:
        return self._compile(Segment, _FROM_NAME, name, 0)

    def compile_class(self, text: str, *, open_names: bool = False) -> Class:
        """Labels with predicates: ``"label": predicate; ... otherwise "label"``."""
        return self._class(Class, text, _OPEN if open_names else 0, False)

    def lint(
        self,
        predicate: str | Mapping[str, Any],
        *,
        open_names: bool = False,
        retention: dt.timedelta | None = None,
    ) -> list[Finding]:
        """All that there is to say about a predicate, as text or as the JSON form in a dict: every
        error that can be found in one reading, then warnings about what is allowed and perhaps not
        meant. ``retention`` is how long events are kept, where that is known."""
        is_text = isinstance(predicate, str)
        flags = (_OPEN if open_names else 0) | (0 if is_text else _LINT_JSON)
        keep = 0 if retention is None else to_duration(retention, "retention")
        text = predicate if isinstance(predicate, str) else _json_text(predicate)
        return [
            Finding(
                level="error" if level == 1 else "warning",
                id=id,
                message=message,
                hint=hint,
                name=_core.status_name(code) if code else "",
                offset=offset if offset >= 0 else None,
                length=length,
                line=line or None,
                column=column or None,
            )
            for level, code, id, message, hint, offset, length, line, column in self._lint(
                text, flags, 0 if keep == FOREVER else keep
            )
        ]

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

    def why(
        self,
        predicate: str | Segment,
        user: Id,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        horizon: dt.timedelta | None = None,
        events: int = 5,
        verdicts_only: bool = False,
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> Why:
        """Why this customer is in the segment or not; see :meth:`Segment.why`."""
        return self._segment(predicate, params, parameters).why(
            user,
            now=now,
            snapshot=snapshot,
            horizon=horizon,
            events=events,
            verdicts_only=verdicts_only,
        )

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

    # ---- the care of the file

    def maintain(self, *, rows: int = 0, bytes: int = 0) -> bool:
        """Put the store in order piece by piece, in pauses of the program: sort what came last,
        join small parts, write what is new, free what is not needed any more. One call sorts
        about ``rows`` rows and writes about ``bytes`` bytes (0: 4 million, 64 MiB). Whether there
        is more to do."""
        return self._maintain(rows, bytes)

    def check(self, level: Literal["quick", "full", "deep"] = "full") -> list[Fault]:
        """Look for damage and write nothing. ``"quick"`` looks at the structure, ``"full"`` at
        every byte as well, ``"deep"`` also computes again what is derived. A store in memory has
        none."""
        return [Fault(*fault) for fault in self._check(choice("level", level, _CHECKS))]

    def backup(self, path: Path) -> None:
        """Write the store as it is now to a new file, a store of its own, while work goes on.
        Copying the files of an open store by other means is not safe."""
        self._backup(os.fspath(path))

    @property
    def stats(self) -> StoreStats:
        """What the store is, and figures of its file."""
        timezone, week_start, *figures = self._stats()
        return StoreStats(timezone, "sunday" if week_start == 7 else "monday", *figures)

    # ---- forgetting

    def erase(self, ids: Collection[Id], *, refuse: bool = False) -> EraseReceipt:
        """Erase customers for good: their events, attributes and ids. They are in no answer of a
        snapshot made afterwards. With ``refuse``, rows that name one of them are left out of every
        later commit; without, an id that comes again is a new customer. Give many at once: the
        parts that hold them are written anew."""
        return EraseReceipt(*self._erase(ids, refuse))

    def set_retention(self, keep: dt.timedelta | None, *, event: str | None = None) -> None:
        """Keep events of this type (None: of all types without a rule of their own) so long, by
        their time; None: for ever. Only a rule: :meth:`expire` applies it."""
        keep_us = FOREVER if keep is None else to_duration(keep, "keep")
        self._set_retention(event, keep_us)

    def clear_retention(self, event: str) -> None:
        """Let the rule for all types hold for this type again."""
        self._set_retention(event, 0)

    def retention(self, event: str | None = None) -> dt.timedelta | None:
        """The rule that holds for the event type, or for all without their own; None: for ever."""
        keep_us = self._retention(event)
        return None if keep_us == FOREVER else keep_us * MICROSECOND

    def expire(self, *, now: Time) -> ExpireReport:
        """Remove every event that is older at ``now`` than the rule of its type keeps it, for
        good. Customers stay, and so does what ``first`` says about them."""
        return ExpireReport(*self._expire(now))

    @property
    def views_open(self) -> int:
        """Erasures and expiries that a snapshot or set of before still shows. 0: all that was
        removed has been overwritten."""
        return self._views_open()


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

    def commit(self, *, quarantine: bool = False, token: Token | None = None) -> CommitReport:
        """Commit what was gathered, in the order of the rows. Refused rows stay gathered, unless
        ``quarantine`` leaves them out. A ``token`` names the commit, as in
        :meth:`Store.ingest_events`."""
        return CommitReport(*self._commit(quarantine, token))
