"""The conformance cases that every face of the library has to pass: tests/api/cases of the tree,
whose README.md describes their form. Values are read by pyarrow."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

import pytest

import seg

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "tests" / "api" / "cases"


def type_of(name: str) -> tuple[seg.TypeName, int]:
    if name.startswith("decimal("):
        return "decimal", int(name[len("decimal(") : -1])
    return cast(seg.TypeName, {"set": "string_set"}.get(name, name)), 0


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def value_of(type_name: str, value: Any) -> Any:
    """As the appender takes it, and as pyarrow gives it back."""
    if value is None:
        return None
    kind, scale = type_of(type_name)
    if kind == "decimal":
        return Decimal(value).quantize(Decimal(1).scaleb(-scale))
    if kind == "timestamp":
        return instant(value)
    if kind == "date":
        return dt.date.fromisoformat(value)
    if kind == "geo":
        return tuple(value)
    return float(value) if kind == "float64" else value


class Case:
    """One file of cases and its store."""

    def __init__(self, path: pathlib.Path) -> None:
        self.doc = json.loads(path.read_text(encoding="utf-8"))
        doc = self.doc
        self.store = seg.open(
            timezone=doc["timezone"],
            week_start=doc["week_start"],
            ids="int" if doc["id_kind"] == "u64" else "str",
        )
        for name, kind in doc["attributes"].items():
            self.store.define_attribute(name, *type_of(kind))
        for event, properties in doc["event_types"].items():
            self.store.define_event(event)
            for name, kind in properties.items():
                self.store.define_property(event, name, *type_of(kind))
        with self.store.appender() as rows:
            for user in doc["users"]:
                rows.user(user["id"], **self.values(user, doc["attributes"]))
        # A property may have different types in two event types, but not in one appender.
        for event, properties in doc["event_types"].items():
            with self.store.appender() as rows:
                for row in doc["events"]:
                    if row["event"] == event:
                        values = self.values(row.get("properties", {}), properties)
                        rows.event(row["user"], event, instant(row["time"]), **values)
        for name, ranges in doc.get("occasions", {}).items():
            self.store.occasions[name] = [
                (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
                for first, last in ranges
            ]
        for name, text in doc.get("segments", {}).items():
            self.store.segments[name] = text
        for name, text in doc.get("classes", {}).items():
            self.store.classes[name] = text

    @staticmethod
    def values(row: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
        return {name: value_of(kinds[name], row[name]) for name in row if name != "id"}

    def ask(self, check: dict[str, Any]) -> None:
        now = instant(check.get("now", self.doc["now"]))
        if "drop" in check:
            del self.store.segments[check["drop"]]
        elif "define" in check:
            self.store.segments[check["define"]] = check["where"]
        elif "value" in check:
            self.ask_value(check, now)
        elif "class" in check:
            labels = self.store.classes[check["class"]].evaluate(now=now)
            got = [(label, members.ids()) for label, members in labels.items()]
            assert got == list(check["labels"].items())
        elif "lint" in check:
            found = self.store.lint(check["lint"])
            keys = ("level", "id", "offset", "length")
            assert [{key: getattr(f, key) for key in keys} for f in found] == check["findings"]
        else:
            self.ask_members(check, now)

    def ask_members(self, check: dict[str, Any], now: dt.datetime) -> None:
        segment = self.store.compile(check["where"])
        if "text" in check:
            assert segment.text == check["text"]
        if "json" in check:
            assert segment.to_dict() == check["json"]
            segment = self.store.compile_json(check["json"])
        if "params" in check:
            segment = segment.bind(check["params"])
        members = segment.evaluate(now=now)
        if "ids" not in check:
            return
        assert members.ids() == check["ids"]
        assert segment.count(now=now) == len(check["ids"])
        snapshot = self.store.snapshot()
        for user in self.doc["users"]:
            is_member = user["id"] in check["ids"]
            assert segment.test(user["id"], now=now, snapshot=snapshot) == is_member
            assert (user["id"] in members) == is_member

    def ask_value(self, check: dict[str, Any], now: dt.datetime) -> None:
        pa = pytest.importorskip("pyarrow")
        members = self.store.evaluate(check.get("of", "everyone"), now=now)
        rows = members.select(answer=check["value"])
        if "values" not in check:
            return
        got = pa.table(rows).column("answer").to_pylist()
        wanted = [value_of(check["type"], value) for value in check["values"]]
        if check["type"] == "set":
            got = [value and sorted(value) for value in got]
            wanted = [value and sorted(value) for value in wanted]
        if check["type"] == "geo":
            got = [value and (value["lat"], value["lon"]) for value in got]
        if check["type"] in ("float64", "geo"):
            wanted = [value and pytest.approx(value, rel=1e-12, abs=1e-7) for value in wanted]
        assert got == wanted


def cases() -> Sequence[object]:
    found: list[object] = []
    for path in sorted(FOLDER.glob("*.json")):
        checks = json.loads(path.read_text(encoding="utf-8"))["checks"]
        found.append(pytest.param(path, len(checks), id=path.stem))
    return found


@pytest.mark.parametrize(("path", "count"), cases())
def test_cases(path: pathlib.Path, count: int) -> None:
    """All checks of a file, in order: some define what later ones use."""
    case = Case(path)
    wrong: list[str] = []
    for check in case.doc["checks"]:
        try:
            if "error" in check:
                with pytest.raises(seg.SegError) as caught:
                    case.ask(check)
                assert caught.value.name == check["error"]
                if "offset" in check:
                    place = (caught.value.offset, caught.value.length)
                    assert place == (check["offset"], check["length"])
            else:
                case.ask(check)
        except (AssertionError, seg.SegError, pytest.fail.Exception) as error:
            wrong.append(f"{json.dumps(check)}: {error}")
    case.store.close()
    assert count > 0 and not wrong, "\n".join(wrong)


def test_there_are_cases() -> None:
    assert len(cases()) >= 3
