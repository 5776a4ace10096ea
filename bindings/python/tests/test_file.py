"""Stores in files: opening, what stays, tokens, the care of the file."""

from __future__ import annotations

import datetime as dt
import errno
import pathlib
import pickle
import shutil
import subprocess
import sys

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW, fill


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "shop.seg"


def test_a_store_stays_in_its_file(path: pathlib.Path) -> None:
    with seg.open(path, timezone="Europe/Berlin", week_start="sunday") as store:
        fill(store)
        store.segments["german"] = 'country = "DE"'
    assert path.exists()
    with seg.open(str(path)) as store:
        assert store.ids == "str"
        assert store.evaluate('in segment "german"', now=NOW).ids() == ["ann", "ben"]
        assert store.stats.timezone == "Europe/Berlin"
        assert store.stats.week_start == "sunday"
    with seg.open(path, timezone="Europe/Berlin", week_start="sunday", ids="str"):
        pass


def test_what_is_stated_must_be_what_the_file_has(path: pathlib.Path) -> None:
    with seg.open(path, ids="int") as store:
        store.ingest_users({"user_id": [7], "n": [1]})
    with seg.open(path) as store:
        assert store.ids == "int"
        assert store.evaluate("n = 1", now=NOW).ids() == [7]
    with pytest.raises(seg.ArgumentError, match="zone"):
        seg.open(path, timezone="Europe/Berlin")
    for ids in ("str", "bytes"):
        with pytest.raises(ValueError, match="ids='int'"):
            seg.open(path, ids=ids)
    # None of these attempts keeps the file.
    seg.open(path).close()


