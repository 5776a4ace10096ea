"""What a store keeps under names: segments, classes and occasions, each as a mapping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from seg._class import Class
from seg._errors import NotFoundError
from seg._segment import Segment
from seg._types import Definition

if TYPE_CHECKING:
    from seg._store import Store

_SEGMENT, _CLASS, _OCCASION = 0, 1, 2
_V = TypeVar("_V")

Days: TypeAlias = dt.date | tuple[dt.date, dt.date]
"""One day, or the first and the last day of a range."""


class _Texts(MutableMapping[str, _V]):
    """Predicates or classes by name; reading one compiles it."""

    __slots__ = ("_store",)
    _kind: int

    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"<seg.{type(self).__name__} {', '.join(self) or 'none'}>"

    def __delitem__(self, name: str) -> None:
        self._store._drop(self._kind, name)

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _, _ in self._store._texts(self._kind)])

    def __len__(self) -> int:
        return len(self._store._texts(self._kind))

    @property
    def definitions(self) -> list[Definition]:
        """What is saved, by rising name, as it was given."""
        return [Definition(*saved) for saved in self._store._texts(self._kind)]


class Segments(_Texts[Segment]):
    """The saved segments of a store, by name."""

    __slots__ = ()
    _kind = _SEGMENT

    def __getitem__(self, name: str) -> Segment:
        return self._store._load(name)

    def __setitem__(self, name: str, predicate: str | Segment) -> None:
        self.define(name, predicate)

    def define(self, name: str, predicate: str | Segment) -> int:
        """Save a predicate under a name; the version counts up from 1."""
        text = predicate if isinstance(predicate, str) else predicate.text
        return self._store._define_text(_SEGMENT, name, text)


class Classes(_Texts[Class]):
    """The saved classes of a store, by name."""

    __slots__ = ()
    _kind = _CLASS

    def __getitem__(self, name: str) -> Class:
        return self._store._class(Class, name, 0, True)

    def __setitem__(self, name: str, labels: str | Class) -> None:
        self.define(name, labels)

    def define(self, name: str, labels: str | Class) -> int:
        """Save labels with their predicates under a name; the version counts up from 1."""
        text = labels if isinstance(labels, str) else labels.text
        return self._store._define_text(_CLASS, name, text)


class Occasions(MutableMapping[str, list[tuple[dt.date, dt.date]]]):
    """Days of a store that have a name, for ``during occasion "name"``. Reading gives the ranges as
    pairs of the first and the last day, rising and apart from each other."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"<seg.Occasions {', '.join(self) or 'none'}>"

    def __getitem__(self, name: str) -> list[tuple[dt.date, dt.date]]:
        for known, ranges in self._store._occasions():
            if known == name:
                return ranges
        raise NotFoundError(f'there is no occasion "{name}"', code=-44, name="SEG_E_NOT_FOUND")

    def __setitem__(self, name: str, days: Iterable[Days]) -> None:
        """Days and ranges in any order, also overlapping; a name that exists is replaced."""
        ranges = [day if isinstance(day, tuple) else (day, day) for day in days]
        self._store._define_occasion(name, ranges)

    def __delitem__(self, name: str) -> None:
        self._store._drop(_OCCASION, name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._store._occasions()])

    def __len__(self) -> int:
        return len(self._store._occasions())
