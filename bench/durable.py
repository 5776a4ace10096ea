#!/usr/bin/env python3
"""Stores in files beside DuckDB and ClickHouse: durable commits, opening, recovery, bytes.

    durable.py [--scale small|M|L] [--note TEXT]

Commits of 1, 100, 1,000 and 100,000 events, each safe on the medium before the next; beside them
writes of as many bytes with fdatasync. Then a store of the scale is loaded in batches of 65,536,
closed, opened cold and warm and asked; then more is committed until its log holds 60 MB, the
process ends, and opening recovers. Part of run.py; alone it writes
bench/results/DATE-durable-SCALE.json and .md.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import common

PROGRAM = common.BUILD / "bench" / "durable_bench"
COMMITS = {1: 1000, 100: 1000, 1000: 1000, 100_000: 20}
QUICK = {1: 200, 1000: 300, 100_000: 5}
USERS, EVENTS = 100_000, 2_000_000
LOG_BYTES = 60_000_000
OPENINGS = 5


def say(*words):
    """One answer of durable_bench."""
    made = subprocess.run([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, text=True,
                          check=True)
    return json.loads(made.stdout)


def percentiles(seconds):
    times = sorted(seconds)
    return {"count": len(times), "wall_ns": sum(times) * 1e9,
            "p50_ns": times[len(times) // 2] * 1e9, "p99_ns": times[len(times) * 99 // 100] * 1e9}


def our_commits(folder, commits):
    made = {}
    for batch, count in commits.items():
        answer = say("commit", folder / f"commits-{batch}", USERS, common.SEED, batch, count)
        size = answer["log_used"] // answer["count"]
        made[batch] = {**answer, "record_bytes": size,
                       "sync": say("sync", folder / "sync", size, count)}
    return made


def timed_batches(insert, batch, count):
    """Seconds of each of `count` inserts of rows [begin, end)."""
    seconds = []
    for i in range(count):
        start = time.perf_counter()
        insert(i * batch, (i + 1) * batch)
        seconds.append(time.perf_counter() - start)
    return percentiles(seconds)


def duckdb_commits(folder, data, commits):
    """Each insert is a transaction of its own; its rows come from a table in memory."""
    import peers
    made = {}
    peer = peers.DuckDB(folder / "commits.duckdb", fresh=True)
    peer.set_threads(2)
    peer.events_view(data)
    peer.con.execute("CREATE TEMP TABLE source AS SELECT * FROM arrived")
    for batch, count in commits.items():
        peer.con.execute("CREATE OR REPLACE TABLE taken AS SELECT * FROM source LIMIT 0")
        made[batch] = timed_batches(
            lambda begin, end: peer.con.execute(
                "INSERT INTO taken SELECT * FROM source "
                f"WHERE rowid >= {begin} AND rowid < {end}"), batch, count)
    peer.close()
    return made


def clickhouse_commits(folder, data, commits):
    """Each insert makes a part and syncs it; its rows come from a table."""
    import peers
    made = {}
    peer = peers.ClickHouse(folder / "clickhouse", fresh=True)
    peer.run("CREATE DATABASE bench ENGINE = Atomic")
    peer.run("USE bench")
    source = peer.events_file(data)
    peer.create_events(data, "source", "t")
    peer.insert_events(data, "source", source)
    peer.run("OPTIMIZE TABLE source FINAL")
    for batch, count in commits.items():
        peer.run("DROP TABLE IF EXISTS taken SYNC")
        peer.run("CREATE TABLE taken AS source ENGINE = MergeTree ORDER BY (event, u, t) "
                 "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")
        made[batch] = timed_batches(
            lambda begin, end: peer.run(
                "INSERT INTO taken SELECT * FROM source "
                f"WHERE _part_offset >= {begin} AND _part_offset < {end}"), batch,
            min(count, 200))
    peer.close()
    return made


def store(folder, users, events):
    """Loading, opening and recovering; medians of several openings."""
    path = folder / "store"
    made = {"load": say("load", path, users, events, common.SEED)}
    common.evict(path)
    made["cold"] = say("open", path)
    made["open"] = medians(path)
    made["crash"] = say("crash", path, users, common.SEED, LOG_BYTES)
    made["recover"] = say("open", path)
    return made


def medians(path):
    answers = [say("open", path) for _ in range(OPENINGS)]
    return {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}


def measure(engine, users, events, quick=False):
    """What one engine does, in a folder of its own."""
    commits = QUICK if quick else COMMITS
    with tempfile.TemporaryDirectory(dir=common.ROOT / "build") as name:
        folder = pathlib.Path(name)
        if engine == "libseg":
            return {"commits": our_commits(folder, commits), "store": store(folder, users, events)}
        import data
        (folder / "data").mkdir()
        subprocess.run([common.BUILD / "bench" / "bench_dump", folder / "data", str(USERS),
                        str(EVENTS), str(common.SEED)], check=True)
        ask = {"duckdb": duckdb_commits, "clickhouse": clickhouse_commits}[engine]
        return {"commits": ask(folder, data.Data(folder / "data"), commits)}


def rate(batch, commits):
    return three_digits(batch * commits["count"] / commits["wall_ns"] * 1e9)


def three_digits(number):
    for unit, scale in ((" M", 1e6), (" k", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g}{unit}"
    return f"{number:.3g}"


def milliseconds(value):
    return f"{value / 1e6:.2f}"


def commits_table(made):
    import report
    rows = []
    for batch, ours in made["libseg"]["commits"].items():
        sync, size = ours["sync"], int(batch)
        rows.append([f"{size:,}", rate(size, ours), milliseconds(ours["p50_ns"]),
                     milliseconds(ours["p99_ns"]),
                     three_digits(size * ours["count"] / ours["cpu_ns"] * 1e9),
                     f"{milliseconds(sync['p50_ns'])} / {milliseconds(sync['p99_ns'])}",
                     f"{ours['p99_ns'] / sync['p99_ns']:.1f}"] +
                    [f"{rate(size, peer)} / {milliseconds(peer['p99_ns'])}" for peer in
                     (made[name]["commits"][batch] for name in ("duckdb", "clickhouse"))])
    return report.table(["events per commit", "events/s", "p50 ms", "p99 ms",
                         "events/s of processor time", "fdatasync p50 / p99 ms",
                         "p99 / fdatasync p99", "DuckDB: events/s / p99 ms",
                         "ClickHouse: events/s / p99 ms"], rows)


def store_table(made, users, events):
    import report
    load = made["load"]
    seconds = (load["users_ns"] + load["events_ns"] + load["close_ns"]) / 1e9
    rows = [["load and close", f"{report.span(seconds)}, {events / seconds / 1e6:.2f} M events/s"],
            ["the same, processor time of the commits", report.span(load["commit_cpu_ns"] / 1e9)],
            ["file", report.size(load["file_bytes"])],
            ["events", f"{load['event_bytes'] / events:.2f} bytes per event"],
            ["attributes", f"{load['attribute_bytes'] / users:.1f} bytes per user"],
            ["ids", f"{load['id_bytes'] / users:.1f} bytes per user"],
            ["the whole file", f"{load['file_bytes'] / events:.2f} bytes per event"]]
    for label, key in (("open, file not in memory", "cold"), ("open", "open"),
                       ("recover", "recover")):
        for what, step in (("", "open"), (", then the first count", "first"),
                           (", again", "again"), (", a test by id", "id")):
            row = made[key]
            rows.append([f"{label}{what}", f"{report.span(row[step + '_ns'] / 1e9)}, processor "
                         f"{report.span(row[step + '_cpu_ns'] / 1e9)}"])
    return report.table(["", ""], rows)


def sections(made, users, events):
    """The parts of a report."""
    return ["## Durable commits\n",
            f"Full durability, a store of {USERS:,} users. Beside each, writes of as many bytes "
            "into a file that is there, each with fdatasync.\n", commits_table(made),
            "## Stores in files\n",
            f"Recovery is opening with {LOG_BYTES // 1_000_000} MB in the log.\n",
            store_table(made["libseg"]["store"], users, events)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="M", choices=common.SCALES)
    parser.add_argument("--note", default="")
    options = parser.parse_args()
    common.enter_venv()
    import report
    users, events = common.SCALES[options.scale]
    made = {"date": datetime.date.today().isoformat(), "scale": options.scale, "users": users,
            "events": events, "commit": common.commit(), "machine": common.machine(),
            "note": options.note}
    for engine in ("libseg", "duckdb", "clickhouse"):
        made[engine] = json.loads(json.dumps(measure(engine, users, events)))
    text = "\n".join([f"# Stores in files, {made['date']}, scale {made['scale']}\n",
                      f"{users:,} users, {events:,} events. {made['note']}\n",
                      report.table(["machine", ""], [*map(list, made["machine"].items()),
                                                     ["commit", made["commit"]]]),
                      *sections(made, users, events)])
    name = common.HERE / "results" / f"{made['date']}-durable-{options.scale}"
    name.with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    name.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