def test_ways_of_opening(path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        seg.open(path, create=False)
    assert isinstance(missing.value, seg.StoreNotFoundError)
    assert missing.value.name == "SEG_E_NOT_FOUND"
    with pytest.raises(seg.StoreNotFoundError):
        seg.open(path, read_only=True)
    with pytest.raises(seg.ArgumentError):
        seg.open(path, create=False, exclusive=True)
    with pytest.raises(ValueError):
        seg.open(path, read_only=True, exclusive=True)
    with seg.open(path, exclusive=True, durability="off", log_bytes=1 << 20) as store:
        fill(store)
        with pytest.raises(seg.StoreBusyError):
            seg.open(path)
    with pytest.raises(FileExistsError):
        seg.open(path, exclusive=True)
    with seg.open(path, read_only=True) as one, seg.open(path, read_only=True) as two:
        assert one.count("everyone", now=NOW) == two.count("everyone", now=NOW) == 5
        with pytest.raises(seg.ReadOnlyError):
            one.segments["x"] = "everyone"
        with pytest.raises(OSError):
            one.checkpoint()


@pytest.mark.parametrize("options", [{"durability": "some"}, {"ids": "uuid"}])
def test_words_are_checked(path: pathlib.Path, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        seg.open(path, **options)  # type: ignore[arg-type]
    assert not path.exists()


def test_sets_hold_the_file(path: pathlib.Path) -> None:
    with seg.open(path) as store:
        fill(store)
        members = store.evaluate('country = "DE"', now=NOW)
    with pytest.raises(seg.StoreBusyError):
        seg.open(path)
    assert members.ids() == ["ann", "ben"]
    del members
    seg.open(path).close()


def test_memory_may_be_limited(path: pathlib.Path) -> None:
    with seg.open(path, memory_limit=1 << 20) as store:
        rows = 300_000
        store.ingest_events(
            {
                "user_id": [str(i % 1000) for i in range(rows)],
                "time": [JANUARY_1 + i * dt.timedelta(seconds=1) for i in range(rows)],
                "n": list(range(rows)),
            },
            event="tick",
        )
        while store.maintain(rows=1 << 16, bytes=1 << 20):
            pass
        assert store.count("sum(n) of tick > 0", now=NOW) == 1000
        assert 0 < store.stats.event_bytes < store.stats.file_bytes


def test_a_token_is_applied_once(path: pathlib.Path) -> None:
    day = {"user_id": ["ann", "ben"], "time": [JANUARY_1, JANUARY_1 + DAY]}
    with seg.open(path) as store:
        first = store.ingest_events(day, event="login", token="2026-01-01.csv")
        again = store.ingest_events(day, event="login", token=b"2026-01-01.csv")
        assert (first.rows_applied, first.repeated) == (2, False)
        assert (again.rows_applied, again.repeated) == (2, True)
        assert again.commit_sequence == first.commit_sequence
    with seg.open(path) as store:
        assert store.ingest_events(day, event="login", token="2026-01-01.csv").repeated
        assert store.snapshot().info.event_count == 2
        rows = store.appender()
        rows.event("eve", "login", JANUARY_1)
        assert not rows.commit(token="by hand").repeated
        rows.event("eve", "login", JANUARY_1)
        assert rows.commit(token="by hand").repeated and len(rows) == 0
        assert store.snapshot().info.event_count == 3
        rows.event("eve", "login", JANUARY_1)
        for wrong in ["", "x" * 65]:
            with pytest.raises(seg.ArgumentError, match="token"):
                rows.commit(token=wrong)
        with pytest.raises(TypeError):
            rows.commit(token=7)  # type: ignore[arg-type]
        with pytest.raises(seg.ArgumentError, match="token"):
            store.ingest_events(day, event="login", token="x", commit_rows=1)


def test_a_killed_process_loses_nothing(path: pathlib.Path) -> None:
    program = f"""
import os, seg
store = seg.open({str(path)!r})
store.ingest_users({{"user_id": ["ann"], "n": [1]}}, token="a")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 9
    with seg.open(path) as store:
        assert store.evaluate("n = 1", now=NOW).ids() == ["ann"]
        assert store.ingest_users({"user_id": ["ann"], "n": [2]}, token="a").repeated


def test_checkpoints_and_figures(path: pathlib.Path) -> None:
    with seg.open(path) as store:
        fill(store)
        before = store.stats
        assert before.log_records > 0 and not before.poisoned
        store.checkpoint()
        after = store.stats
        assert after.log_records == 0 and after.generation > before.generation
        assert after.file_bytes > 0 and after.memory_bytes > 0
        with pytest.raises(AttributeError):
            after.file_bytes = 0  # type: ignore[misc]
    with seg.open() as store:
        store.checkpoint()
        assert store.maintain() is False
        assert store.check("deep") == []
        assert store.stats.file_bytes == 0 and store.stats.timezone == "UTC"


def test_damage_is_found(path: pathlib.Path) -> None:
    with seg.open(path) as store:
        fill(store)
        store.checkpoint()
        assert store.check("deep") == []
    data = bytearray(path.read_bytes())
    # Whatever lies in the second half of the file: all of it.
    data[len(data) // 2 :] = bytes(255 - byte for byte in data[len(data) // 2 :])
    path.write_bytes(data)
    try:
        store = seg.open(path, read_only=True)
    except seg.CorruptError:
        return
    with store:
        faults = store.check()
        assert faults and all(fault.file == str(path) and fault.what for fault in faults)
        with pytest.raises(ValueError, match="quick"):
            store.check("some")  # type: ignore[arg-type]


def test_a_damaged_block_is_named(path: pathlib.Path) -> None:
    with seg.open(path) as store:
        rows = 100_000
        store.ingest_users({"user_id": [f"u{i}" for i in range(rows)], "n": list(range(rows))})
        store.checkpoint()
    data = path.read_bytes()
    with seg.open(path, read_only=True) as store:
        clean = store.check("full")
    assert clean == []
    # Blocks lie behind the first pages; flip single bytes until one of them is noticed.
    for at in range(len(data) // 4, len(data), len(data) // 40):
        broken = bytearray(data)
        broken[at] ^= 0xFF
        path.write_bytes(broken)
        try:
            with seg.open(path, read_only=True) as store:
                faults = store.check("full")
        except seg.CorruptError:
            continue
        if faults:
            assert faults[0].file == str(path) and faults[0].what
            return
    pytest.fail("no damage was noticed")


def test_what_is_left_is_salvaged(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    whole, rest = tmp_path / "whole.seg", tmp_path / "rest.seg"
    users = 70_000
    with seg.open(path) as store:
        store.ingest_users({"user_id": [f"u{i}" for i in range(users)], "n": list(range(users))})
        store.segments["few"] = "n < 10"
    report = seg.salvage(path, whole)
    assert report.complete and report.faults == () and report.users == users
    with seg.open(whole, create=False) as store:
        assert store.count('in segment "few"', now=NOW) == 10
    with pytest.raises(seg.StoreExistsError):
        seg.salvage(path, whole)
    data = path.read_bytes()
    for at in range(len(data) // 4, len(data), len(data) // 40):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
        try:
            report = seg.salvage(path, rest)
        except seg.CorruptError:
            continue
        with seg.open(rest, create=False) as store:
            assert store.check("deep") == []
            assert store.snapshot().info.user_count == report.users
        if report.faults:
            assert report.faults[0].what
            return
        rest.unlink()
    pytest.fail("no damage was noticed")


def test_there_may_be_nothing_to_salvage(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target.seg"
    with pytest.raises(FileNotFoundError):
        seg.salvage(path, target)
    path.write_bytes(b"nothing" * 10_000)
    with pytest.raises(seg.CorruptError):
        seg.salvage(path, target)
    assert not target.exists()


def test_a_backup_is_a_store(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / "copy.seg"
    with seg.open(path) as store:
        fill(store)
        store.backup(copy)
        with pytest.raises(seg.StoreExistsError):
            store.backup(copy)
        store.ingest_users({"user_id": ["zoe"]})
    with seg.open(copy, create=False) as store:
        assert store.count("everyone", now=NOW) == 5
    with seg.open() as store, pytest.raises(seg.ArgumentError):
        store.backup(tmp_path / "memory.seg")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_no_store() -> None:
    with pytest.raises(seg.SegError):
        seg.open("/dev/full")


def test_failures_of_the_system_have_their_number(tmp_path: pathlib.Path) -> None:
    with pytest.raises(OSError) as caught:
        seg.open(tmp_path)
    error = caught.value
    assert isinstance(error, seg.StoreIOError) and error.errno == error.os_errno == errno.EISDIR
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error)


def test_other_files_are_no_stores(path: pathlib.Path) -> None:
    path.write_text("user_id,country\nann,DE\n" * 1000)
    copy = path.with_suffix(".txt")
    shutil.copy(path, copy)
    with pytest.raises(seg.CorruptError):
        seg.open(path)
    assert path.read_bytes() == copy.read_bytes()
