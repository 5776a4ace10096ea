"""Compiling, parameters, evaluation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW


def test_evaluate_takes_texts_and_segments(shop: seg.Store) -> None:
    segment = shop.compile('country = "DE"')
    assert segment.evaluate(now=NOW).ids() == ["ann", "ben"]
    assert shop.evaluate(segment, now=NOW).ids() == ["ann", "ben"]
    assert shop.evaluate('country = "DE"', now=NOW).ids() == ["ann", "ben"]
    micros = (NOW - dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)) // dt.timedelta(microseconds=1)
    assert shop.evaluate('did "purchase" in last 5 days', now=micros).ids() == ["ann", "eve"]
    assert segment.store is shop


def test_now_is_needed_and_has_a_zone(shop: seg.Store) -> None:
    with pytest.raises(TypeError):
        shop.evaluate("everyone")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="time zone"):
        shop.evaluate("everyone", now=dt.datetime(2026, 1, 1))
    with pytest.raises(seg.ArgumentError, match="years"):
        shop.evaluate("everyone", now=2**62)


def test_later_events_do_not_count(shop: seg.Store) -> None:
    assert shop.evaluate('did "purchase"', now=JANUARY_1 + 5 * DAY).ids() == ["ann"]


def test_text_fingerprint_and_equality(shop: seg.Store) -> None:
    one = shop.compile('seats > 5 and (country = "DE")')
    two = shop.compile('seats > 5  and country = "DE"')
    assert one.text == two.text
    assert one.fingerprint == two.fingerprint and len(one.fingerprint) == 32
    assert one == two and hash(one) == hash(two)
    assert one != shop.compile("everyone")
    assert one != "everyone"
    assert repr(one) == f"<seg.Segment {one.text}>"
    assert shop.compile(one.text) == one


def test_unknown_names_are_errors_or_remarks(shop: seg.Store) -> None:
    text = 'did "signup"'
    with pytest.raises(seg.UnknownNameError):
        shop.compile(text)
    segment = shop.compile(text, open_names=True)
    assert [remark.offset for remark in segment.remarks] == [4]
    assert "signup" in segment.remarks[0].message
    assert segment.count(now=NOW) == 0
    assert shop.compile("everyone").remarks == []


def test_parameters_are_listed_and_bound(shop: seg.Store) -> None:
    segment = shop.compile('seats >= $least and country in $where')
    assert segment.parameters == [
        seg.Parameter("least", "int64", False),
        seg.Parameter("where", "string", True),
    ]
    bound = segment.bind(least=3, where=["DE", "ES"])
    assert bound.evaluate(now=NOW).ids() == ["ann", "ben", "dan"]
    assert segment.evaluate(now=NOW, least=5, where={"DE"}).ids() == ["ben"]
    assert segment.count(now=NOW, params={"least": 5}, where=("FR",)) == 0
    assert segment.test("dan", now=NOW, least=5, where=["ES"])
    assert shop.count(segment, now=NOW, least=0, where=[]) == 0
    assert "ES" in shop.explain(segment, now=NOW, least=0, where=["ES"])


@pytest.mark.parametrize(
    ("text", "value", "wanted"),
    [
        ("seats = $x", 12, ["ben"]),
        ("flag = $x", True, ["ann"]),
        ("score > $x", 0.25, ["ben"]),
        ("money = $x", Decimal("19.95"), ["ann"]),
        ("money = $x", 7, ["ben"]),
        ("name = $x", "Bén", ["ben"]),
        ("seen = $x", JANUARY_1, ["ann"]),
        ("born = $x", dt.date(1990, 5, 1), ["ben"]),
        ("born = $x", "1990-05-01", ["ben"]),
    ],
)
def test_parameters_of_every_type(
    store: seg.Store, text: str, value: Any, wanted: list[str]
) -> None:
    with store.appender() as rows:
        rows.user("ann", flag=True, score=0.25, money=Decimal("19.95"), name="a", seen=JANUARY_1)
        rows.user("ben", flag=False, score=0.5, money=Decimal("7"), name="Bén", seats=12)
        rows.user("ben", born=dt.date(1990, 5, 1))
    assert store.evaluate(text, now=NOW, x=value).ids() == wanted


def test_wrong_parameters_are_refused(shop: seg.Store) -> None:
    segment = shop.compile("seats >= $least")
    bad_values: list[dict[str, Any]] = [
        {},
        {"least": 1, "more": 2},
        {"least": "many"},
        {"least": [1, 2]},
    ]
    for bad in bad_values:
        with pytest.raises(seg.ParameterError, match="least"):
            segment.bind(bad)
    with pytest.raises(seg.ParameterError):
        segment.evaluate(now=NOW)
    with pytest.raises(TypeError, match="least"):
        segment.bind(least=object())  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        segment.bind(least=2**63)
    with pytest.raises(ValueError, match="finite"):
        segment.bind(least=Decimal("NaN"))
    with pytest.raises(OverflowError, match="64 bits"):
        segment.bind(least=Decimal(10**19))
    with pytest.raises(ValueError, match="time zone"):
        segment.bind(least=dt.datetime(2026, 1, 1))


def test_what_a_visitor_typed_stays_a_literal(shop: seg.Store) -> None:
    assert shop.count("country = $x", now=NOW, x='DE" or everyone or country = "') == 0


def test_count_test_and_among(shop: seg.Store) -> None:
    segment = shop.compile('country = "DE"')
    buyers = shop.evaluate('did "purchase"', now=NOW)
    assert segment.count(now=NOW) == 2
    assert shop.count(segment, now=NOW, among=buyers, threads=2) == 2
    assert shop.evaluate("everyone", now=NOW, among=buyers).ids() == buyers.ids()
    assert segment.test("ann", now=NOW) is True
    assert segment.test(b"cat", now=NOW) is False
    assert shop.test('country = "DE"', "nobody", now=NOW, snapshot=shop.snapshot()) is False
    with pytest.raises(TypeError, match="str or bytes"):
        segment.test(7, now=NOW)


def test_many_segments_in_one_pass(shop: seg.Store) -> None:
    sets = shop.evaluate_many(
        ['country = "DE"', shop.compile("everyone"), 'did "purchase"'], now=NOW, threads=2
    )
    assert [len(one) for one in sets] == [2, 5, 3]
    assert shop.evaluate_many([], now=NOW) == []
    with pytest.raises(seg.ParameterError):
        shop.evaluate_many(["everyone", "seats > $x"], now=NOW)


def test_explain_is_text_or_json(shop: seg.Store) -> None:
    segment = shop.compile('country = "DE" and did "purchase"')
    plain = segment.explain(now=NOW)
    assert "country" in plain and "purchase" in plain
    assert shop.explain(segment, now=NOW, analyze=True) != plain
    assert isinstance(segment.explain_json(now=NOW), (dict, list))
    assert isinstance(segment.explain_json(now=NOW, analyze=True, snapshot=shop.snapshot()), dict)


def test_segments_of_another_store_are_refused(shop: seg.Store) -> None:
    with seg.open() as other:
        with pytest.raises(seg.ArgumentError):
            shop.compile("everyone").evaluate(now=NOW, snapshot=other.snapshot())
        members = shop.evaluate("everyone", now=NOW)
        with pytest.raises(seg.ArgumentError):
            other.evaluate("everyone", now=NOW, among=members)


def test_integer_ids(numbers: seg.Store) -> None:
    assert numbers.ids == "int"
    assert numbers.test("even", 20, now=NOW)
    assert not numbers.test("even", 10, now=NOW)
    with pytest.raises(OverflowError):
        numbers.test("even", -1, now=NOW)
    with pytest.raises(TypeError):
        numbers.test("even", "20", now=NOW)


def test_classes_are_checked(shop: seg.Store) -> None:
    segment = shop.compile("everyone")
    with pytest.raises(TypeError):
        seg.Segment()
    with pytest.raises(TypeError):
        segment._evaluate(int, shop.snapshot(), NOW, 0, None, None)
    with pytest.raises(TypeError):
        segment._evaluate(seg.Set, "now", NOW, 0, None, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        segment.evaluate(now=NOW, among=["ann"])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        shop.evaluate_many([7], now=NOW)  # type: ignore[list-item]
