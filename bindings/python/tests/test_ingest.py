"""Data in without Arrow libraries: dicts of columns, the appender."""

from __future__ import annotations

import array
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW

MICROS = 1767225600000000  # JANUARY_1


def members(store: seg.Store, text: str) -> list[Any]:
    return store.evaluate(text, now=NOW).ids()


# ---- columns


def test_sequences_of_every_type(store: seg.Store) -> None:
    report = store.ingest_users(
        {
            "user_id": ["ann", "ben"],
            "flag": [True, None],
            "seats": [3, -(2**63)],
            "score": [0.5, 2],
            "money": [Decimal("19.95"), Decimal("7")],
            "name": ("Änne", ""),
            "seen": [JANUARY_1, None],
            "born": [dt.date(1990, 5, 1), dt.date(1969, 12, 31)],
            "home": [(52.5, 13.4), None],
            "tags": [["x", "y"], {"y"}],
            "nothing": [None, None],
        }
    )
    assert report == seg.CommitReport(1, 2, 0, 0, 2, None)
    assert members(store, "flag") == ["ann"]
    assert members(store, "flag is null") == ["ben"]
    assert members(store, "seats < 0") == ["ben"]
    assert members(store, "score = 2.0") == ["ben"]
    assert members(store, "money = 19.95") == ["ann"]
    assert members(store, "money = 7") == ["ben"]
    assert members(store, 'name = "Änne"') == ["ann"]
    assert members(store, 'name = ""') == ["ben"]
    assert members(store, "seen = 2026-01-01T00:00Z") == ["ann"]
    assert members(store, "born < 1970-01-01") == ["ben"]
    assert members(store, "home within 1 km of point(52.5, 13.4)") == ["ann"]
    assert members(store, 'tags has "y"') == ["ann", "ben"]
    assert "nothing" not in [column.name for column in store.columns]


@pytest.mark.parametrize("code", list("bBhHiIlLqQfd"))
def test_buffers_of_every_width(store: seg.Store, code: str) -> None:
    store.ingest_users({"user_id": ["a", "b", "c"], "n": array.array(code, [1, 2, 100])})
    assert members(store, "n >= 2") == ["b", "c"]
    wanted = "float64" if code in "fd" else "int64"
    assert store.columns[0].type == wanted


def test_numpy_columns() -> None:
    np = pytest.importorskip("numpy")
    times = np.array(["2026-01-01", "2026-01-02", "2026-01-03"], dtype="datetime64[us]")
    with seg.open(ids="int") as store:
        report = store.ingest_events(
            {
                "user_id": np.array([7, 8, 9], dtype=np.uint64),
                "time": times.astype(np.int64),
                "event": np.array(["view", "buy", "view"]),
                "price": np.array([1.5, 2.5, 3.5], dtype=np.float32),
                "count": np.arange(6, dtype=np.int16)[::2],
                "gift": np.array([True, False, True]),
                "when": times.astype(np.int64).view(np.int64),
            }
        )
        assert report.rows_applied == 3
        assert members(store, 'did "view" where (price > 2 and gift)') == [9]
        assert members(store, 'did "buy" where (count = 2)') == [8]
        with pytest.raises(TypeError, match="\"when\""):
            store.ingest_users({"user_id": [7, 8, 9], "when": times})
        with pytest.raises(TypeError):
            store.ingest_users({"user_id": np.zeros((2, 2), dtype=np.int64)})


def test_columns_must_agree(store: seg.Store) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"user_id": ["a", "b"], "n": [1]}, "has 1 rows"),
        ({"user_id": ["a"], "n": [1, 2]}, "has 2 rows"),
        ({"user_id": ["a", "b"], "n": ["x", 1]}, "several types"),
        ({"user_id": ["a"], "n": "x"}, "not one text"),
        ({"user_id": ["a"], "n": b"x"}, "not one text"),
        ({"user_id": ["a"], "n": [object()]}, "no column has|no type|that no"),
        ({"user_id": ["a"], "home": [(1, 2, 3)]}, "latitude"),
    ]
    for bad, message in cases:
        with pytest.raises((TypeError, ValueError), match=message):
            store.ingest_users(bad)
    with pytest.raises(TypeError):
        store.ingest_users({7: ["a"]})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        store.ingest_users({"user_id": 7})
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        store.ingest_users([("user_id", ["a"])])  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        store.ingest_users({"user_id": ["a"], "n": [2**63]})
    with pytest.raises(ValueError, match="time zone"):
        store.ingest_users({"user_id": ["a"], "t": [dt.datetime(2026, 1, 1)]})
    assert len(store.snapshot().everyone()) == 0


def test_no_columns_have_no_user(store: seg.Store) -> None:
    with pytest.raises(seg.NotFoundError) as caught:
        store.ingest_users({})
    assert "user_id" in caught.value.hint
    assert store.ingest_users({"user_id": []}).rows_applied == 0


