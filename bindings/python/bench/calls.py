"""What calls from Python cost: python3 calls.py [USERS]

A set of every other one of USERS integer ids (a million), asked about ids in no order; beside it
the same with pyroaring where it is installed. bench/edge_bench asks the same in plain C. Prints
nanoseconds per id, the best of five rounds.
"""

from __future__ import annotations

import array
import random
import sys
import time
from collections.abc import Callable

import seg


def best(work: Callable[[], object], count: int) -> float:
    """Nanoseconds per element of the fastest of five rounds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times) / count * 1e9


def show(name: str, work: Callable[[], object], count: int) -> None:
    print(f"{name:44} {best(work, count):8.1f} ns/id")


def one_by_one(members: object, ids: list[int]) -> int:
    return sum(1 for i in ids if i in members)  # type: ignore[operator]


def ask_seg(users: int, ids: list[int]) -> None:
    asked = array.array("Q", ids)
    with seg.open(ids="int") as store:
        store.ingest_users({"user_id": array.array("Q", range(0, 7 * users, 7))})
        snapshot = store.snapshot()
        half = array.array("Q", range(0, 7 * users, 14))
        members = snapshot.from_ids(half)
        show("seg: i in set", lambda: one_by_one(members, ids), users)
        show("seg: contains_many(buffer)", lambda: members.contains_many(asked), users)
        show("seg: contains_many(list)", lambda: members.contains_many(ids), users)
        show("seg: list(set)", lambda: list(members), len(members))
        show("seg: from_ids(buffer)", lambda: snapshot.from_ids(half), len(members))
        show("seg: set & set", lambda: members & members, users)
        everyone = store.compile("everyone")
        now = time.time_ns() // 1000
        few = ids[:20000]
        show(
            "seg: segment.test(user, snapshot=...)",
            lambda: [everyone.test(i, now=now, snapshot=snapshot) for i in few],
            len(few),
        )


def ask_texts(users: int, ids: list[int]) -> None:
    names = [f"customer-{i:010d}" for i in ids]
    with seg.open() as store:
        store.ingest_users({"user_id": [f"customer-{i:010d}" for i in range(0, 7 * users, 7)]})
        members = store.snapshot().from_ids([f"customer-{i:010d}" for i in range(0, 7 * users, 14)])
        show("seg: text in set", lambda: sum(1 for n in names if n in members), users)
        show("seg: contains_many(texts)", lambda: members.contains_many(names), users)
        show("seg: list(set) of texts", lambda: list(members), len(members))


def ask_membership(users: int, ids: list[int]) -> None:
    with seg.open(ids="int") as store:
        store.ingest_users({"user_id": range(0, 7 * users, 7)})
        snapshot = store.snapshot()
        sets = [snapshot.from_ids(range(0, 7 * users, 7 * step)) for step in range(2, 42)]
        membership = seg.Membership(sets)
        some = ids[: users // 10]
        show("seg: membership.of(id), 40 sets", lambda: [membership.of(i) for i in some], len(some))
        show("seg: membership.rows(ids)", lambda: membership.rows(ids), users)


def ask_pyroaring(users: int, ids: list[int]) -> None:
    try:
        import pyroaring
    except ImportError:
        print("pyroaring is not installed")
        return
    members = pyroaring.BitMap64(range(0, 7 * users, 14))
    show("pyroaring: i in BitMap64", lambda: one_by_one(members, ids), users)
    show("pyroaring: BitMap64(list)", lambda: pyroaring.BitMap64(ids), users)
    show("pyroaring: list(BitMap64)", lambda: list(members), len(members))


def rows(count: int) -> None:
    def append() -> None:
        with seg.open() as store, store.appender() as appender:
            for i in range(count):
                appender.event("user", "buy", i, price=i)

    show("seg: appender.event(..., price=i)", append, count)


def main() -> None:
    users = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    source = random.Random(7)
    ids = [source.randrange(users) * 7 for _ in range(users)]
    show("a loop that does nothing", lambda: sum(1 for i in ids if i is None), users)
    ask_seg(users, ids)
    ask_texts(users, ids)
    ask_membership(users, ids)
    ask_pyroaring(users, ids)
    rows(200_000)


main()
