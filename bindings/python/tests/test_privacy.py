"""Erasing customers, and events that are too old."""

from __future__ import annotations

import datetime as dt
import pathlib

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW, fill


def test_erased_customers_are_gone(shop: seg.Store) -> None:
    before = shop.evaluate("everyone", now=NOW)
    receipt = shop.erase(["ann", "cat", "nobody", "ann"])
    assert receipt == seg.EraseReceipt(
        commit_sequence=shop.snapshot().info.commit_sequence,
        users_erased=2,
        ids_unknown=1,
        ids_refused=0,
        events_removed=3,
        values_removed=4,
        event_ids_removed=0,
        strings_removed=receipt.strings_removed,
        parts_rewritten=receipt.parts_rewritten,
        views_open=1,
    )
    assert receipt.strings_removed > 0
    assert sorted(shop.evaluate("everyone", now=NOW)) == ["ben", "dan", "eve"]
    assert shop.views_open == 1
    # The set of before counts them and names nobody.
    assert len(before) == 5 and "ann" not in before
    assert sorted(before) == ["ben", "dan", "eve"]
    assert before.contains_many(["ann", "ben"]).tolist() == [False, True]
    del before
    assert shop.views_open == 0


def test_an_erased_id_comes_again_unless_refused(shop: seg.Store) -> None:
    shop.erase(["ann"])
    assert shop.erase(["ben"], refuse=True).ids_refused == 1
    with shop.appender() as rows:
        rows.user("ann", seats=1)
        rows.user("ben", seats=1)
    report = shop.ingest_users({"user_id": ["ann", "ben"], "seats": [2, 2]}, quarantine=True)
    assert (report.rows_applied, report.rows_refused, report.rows_rejected) == (1, 1, 0)
    assert shop.evaluate("seats = 2", now=NOW).ids() == ["ann"]
    assert not shop.test('did "purchase"', "ann", now=NOW)


def test_numbers_are_erased(numbers: seg.Store) -> None:
    before = numbers.snapshot().everyone()
    receipt = numbers.erase(range(0, 500, 10))
    assert receipt.users_erased == 50
    assert numbers.evaluate("everyone", now=NOW).ids() == list(range(500, 1000, 10))
    assert list(before) == list(range(500, 1000, 10))
    with pytest.raises(TypeError):
        numbers.erase("500")


def test_events_expire(shop: seg.Store) -> None:
    assert shop.retention() is None and shop.retention("purchase") is None
    shop.set_retention(20 * DAY)
    assert shop.retention("purchase") == 20 * DAY
    shop.set_retention(5 * DAY, event="purchase")
    assert shop.retention("purchase") == dt.timedelta(days=5)
    shop.set_retention(None, event="login")
    assert shop.retention("login") is None
    shop.clear_retention("purchase")
    assert shop.retention("purchase") == 20 * DAY
    with pytest.raises(ValueError, match="keep"):
        shop.set_retention(dt.timedelta(0))
    with pytest.raises(seg.NotFoundError):
        shop.retention("nothing")
    report = shop.expire(now=NOW)
    assert report.events_removed == 2
    assert report.views_open == 0
    assert shop.snapshot().info.event_count == 3
    assert shop.evaluate('did "purchase"', now=NOW).ids() == ["ann", "ben", "eve"]
    # The first purchase of ann is gone, its instant is not.
    assert not shop.test('first "purchase" in last 25 days', "ann", now=NOW)
    assert shop.expire(now=NOW).events_removed == 0
    with pytest.raises(ValueError, match="time zone"):
        shop.expire(now=dt.datetime(2026, 1, 1))
    assert shop.snapshot().info.time_min == JANUARY_1 + 20 * DAY


def test_forgetting_reaches_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "shop.seg"
    with seg.open(path) as store:
        fill(store)
        store.ingest_users({"user_id": ["ann", "ben"], "secret": ["word-of-ann", "word-of-ben"]})
        store.checkpoint()
        assert b"word-of-ann" in path.read_bytes()
        store.set_retention(20 * DAY, event="purchase")
        assert store.erase(["ann"], refuse=True).users_erased == 1
        assert store.expire(now=NOW).events_removed == 0
        assert store.expire(now=NOW + 10 * DAY).events_removed == 1
    data = path.read_bytes()
    assert b"word-of-ann" not in data and b"word-of-ben" in data
    with seg.open(path) as store:
        assert store.retention("purchase") == 20 * DAY
        assert store.evaluate("everyone", now=NOW).ids() == ["ben", "cat", "dan", "eve"]
        assert store.ingest_users({"user_id": ["ann"]}).rows_refused == 1