# ---- roles and options


def test_events_with_usual_names(store: seg.Store) -> None:
    columns = {
        "distinct_id": ["ann", "ben"],
        "ts": [MICROS, MICROS + 1],
        "event_name": ["view", "buy"],
        "messageId": ["m1", "m2"],
        "price": [None, 5],
    }
    assert store.ingest_events(columns).rows_applied == 2
    assert store.ingest_events(columns).rows_duplicate == 2
    assert members(store, 'did "buy" where (price = 5)') == ["ben"]
    # A null of an event is no property.
    assert [c.name for c in store.columns if c.event == "view"] == [None]
    columns["price"] = [None, 6]
    with pytest.raises(seg.ConflictError):
        store.ingest_events(columns)


def test_events_with_given_names(store: seg.Store) -> None:
    columns = {"who": ["ann"], "when": [JANUARY_1], "what": ["x"], "key": [17], "event": ["e"]}
    report = store.ingest_events(
        columns, user="who", time="when", event_column="what", event_id="key"
    )
    assert report.rows_applied == 1
    assert members(store, 'did "x" where (event = "e")') == ["ann"]
    # Now the names of the events are a property, so the same id has another content.
    with pytest.raises(seg.ConflictError):
        store.ingest_events(columns, user="who", time="when", event="x", event_id="key")
    with pytest.raises(seg.NotFoundError, match="nobody"):
        store.ingest_events(columns, user="nobody", time="when")
    with pytest.raises(seg.ArgumentError):
        store.ingest_events(columns, user="who", time="when", event="a", event_column="b")


def test_nulls_of_users(store: seg.Store) -> None:
    store.ingest_users({"user_id": ["a", "b"], "n": [1, 2]})
    store.ingest_users({"user_id": ["a", "b"], "n": [None, 3]}, nulls="absent")
    assert members(store, "n = 1") == ["a"]
    store.ingest_users({"user_id": ["a", "b"], "n": [None, None]})
    assert members(store, "n is null") == ["a", "b"]
    with pytest.raises(ValueError, match="nulls"):
        store.ingest_users({"user_id": ["a"]}, nulls="zero")  # type: ignore[arg-type]


def test_quarantine_leaves_wrong_rows_out(store: seg.Store) -> None:
    columns = {"user_id": ["a", "", "c"], "x": [1.0, 2.0, float("nan")]}
    with pytest.raises(seg.DataError) as caught:
        store.ingest_users(columns)
    assert caught.value.line == 2
    report = store.ingest_users(columns, quarantine=True)
    assert (report.rows_applied, report.rows_rejected, report.rejected_row) == (1, 2, 1)
    assert members(store, "x is set") == ["a"]


def test_a_type_is_fixed_by_the_first_data(store: seg.Store) -> None:
    store.ingest_users({"user_id": ["a"], "n": [1]})
    with pytest.raises(seg.SchemaError, match='"n"'):
        store.ingest_users({"user_id": ["a"], "n": ["x"]})
    with pytest.raises(seg.SchemaError, match="user_id"):
        store.ingest_users({"user_id": [1]})


# ---- appender


def test_appender_takes_every_type(store: seg.Store) -> None:
    with store.appender() as rows:
        rows.user(
            "ann",
            flag=True,
            seats=3,
            score=0.5,
            money=Decimal("19.95"),
            name="Änne",
            seen=JANUARY_1,
            born=dt.date(1990, 5, 1),
            home=(52.5, 13.4),
            tags=["x", "y"],
        )
        rows.user(b"ben", tags=frozenset({"y"}), seats=None)
        rows.event("ann", "buy", MICROS, "id-1", price=Decimal("1E+1"), note=None)
        rows.event("ben", "buy", JANUARY_1, None)
        assert len(rows) == 4
    assert len(rows) == 0
    assert members(store, 'flag and seats = 3 and score = 0.5 and name = "Änne"') == ["ann"]
    assert members(store, "money = 19.95 and born = 1990-05-01") == ["ann"]
    assert members(store, "home within 1 km of point(52.5, 13.4)") == ["ann"]
    assert members(store, 'tags has "y"') == ["ann", "ben"]
    assert members(store, "seats is null") == ["ben"]
    assert members(store, 'did "buy" where (price = 10)') == ["ann"]
    assert members(store, 'did "buy"') == ["ann", "ben"]
    # None of a column that nobody knows says nothing; of any other one it is a null.
    assert "note" not in [column.name for column in store.columns]
    store.define_property("buy", "coupon", "string")
    with store.appender() as rows:
        rows.event("cat", "buy", JANUARY_1, coupon=None, price=None)
        rows.event("dan", "buy", JANUARY_1)
    assert members(store, 'did "buy" where (coupon is null)') == ["cat"]
    assert members(store, 'did "buy" where (coupon is absent and price is absent)')[-1] == "dan"


