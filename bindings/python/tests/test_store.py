"""Opening, defining, saved segments, snapshots."""

from __future__ import annotations

import datetime as dt

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW, UTC


def test_version_is_that_of_the_library() -> None:
    assert seg.version().count(".") == 2
    assert seg.__version__ == seg.version()


def test_everything_public_is_there() -> None:
    assert all(hasattr(seg, name) for name in seg.__all__)
    assert list(seg.__all__) == sorted(seg.__all__, key=lambda name: (name[0].islower(), name))


def test_a_store_closes_once_and_more() -> None:
    store = seg.open()
    assert not store.closed
    with store as same:
        assert same is store
    assert store.closed
    store.close()
    assert repr(store) == "<seg.Store closed>"
    with pytest.raises(seg.MisuseError, match="closed"):
        store.snapshot()
    with pytest.raises(RuntimeError):
        store.compile("everyone")


def test_sets_outlive_their_store(shop: seg.Store) -> None:
    members = shop.evaluate('country = "DE"', now=NOW)
    snapshot = members.snapshot
    shop.close()
    assert members.ids() == ["ann", "ben"]
    assert len(~members) == 3
    assert len(snapshot.everyone()) == 5
    assert members.select().columns == ["user_id"]
    with pytest.raises(seg.MisuseError):
        members.select("country")


@pytest.mark.parametrize(
    "options",
    [
        {"ids": "uuid"},
        {"week_start": "friday"},
        {"dedup_window": dt.timedelta(0)},
        {"dedup_window": dt.timedelta(-1)},
    ],
)
def test_options_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        seg.open(**options)  # type: ignore[arg-type]


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(seg.UnknownNameError, match="Mars"):
        seg.open(timezone="Mars/Base")


def test_zone_and_week_are_those_of_the_store() -> None:
    with seg.open(timezone="Europe/Berlin", week_start="sunday", threads=1) as store:
        # 23:30 UTC on New Year's Eve is 2026 in Berlin.
        store.ingest_users({"user_id": ["a"], "seen": [JANUARY_1 - dt.timedelta(minutes=30)]})
        assert store.count("seen >= 2026-01-01", now=NOW) == 1


def test_event_ids_are_remembered_as_long_as_asked() -> None:
    for window, applied in [(dt.timedelta(days=1), 1), (dt.timedelta.max, 0)]:
        with seg.open(dedup_window=window) as store:
            for time, key in [(JANUARY_1, "1"), (JANUARY_1 + 100 * DAY, "2")]:
                columns = {"user_id": ["a"], "time": [time], "event_id": [key]}
                store.ingest_events(columns, event="login")
            columns = {"user_id": ["a"], "time": [JANUARY_1], "event_id": ["1"]}
            assert store.ingest_events(columns, event="login").rows_applied == applied


def test_columns_are_defined_and_listed(store: seg.Store) -> None:
    store.define_attribute("email", "string")
    store.define_attribute("tags", "string_set")
    store.define_event("login")
    store.define_property("purchase", "amount", "decimal", 2)
    assert store.columns == [
        seg.Column(None, "email", "string", 0),
        seg.Column(None, "tags", "string_set", 0),
        seg.Column("login", None, None, 0),
        seg.Column("purchase", None, None, 0),
        seg.Column("purchase", "amount", "decimal", 2),
    ]
    store.define_attribute("email", "string")
    with pytest.raises(seg.SchemaError, match="email"):
        store.define_attribute("email", "int64")
    with pytest.raises(ValueError, match="not one of"):
        store.define_attribute("email", "text")  # type: ignore[arg-type]
    with pytest.raises(seg.ArgumentError):
        store.define_event("")


def test_segments_are_saved_by_name(shop: seg.Store) -> None:
    shop.segments["german"] = 'country = "DE"'
    assert shop.segments.define("german", 'country = "DE" and seats > 5') == 2
    assert "german" in shop.segments
    assert "french" not in shop.segments
    assert 7 not in shop.segments  # type: ignore[comparison-overlap]
    assert shop.segments["german"].evaluate(now=NOW).ids() == ["ben"]
    shop.segments["rest"] = shop.compile('not in segment "german"')
    assert shop.count('in segment "rest"', now=NOW) == 4
    with pytest.raises(seg.SegmentInUseError):
        del shop.segments["german"]
    with pytest.raises(seg.CycleError, match="german"):
        shop.segments["german"] = 'in segment "rest"'
    del shop.segments["rest"]
    del shop.segments["german"]
    with pytest.raises(KeyError):
        shop.segments["german"]
    with pytest.raises(seg.NotFoundError):
        del shop.segments["german"]


def test_a_snapshot_stays_as_it_was(shop: seg.Store) -> None:
    before = shop.snapshot()
    with shop.appender() as rows:
        rows.user("zoe", country="DE")
    after = shop.snapshot()
    german = shop.compile('country = "DE"')
    assert german.count(now=NOW, snapshot=before) == 2
    assert german.count(now=NOW, snapshot=after) == 3
    assert german.count(now=NOW) == 3
    assert before.store is shop
    assert before.info.user_count == 5
    assert after.info.commit_sequence == before.info.commit_sequence + 1
    assert after.info.event_count == 5
    assert after.info.time_min == JANUARY_1
    assert after.info.time_max == JANUARY_1 + 30 * DAY
    assert after.info.memory_bytes > 0
    assert "6 users" in repr(after) and "6 users" in repr(shop)


def test_an_empty_snapshot_has_no_times(store: seg.Store) -> None:
    info = store.snapshot().info
    assert (info.user_count, info.time_min, info.time_max) == (0, None, None)


def test_times_are_instants() -> None:
    berlin = dt.timezone(dt.timedelta(hours=1))
    assert seg._core.to_micros(dt.datetime(1970, 1, 1, 1, tzinfo=berlin)) == 0
    assert seg._core.to_micros(dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)) == -1
    assert seg._core.to_micros(7) == 7
    with pytest.raises(ValueError, match="time zone"):
        seg._core.to_micros(dt.datetime(2026, 1, 1))
    for wrong in ["2026-01-01", 1.5, True, dt.date(2026, 1, 1), None]:
        with pytest.raises(TypeError, match="a time is"):
            seg._core.to_micros(wrong)
    with pytest.raises(OverflowError):
        seg._core.to_micros(2**63)
