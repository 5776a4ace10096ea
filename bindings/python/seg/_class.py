"""Classes: every customer has exactly one label of several."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Literal, cast

from seg import _core
from seg._html import page
from seg._progress import Progress, watch
from seg._sets import Membership, Set, Snapshot
from seg._types import Id, Scores, Time, choice

if TYPE_CHECKING:
    from seg._store import Store


class Class(_core.Class):
    """Labels with predicates: a customer has the first label whose predicate holds, or the last one
    if none does. It never changes: share it between threads."""

    __slots__ = ()

    @property
    def store(self) -> Store:
        return cast("Store", self._store)

    @property
    def labels(self) -> list[str]:
        """In the order of the text."""
        return self._labels()

    def __repr__(self) -> str:
        return f"<seg.Class {self.text}>"

    def _view(self, snapshot: Snapshot | None) -> Snapshot:
        return self.store.snapshot() if snapshot is None else snapshot

    @property
    def scale(self) -> int | None:
        """The highest score of a class that is an ``rfm(...)``; None for other classes."""
        return self._scale or None

    def scores(
        self,
        measure: Literal["recency", "frequency", "money"],
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
    ) -> Scores:
        """How many customers have which score of one measure of an ``rfm(...)``, and where each
        score begins. ``among`` limits who is counted, never who is ranked."""
        number = choice("measure", measure, {"recency": 0, "frequency": 1, "money": 2})
        users, cuts = self._scores(self._view(snapshot), now, threads, among, number)
        return Scores(measure, tuple(users), tuple(None if cut != cut else cut for cut in cuts))

    def freeze(self, *, now: Time, snapshot: Snapshot | None = None, threads: int = 0) -> Class:
        """An ``rfm(...)`` with the cut points that its floating scores have at ``now``: from then
        on they move by a customer's own behaviour alone. Save it: ``store.classes[name] = ...``."""
        return self._freeze(Class, self._view(snapshot), now, threads)

    def evaluate(
        self,
        *,
        now: Time,
        snapshot: Snapshot | None = None,
        among: Set | None = None,
        threads: int = 0,
        progress: Progress = False,
    ) -> Labels:
        """Who has which label at the instant ``now``, in one pass over the data."""
        view = self._view(snapshot)
        with watch(progress, "classify", " steps") as callback:
            sets = self._evaluate(Set, view, now, threads, among, callback)
        return Labels(dict(zip(self.labels, sets, strict=True)))


class Labels(Mapping[str, Set]):
    """Who has which label: a mapping from each label to its set, in the order of the class. The
    sets are disjoint. As an Arrow stream it has the columns ``user_id`` and ``label``."""

    __slots__ = ("_membership", "_sets")

    def __init__(self, sets: dict[str, Set]) -> None:
        self._sets = sets
        self._membership: Membership | None = None

    def __getitem__(self, label: str) -> Set:
        return self._sets[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)

    @property
    def counts(self) -> dict[str, int]:
        """How many customers have each label."""
        return {label: len(members) for label, members in self._sets.items()}

    def of(self, user: Id) -> str | None:
        """The label of one customer; None for an id that is not known."""
        for label, members in self._sets.items():
            if user in members:
                return label
        return None

    def of_many(self, ids: Collection[Id]) -> list[str | None]:
        """The label of each id, as a column beside them."""
        if self._membership is None:
            self._membership = Membership(self._sets)
        return [names[0] if names else None for names in self._membership.of_many(ids)]

    def __repr__(self) -> str:
        return f"<seg.Labels {', '.join(f'{k}: {n:,}' for k, n in self.counts.items())}>"

    def _repr_html_(self) -> str:
        total = sum(self.counts.values())
        return page(
            "seg.Labels",
            [
                (escape(label), f"{count:,} ({100 * count / total if total else 0:.1f} %)")
                for label, count in self.counts.items()
            ],
        )

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        ids: list[Any] = []
        labels: list[str] = []
        for label, members in self._sets.items():
            before = len(ids)
            ids.extend(members)
            labels.extend([label] * (len(ids) - before))
        return _core.columns_stream({"user_id": ids, "label": labels})