def test_appender_commits_or_clears(store: seg.Store) -> None:
    rows = store.appender()
    rows.user("ann")
    assert rows.commit().users_added == 1
    rows.user("ben")
    rows.clear()
    assert rows.commit().rows_applied == 0
    with pytest.raises(ZeroDivisionError), store.appender() as other:
        other.user("cat")
        1 / 0
    assert members(store, "everyone") == ["ann"]


def test_appender_drops_the_row_that_fails(store: seg.Store) -> None:
    rows = store.appender()
    rows.user("ann", n=1)
    for bad in [
        {"n": "text"},
        {"x": float("inf")},
        {"x": object()},
        {"x": (1.0,)},
        {"x": (91.0, 0.0)},
        {"x": [1]},
        {"x": Decimal("Infinity")},
        {"x": Decimal("1e-19")},
        {"x": dt.datetime(2026, 1, 1)},
        {"x": 2**63},
        {"": 1},
    ]:
        with pytest.raises((ValueError, TypeError, OverflowError)):
            rows.user("ben", **bad)  # type: ignore[arg-type]
        assert len(rows) == 1
    with pytest.raises(TypeError):
        rows.user("ben", "DE")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        rows.event("ben", "buy")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        rows.user(7)
    with pytest.raises(TypeError):
        rows.event("ben", 7, JANUARY_1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="time zone"):
        rows.event("ben", "buy", dt.datetime(2026, 1, 1))
    assert rows.commit().rows_applied == 1


def test_refused_rows_stay_gathered(store: seg.Store) -> None:
    rows = store.appender()
    with pytest.raises(seg.DataError):
        rows.event("ann", "buy", 2**62)
    rows.event("ann", "buy", JANUARY_1, "one", n=1)
    rows.commit()
    rows.event("ann", "buy", JANUARY_1, "one", n=2)
    rows.event("ben", "buy", JANUARY_1)
    with pytest.raises(seg.ConflictError) as caught:
        rows.commit()
    assert caught.value.line == 1
    assert len(rows) == 2
    report = rows.commit(quarantine=True)
    assert (report.rows_applied, report.rows_rejected) == (1, 1)


def test_decimals_of_one_name_have_one_scale(store: seg.Store) -> None:
    store.define_property("buy", "total", "decimal", 2)
    with store.appender() as rows:
        rows.event("a", "buy", JANUARY_1, total=Decimal("5"))
        rows.event("a", "buy", JANUARY_1 + DAY, total=Decimal("19.95"))
        with pytest.raises(ValueError, match="scale"):
            rows.event("a", "buy", JANUARY_1, total=Decimal("0.001"))
        rows.event("b", "buy", JANUARY_1, total=Decimal("1.000"))
        with pytest.raises(OverflowError):
            rows.event("b", "buy", JANUARY_1, total=Decimal("92233720368547758.08"))
        rows.event("c", "buy", JANUARY_1, total=Decimal("-92233720368547758.07"))
    assert members(store, 'sum(total) of "buy" = 24.95') == ["a"]
    assert members(store, 'sum(total) of "buy" = 1') == ["b"]


def test_integer_ids_in_an_appender(numbers: seg.Store) -> None:
    with numbers.appender() as rows:
        rows.user(5, name="five")
        rows.event(6, "login", JANUARY_1)
        with pytest.raises(TypeError):
            rows.user("5")
        with pytest.raises(OverflowError):
            rows.user(-5)
    assert members(numbers, 'name = "five" or did "login"') == [5, 6]


def test_an_appender_needs_its_store_open(store: seg.Store) -> None:
    rows = store.appender()
    rows.user("ann")
    store.close()
    with pytest.raises(seg.MisuseError):
        rows.commit()
    with pytest.raises(seg.MisuseError):
        store.appender()


def test_attributes_may_have_a_history(store: seg.Store) -> None:
    store.define_attribute("plan", "string", history=True)
    assert store.columns == [seg.Column(None, "plan", "string", 0, True)]
    with store.appender() as rows:
        rows.user_since("ann", JANUARY_1 + 10 * DAY, plan="pro")
        rows.user_since("ann", JANUARY_1, plan="free")
        rows.user_since("ben", JANUARY_1, plan="free")
    assert store.evaluate('plan = "free"', now=NOW).ids() == ["ben"]
    assert store.count('plan = "free"', now=JANUARY_1 + 5 * DAY) == 2
    assert store.evaluate('plan changed to "pro" in last 30 days', now=NOW).ids() == ["ann"]
    assert store.evaluate('plan has been "free" for 30 days', now=NOW).ids() == ["ben"]
    with pytest.raises(seg.SchemaError):
        store.define_attribute("tags", "string_set", history=True)
    rows = store.appender()
    with pytest.raises(TypeError):
        rows.user_since("ann", plan="x")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="time zone"):
        rows.user_since("ann", dt.datetime(2026, 1, 1), plan="x")
