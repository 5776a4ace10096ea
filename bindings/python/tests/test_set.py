"""Sets: asking, algebra, roaring."""

from __future__ import annotations

import array
import copy
import pickle
from typing import Literal

import pytest

import seg
from conftest import DAY, NOW


@pytest.fixture
def german(shop: seg.Store) -> seg.Set:
    return shop.evaluate('country = "DE"', now=NOW)


def test_a_set_is_a_collection(german: seg.Set) -> None:
    assert len(german) == 2
    assert "ann" in german and b"ann" in german
    assert "cat" not in german and "nobody" not in german and "" not in german
    assert list(german) == ["ann", "ben"] == german.ids()
    assert bool(german)
    assert german.now == NOW
    assert german.snapshot.store.ids == "str"
    with pytest.raises(TypeError):
        7 in german  # noqa: B015
    with pytest.raises(TypeError):
        hash(german)


def test_algebra(shop: seg.Store, german: seg.Set) -> None:
    buyers = shop.evaluate('did "purchase"', now=NOW)
    assert (german & buyers).ids() == ["ann", "ben"]
    assert (german | buyers).ids() == ["ann", "ben", "eve"]
    assert (buyers - german).ids() == ["eve"]
    assert (german ^ buyers).ids() == ["eve"]
    assert (~german).ids() == ["cat", "dan", "eve"]
    assert not (german - buyers)
    assert german == german & buyers
    assert german != buyers
    assert german != {"ann", "ben"}
    assert german.overlap(buyers) == 2
    assert german.issubset(buyers) and not buyers.issubset(german)
    assert german.isdisjoint(~german)
    assert type(german & buyers) is seg.Set
    assert (german & ~buyers).now == NOW
    earlier = shop.evaluate("everyone", now=NOW - DAY)
    assert (german & earlier).now is None
    with pytest.raises(TypeError):
        german & {"ann"}  # type: ignore[operator]
    with pytest.raises(TypeError):
        german < buyers  # type: ignore[operator]


def test_sets_of_two_snapshots_combine(shop: seg.Store, german: seg.Set) -> None:
    with shop.appender() as rows:
        rows.user("zoe", country="DE")
    later = shop.evaluate('country = "DE"', now=NOW)
    assert (german | later).ids() == ["ann", "ben", "zoe"]
    assert (later - german).ids() == ["zoe"]
    assert (german | later).snapshot.info.user_count == 6


def test_sets_of_two_stores_do_not_combine(german: seg.Set) -> None:
    with seg.open() as other:
        with pytest.raises(seg.ArgumentError):
            german & other.snapshot().everyone()


def test_contains_many(german: seg.Set) -> None:
    answer = german.contains_many(["ann", "cat", "nobody", b"ben"])
    assert list(answer) == [True, False, False, True]
    assert answer.format == "?"
    assert list(german.contains_many([])) == []
    assert list(german.contains_many(iter(["ben"]))) == [True]  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="collection"):
        german.contains_many("ann")
    with pytest.raises(TypeError):
        german.contains_many([1])


def test_contains_many_integers(numbers: seg.Store) -> None:
    even = numbers.evaluate("even", now=NOW)
    wanted = [True, False, False, False]
    assert list(even.contains_many([20, 10, 5, -1])) == wanted
    assert list(even.contains_many(array.array("q", [20, 10, 5, -1]))) == wanted
    assert list(even.contains_many(array.array("Q", [20, 10, 5, 2**64 - 1]))) == wanted
    assert list(even.contains_many(array.array("i", [20, 10, 5, -1]))) == wanted
    assert list(even.contains_many([2**70])) == [False]
    assert list(even) == list(range(0, 1000, 20))
    assert 20 in even and 2**70 not in even and -1 not in even
    with pytest.raises(TypeError):
        even.contains_many([1.5])  # type: ignore[list-item]


def test_contains_many_numpy(numbers: seg.Store) -> None:
    np = pytest.importorskip("numpy")
    even = numbers.evaluate("even", now=NOW)
    ids = np.arange(0, 100, 10, dtype=np.int64)
    answer = np.asarray(even.contains_many(ids))
    assert answer.dtype == bool and answer.tolist() == [True, False] * 5
    assert list(even.contains_many(ids[::2])) == [True] * 5
    assert list(even.contains_many(ids.astype(np.uint32))) == [True, False] * 5
    assert np.int64(20) in even


