"""Lifetimes, threads, signals, progress."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import weakref
from typing import Any

import pytest

import seg
from conftest import JANUARY_1, NOW, fill

MICROS = 1767225600000000


def big_store(rows: int = 1_200_000) -> seg.Store:
    """Beyond the size from which on calls can be interrupted."""
    import array

    store = seg.open(ids="int")
    users = array.array("Q", (i * 7919 % 200_000 for i in range(rows)))
    times = array.array("q", (MICROS + i * 1000 for i in range(rows)))
    prices = array.array("q", (i % 97 for i in range(rows)))
    store.ingest_events({"user_id": users, "time": times, "price": prices}, event="buy")
    return store


@pytest.fixture(scope="module")
def big() -> Any:
    with big_store() as store:
        yield store


# ---- lifetimes


def test_a_forgotten_store_is_closed_with_a_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seg.open()
        gc.collect()
    assert [str(w.message) for w in caught if w.category is ResourceWarning] != []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with seg.open():
            pass
        gc.collect()
    assert caught == []


def test_parts_keep_the_whole_alive() -> None:
    store = seg.open()
    fill(store)
    walk = iter(store.evaluate('country = "DE"', now=NOW))
    rows = store.evaluate("everyone", now=NOW).select("country")
    segment = store.compile("everyone")
    appender = store.appender()
    store.close()
    del store
    gc.collect()
    assert list(walk) == ["ann", "ben"]
    assert segment.text == "everyone"
    assert len(rows) == 5
    appender.user("zoe")
    del appender, rows, walk, segment
    gc.collect()


def test_nothing_is_left_behind() -> None:
    """Types count their instances, so a leak of ours would keep the classes' counts rising."""

    def once() -> None:
        with seg.open() as store:
            fill(store)
            members = store.evaluate("seats > $x", now=NOW, x=1)
            _ = (members & ~members).select("country").__arrow_c_stream__()
            _ = list(members), members.contains_many(["ann"]), members.to_roaring()
            labels = store.compile_class('"a": seats > 1; otherwise "b"').evaluate(now=NOW)
            _ = labels.of_many(["ann"]), store.why("seats > 1", "ann", now=NOW)
            _ = store.lint("seats > 1 and nonsense"), store.stats, store.check()
            store.occasions["day"] = [NOW.date()]
            _ = dict(store.occasions), store.segments.definitions, store.erase(["dan"])
            with pytest.raises(seg.SegError):
                store.compile("nonsense")
            with pytest.raises(TypeError):
                store.ingest_users({"user_id": ["a"], "x": [object()]})

    classes = (seg.Store, seg.Snapshot, seg.Segment, seg.Set, seg.Class, seg.Membership)
    once()
    before = [sys.getrefcount(cls) for cls in classes]
    for _ in range(50):
        once()
    gc.collect()
    after = [sys.getrefcount(cls) for cls in classes]
    assert before == after


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")
def test_memory_stays_level() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    with seg.open(ids="int") as store:
        store.ingest_users({"user_id": range(20_000), "n": range(20_000)})
        segment = store.compile("n > $x")

        def work() -> None:
            for x in range(100):
                members = segment.evaluate(now=NOW, x=x)
                members.select("n").__arrow_c_stream__()
                members.ids()
                members.contains_many(range(1000))

        work()
        before = resident()
        for _ in range(3):
            work()
        assert resident() - before < 8_000_000


def test_instances_have_no_attributes_of_their_own(shop: seg.Store) -> None:
    members = shop.evaluate("everyone", now=NOW)
    with pytest.raises(AttributeError):
        members.color = "red"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        weakref.ref(members)
    for cls in (seg.Store, seg.Snapshot, seg.Segment, seg.Class, seg.Set, seg.Appender):
        with pytest.raises(TypeError):
            cls()


# ---- threads


def test_many_threads_ask_while_one_writes(shop: seg.Store) -> None:
    shop.define_attribute("name", "string")
    segment = shop.compile('did "purchase" or name is set')
    stop = threading.Event()
    faults: list[BaseException] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                snapshot = shop.snapshot()
                members = segment.evaluate(now=NOW, snapshot=snapshot)
                assert len(members) == segment.count(now=NOW, snapshot=snapshot) >= 3
                assert members.contains_many(["ann"])[0] and "ann" in members
                assert len(members.ids()) == len(members)
        except BaseException as error:
            faults.append(error)

    with shop.appender() as rows:
        rows.user("ann", name="a")
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(100):
        shop.ingest_users({"user_id": [f"new-{i}-{k}" for k in range(20)], "name": ["x"] * 20})
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert segment.count(now=NOW) == 2003


