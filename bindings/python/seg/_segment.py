"""Compiled predicates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from seg import _core
from seg._progress import Progress, watch
from seg._sets import Set, Snapshot
from seg._types import Id, Parameter, ParameterValue, Remark, Time, type_name

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