def test_ids_make_a_set(shop: seg.Store, numbers: seg.Store) -> None:
    snapshot = shop.snapshot()
    assert snapshot.from_ids(["eve", b"ann", "nobody"]).ids() == ["ann", "eve"]
    assert snapshot.from_ids([]).ids() == []
    assert snapshot.from_ids({"ann"}).now is None
    assert snapshot.everyone() == snapshot.from_ids(["ann", "ben", "cat", "dan", "eve"])
    assert numbers.snapshot().from_ids(array.array("Q", [20, 30, 31])).ids() == [20, 30]


def test_many_ids_are_walked_in_blocks(store: seg.Store) -> None:
    names = [f"user-{i}" for i in range(5000)]
    store.ingest_users({"user_id": names})
    members = store.snapshot().everyone()
    assert members.ids() == names
    walk = iter(members)
    assert next(walk) == "user-0" and iter(walk) is walk
    assert sum(1 for _ in walk) == 4999
    assert list(walk) == []


def test_bytes_ids() -> None:
    with seg.open(ids="bytes") as store:
        store.ingest_users({"user_id": [b"\xff\x00", b"ok"]})
        everyone = store.snapshot().everyone()
        assert everyone.ids() == [b"\xff\x00", b"ok"]
        assert b"\xff\x00" in everyone and "ok" in everyone


def test_ids_that_are_no_text_are_said_to_be() -> None:
    with seg.open() as store:
        store.ingest_users({"user_id": [b"\xff"]})
        with pytest.raises(UnicodeDecodeError):
            store.snapshot().everyone().ids()


def test_roaring_bytes_come_back(shop: seg.Store, german: seg.Set, numbers: seg.Store) -> None:
    assert shop.snapshot().from_roaring(german.to_roaring()) == german
    even = numbers.evaluate("even", now=NOW)
    kinds: tuple[Literal["ordinals", "ids"] | None, ...] = (None, "ids", "ordinals")
    for kind in kinds:
        data = even.to_roaring(kind)
        assert numbers.snapshot().from_roaring(memoryview(data), kind) == even
    with pytest.raises(seg.ArgumentError):
        german.to_roaring("ids")
    with pytest.raises(ValueError, match="kind"):
        german.to_roaring("frozen")  # type: ignore[arg-type]
    with pytest.raises(seg.RoaringError):
        shop.snapshot().from_roaring(b"nonsense")


def test_pyroaring_round_trip(german: seg.Set, numbers: seg.Store) -> None:
    pyroaring = pytest.importorskip("pyroaring")
    bitmap = pyroaring.BitMap.deserialize(german.to_roaring())
    assert list(bitmap) == [0, 1]
    assert german.snapshot.from_roaring(bitmap.serialize()) == german
    even = numbers.evaluate("even", now=NOW)
    wide = pyroaring.BitMap64.deserialize(even.to_roaring())
    assert list(wide) == list(even)
    wide.add(999)
    assert numbers.snapshot().from_roaring(wide.serialize()) == even


def test_repr(german: seg.Set) -> None:
    assert repr(german) == "<seg.Set 2 of 5 users at 2026-02-01T00:00:00+00:00>"
    assert repr(~german) .startswith("<seg.Set 3 of 5 users")
    html = german._repr_html_()
    assert "40.0 %" in html and "ann, ben" in html and "http" not in html
    assert "…" in german.snapshot.everyone()._repr_html_() or len(german.snapshot.everyone()) == 5


def test_html_is_escaped(store: seg.Store) -> None:
    store.ingest_users({"user_id": ["<script>"]})
    html = store.snapshot().everyone()._repr_html_()
    assert "&lt;script&gt;" in html and "<script>" not in html
    assert "0.0 %" in (store.snapshot().everyone() - store.snapshot().everyone())._repr_html_()


def test_sets_are_not_copied_or_pickled(german: seg.Set) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(german)
    with pytest.raises(TypeError):
        copy.deepcopy(german)
