"""Why a customer is in a segment or not, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Literal, TypeAlias

from seg._html import LEFT
from seg._types import Id, from_micros

NextKind: TypeAlias = Literal["at", "none", "population", "open"]
_KINDS: dict[int, NextKind] = {1: "at", 2: "none", 3: "population", 4: "open"}
_SAID = {
    "none": "does not change",
    "population": "depends on other customers",
    "open": "not worked out",
}

_Row: TypeAlias = tuple[int, bool, int, int, str, str, str, int, list[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class WhyEvent:
    """An event that decides."""

    time: dt.datetime
    type: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the predicate, with its verdict for the customer."""

    text: str
    """The condition in the language."""
    member: bool
    """It holds for the customer."""
    value: str
    """The customer's own, ``"no value"`` without one; ``""`` where there is no such."""
    threshold: str
    """What the value is compared with, or ``""``."""
    next_kind: NextKind
    """``"at"``: the verdict changes at ``next`` if nothing else happens. ``"none"``: not up to the
    horizon. ``"population"``: not by this customer alone (ranks). ``"open"``: not worked out."""
    next: dt.datetime | None
    event_count: int
    """Events that the condition looks at and that pass its ``where``."""
    events: tuple[WhyEvent, ...]
    """The latest of them, the latest first."""
    children: tuple[Condition, ...]

    def __iter__(self) -> Iterator[Condition]:
        """This condition and all below it, parents before children."""
        yield self
        for child in self.children:
            yield from child

    def _said(self) -> str:
        parts = []
        if self.value:
            parts.append(self.value if not self.threshold else f"{self.value} vs {self.threshold}")
        elif self.threshold:
            parts.append(self.threshold)
        if self.event_count:
            parts.append(f"{self.event_count:,} event{'s' * (self.event_count != 1)}")
        return ", ".join(parts)

    def _until(self) -> str:
        return f"until {self.next.isoformat()}" if self.next else _SAID[self.next_kind]

    def _lines(self, depth: int) -> Iterator[str]:
        said = f" ({self._said()})" if self._said() else ""
        mark = "yes" if self.member else "no "
        yield f"{'  ' * depth}{mark} {self.text}{said}, {self._until()}"
        for child in self.children:
            yield from child._lines(depth + 1)


@dataclass(frozen=True, slots=True)
class Why:
    """The answer to :meth:`Segment.why`: a tree like that of the predicate."""

    user: Id
    now: dt.datetime
    horizon: dt.datetime
    """Up to and with this instant changes were looked for."""
    root: Condition
    """The whole predicate."""

    @property
    def member(self) -> bool:
        """The customer is in the segment."""
        return self.root.member

    def __iter__(self) -> Iterator[Condition]:
        """All conditions, parents before children."""
        return iter(self.root)

    def __str__(self) -> str:
        return "\n".join(self.root._lines(0))

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th {LEFT}>{name}</th>" for name in ("", "condition", "value", "changes", "events")
        )
        rows = "".join(self._html(self.root, 0))
        verdict = "is in" if self.member else "is not in"
        title = f"{escape(str(self.user))} {verdict} the segment at {self.now.isoformat()}"
        return f"<table><caption>{title}</caption><tr>{head}</tr>{rows}</table>"

    def _html(self, condition: Condition, depth: int) -> Iterator[str]:
        events = ", ".join(f"{e.type} {e.time.isoformat()}" for e in condition.events)
        cells = [
            "✓" if condition.member else "✗",
            "&emsp;" * depth + escape(condition.text),
            escape(condition._said()),
            escape(condition._until()),
            escape(events),
        ]
        yield "<tr>" + "".join(f"<td {LEFT}>{cell}</td>" for cell in cells) + "</tr>"
        for child in condition.children:
            yield from self._html(child, depth + 1)


def make_why(user: Id, now: int, horizon: int, rows: list[_Row]) -> Why:
    """The tree out of a list that has parents before children: built from its end."""
    children: list[list[Condition]] = [[] for _ in rows]
    for index in range(len(rows) - 1, -1, -1):
        parent, member, kind, next, text, value, threshold, count, events = rows[index]
        made = Condition(
            text=text,
            member=member,
            value=value,
            threshold=threshold,
            next_kind=_KINDS.get(kind, "open"),
            next=from_micros(next) if kind == 1 else None,
            event_count=count,
            events=tuple(WhyEvent(from_micros(time), type) for time, type in events),
            children=tuple(reversed(children[index])),
        )
        if parent < 0:
            return Why(user, from_micros(now), from_micros(horizon), made)
        children[parent].append(made)
    raise AssertionError("a predicate has a root")
