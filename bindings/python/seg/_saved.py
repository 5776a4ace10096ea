"""What a store keeps under names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seg._errors import NotFoundError
from seg._segment import Segment

if TYPE_CHECKING:
    from seg._store import Store

_SEGMENT = 0


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
        self._store._drop(_SEGMENT, name)

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
        return self._store._define_text(_SEGMENT, name, text)
