"""Compiled predicates."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from seg import _core
from seg._progress import Progress, watch
from seg._sets import Set, Snapshot
from seg._types import (
    Id,
    Parameter,
    ParameterValue,
    Remark,
    Time,
    choice,
    to_duration,
    type_name,
)
from seg._why import Why, make_why

if TYPE_CHECKING:
    from seg._store import Store


class Segment(_core.Segment):
    """A compiled predicate. It never changes: share it between threads."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        return cast("Store", self._store)

    @property
    def parameters(self) -> list[Parameter]:
        """What has to be bound before the segment can be evaluated."""
        return [Parameter(name, type_name(type), many) for name, type, many in self._params()]

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

    def why(
        self,
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
        """Why this customer is in it or not: each condition with its verdict, the customer's own
        value, at most ``events`` events that decide, and the instant at which the verdict changes
        if nothing else happens, looked for up to ``horizon`` from ``now`` (400 days).
        ``verdicts_only`` leaves these instants out, which is faster. An id that is not known is a
        :class:`NotFoundError`."""
        bound = self._bound(params, parameters)
        ahead = 0 if horizon is None else to_duration(horizon, "horizon")
        micros = _core.to_micros(now)
        end, rows = bound._why(
            self._view(snapshot), user, micros, ahead, events, 1 if verdicts_only else 0
        )
        return make_why(user, micros, end, rows)

    def to_json(self, *, sort: bool = False) -> str:
        """The JSON form of the predicate, which :meth:`Store.compile_json` reads. With ``sort``,
        operands whose order means nothing stand in the order of their bytes."""
        return self._to_json(1 if sort else 0)

    def to_dict(self, *, sort: bool = False) -> dict[str, Any]:
        """The JSON form as dicts and lists."""
        return cast(dict[str, Any], json.loads(self.to_json(sort=sort)))

    def to_sql(
        self,
        dialect: Literal["duckdb", "clickhouse"],
        *,
        now: Time,
        users: str = "users",
        events: str = "events",
        params: Mapping[str, ParameterValue] | None = None,
        **parameters: ParameterValue,
    ) -> str:
        """A SELECT that finds the same customers in tables of a fixed layout, which docs/sql.md
        describes. What the dialect cannot say exactly is a :class:`DialectError`."""
        number = choice("dialect", dialect, {"duckdb": 1, "clickhouse": 2})
        return self._bound(params, parameters)._to_sql(number, now, users, events)

    def explain(
        self, *, now: Time, analyze: bool = False, snapshot: Snapshot | None = None
    ) -> str:
        """How it runs, as a tree of text; with ``analyze`` also what it cost."""
        return self._explain(self._view(snapshot), now, 0, 1 if analyze else 0)

    def explain_json(
        self, *, now: Time, analyze: bool = False, snapshot: Snapshot | None = None
    ) -> Any:
        """The same as dicts and lists."""
        return json.loads(self._explain(self._view(snapshot), now, 0, 3 if analyze else 2))