def test_a_close_waits_for_calls_under_way(big: seg.Store) -> None:
    """Closing while other threads work neither breaks them nor the process."""
    for _ in range(5):
        store = seg.open()
        fill(store)
        outcomes: list[str] = []

        def work(store: seg.Store = store) -> None:
            try:
                while True:
                    store.ingest_users({"user_id": [str(i) for i in range(500)]})
                    store.evaluate("everyone", now=NOW)
            except seg.MisuseError:
                outcomes.append("closed")

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        store.close()
        for thread in threads:
            thread.join()
        assert outcomes == ["closed"] * 3


def test_an_appender_serves_one_thread(store: seg.Store) -> None:
    rows = store.appender()
    for i in range(200_000):
        rows.user(str(i), n=i)
    messages: list[str] = []
    started = threading.Event()

    def intrude() -> None:
        started.set()
        while not messages:
            try:
                rows.user("intruder")
            except RuntimeError as error:
                messages.append(str(error))
            if done:
                break

    done: list[bool] = []
    thread = threading.Thread(target=intrude)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        thread.start()
        started.wait()
        rows.commit()
    finally:
        done.append(True)
        thread.join()
        sys.setswitchinterval(interval)
    assert messages == [] or "another thread" in messages[0]


def test_evaluation_lets_the_lock_go(big: seg.Store) -> None:
    ticks = 0
    stop = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.monotonic()
    while time.monotonic() - begin < 0.5:
        big.evaluate('median(price) of "buy" > 40', now=NOW)
    stop.set()
    thread.join()
    assert ticks > 50


# ---- signals and progress


def test_ctrl_c_ends_an_evaluation(big: seg.Store) -> None:
    predicates = [f'median(price) of "buy" > {i}' for i in range(200)]
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        big.evaluate_many(predicates, now=NOW)
    assert time.monotonic() - begin < 10
    timer.join()
    # Nothing is broken.
    assert big.count('did "buy"', now=NOW) == 200_000


def test_a_handler_that_raises_nothing_ends_nothing(big: seg.Store) -> None:
    seen: list[int] = []
    old = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        sets = big.evaluate_many([f'median(price) of "buy" > {i}' for i in range(20)], now=NOW)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, old)
    assert len(sets) == 20 and seen == [signal.SIGUSR1]


def test_ctrl_c_ends_an_ingest() -> None:
    pa = pytest.importorskip("pyarrow")
    batch = pa.record_batch({"user_id": ["a"] * 1000, "time": [0] * 1000})

    def endless() -> Any:
        while True:
            yield batch

    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with seg.open() as store, pytest.raises(KeyboardInterrupt):
        store.ingest_events(
            pa.RecordBatchReader.from_batches(batch.schema, endless()), event="e"
        )
    timer.join()


def test_progress_is_told(big: seg.Store) -> None:
    calls: list[tuple[int, int]] = []
    segment = big.compile('median(price) of "buy" > 40')
    members = segment.evaluate(now=NOW, progress=lambda done, total: calls.append((done, total)))
    assert calls and calls[-1][0] == calls[-1][1] > 0
    assert segment.count(now=NOW, progress=lambda done, total: None) == len(members)
    calls.clear()
    with seg.open() as store:
        store.ingest_users({"user_id": ["a", "b"]}, progress=lambda *step: calls.append(step))
    assert calls[-1] == (2, 2)


def test_progress_may_stop_a_call(big: seg.Store) -> None:
    def stop(done: int, total: int) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        big.evaluate_many([f'median(price) of "buy" > {i}' for i in range(100)], now=NOW,
                          progress=stop)
    with seg.open() as store, pytest.raises(LookupError):
        store.ingest_users({"user_id": ["a"]}, progress=stop)


def test_a_bar_of_tqdm(shop: seg.Store, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    assert shop.count("everyone", now=NOW, progress=True) == 5
    shop.evaluate("everyone", now=NOW, progress=True).select("country", progress=True)
    assert "count" in capsys.readouterr().err


def test_a_bar_needs_tqdm(shop: seg.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="progress"):
        shop.count("everyone", now=NOW, progress=True)


def test_the_process_ends_with_open_stores() -> None:
    code = "import seg; s = seg.open(); x = s.snapshot().everyone(); a = s.appender(); print('ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
