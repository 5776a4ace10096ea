#!/usr/bin/env python3
"""Stores in files beside DuckDB and ClickHouse: durable commits, opening, recovery, bytes.

    durable.py [--scale small|M|L] [--note TEXT]

Commits of 1, 100, 1,000 and 100,000 events, each safe on the medium before the next; beside them
writes of as many bytes with fdatasync. Then a store of the scale is loaded in batches of 65,536,
closed, opened and asked; then more is committed until its log holds 60 MB, the process ends, and
opening recovers. Writes bench/results/DATE-durable-SCALE.json and .md.
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

import run

PROGRAM = run.BUILD / "bench" / "durable_bench"
COMMITS = {1: 1000, 100: 1000, 1000: 1000, 100_000: 20}
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


def our_commits(folder):
    made = {}
    for batch, count in COMMITS.items():
        answer = say("commit", folder / f"commits-{batch}", USERS, run.SEED, batch, count)
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


def duckdb_commits(folder, data):
    """Each insert is a transaction of its own; its rows come from a table in memory."""
    import peers
    made = {}
    peer = peers.DuckDB(folder / "commits.duckdb", fresh=True)
    peer.set_threads(2)
    peer.events_view(data)
    peer.con.execute("CREATE TEMP TABLE source AS SELECT * FROM arrived")
    for batch, count in COMMITS.items():
        peer.con.execute("CREATE OR REPLACE TABLE taken AS SELECT * FROM source LIMIT 0")
        made[batch] = timed_batches(
            lambda begin, end: peer.con.execute(
                "INSERT INTO taken SELECT * FROM source "
                f"WHERE rowid >= {begin} AND rowid < {end}"), batch, count)
    peer.close()
    return {"version": peer.version, "commits": made}


def clickhouse_commits(folder, data):
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
    for batch, count in COMMITS.items():
        peer.run("DROP TABLE IF EXISTS taken SYNC")
        peer.run("CREATE TABLE taken AS source ENGINE = MergeTree ORDER BY (event, u, t) "
                 "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")
        made[batch] = timed_batches(
            lambda begin, end: peer.run(
                "INSERT INTO taken SELECT * FROM source "
                f"WHERE _part_offset >= {begin} AND _part_offset < {end}"), batch,
            min(count, 200))
    peer.close()
    return {"version": peer.version, "commits": made}


def store(folder, users, events):
    """Loading, opening and recovering; medians of several openings."""
    path = folder / "store"
    made = {"load": say("load", path, users, events, run.SEED)}
    made["open"] = medians(path)
    made["crash"] = say("crash", path, users, run.SEED, LOG_BYTES)
    made["recover"] = say("open", path)
    return made


def medians(path):
    answers = [say("open", path) for _ in range(OPENINGS)]
    return {key: statistics.median(answer[key] for answer in answers) for key in answers[0]}


def peer_bytes(scale):
    """Bytes per event from the newest run of run.py at this scale, by table."""
    found = sorted((run.HERE / "results").glob(f"????-??-??-{scale}.json"))
    rows = json.loads(found[-1].read_text(encoding="utf-8")).get("loading", {}) if found else {}
    return {label: row["per_event"] or row["kept"] for label, row in rows.items()
            if not label.startswith("libseg")}


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
    for batch, ours in made["libseg"].items():
        batch = int(batch)
        sync = ours["sync"]
        rows.append([f"{batch:,}", rate(batch, ours), milliseconds(ours["p50_ns"]),
                     milliseconds(ours["p99_ns"]),
                     three_digits(batch * ours["count"] / ours["cpu_ns"] * 1e9),
                     f"{milliseconds(sync['p50_ns'])} / {milliseconds(sync['p99_ns'])}",
                     f"{ours['p99_ns'] / sync['p99_ns']:.1f}"] +
                    [f"{rate(batch, peer)} / {milliseconds(peer['p99_ns'])}" for peer in
                     (made[name]["commits"][batch] for name in ("duckdb", "clickhouse")
                      if name in made)])
    peers = [name for name in ("duckdb", "clickhouse") if name in made]
    return report.table(["events per commit", "events/s", "p50 ms", "p99 ms",
                         "events/s of processor time", "fdatasync p50 / p99 ms",
                         "p99 / fdatasync p99"] +
                        [f"{name}: events/s / p99 ms" for name in peers], rows)


def store_table(made, users, events):
    import report
    load, opened, recovered = (made["store"][key] for key in ("load", "open", "recover"))
    seconds = (load["users_ns"] + load["events_ns"] + load["close_ns"]) / 1e9
    rows = [["load and close", f"{report.span(seconds)}, {events / seconds / 1e6:.2f} M events/s"],
            ["the same, processor time of the commits", report.span(load["commit_cpu_ns"] / 1e9)],
            ["file", report.size(load["file_bytes"])],
            ["events", f"{load['event_bytes'] / events:.2f} bytes per event"],
            ["attributes", f"{load['attribute_bytes'] / users:.1f} bytes per user"],
            ["ids", f"{load['id_bytes'] / users:.1f} bytes per user"],
            ["the whole file", f"{load['file_bytes'] / events:.2f} bytes per event"]]
    for label, row in (("open", opened), ("recover", recovered)):
        for what, key in (("", "open"), (", then the first count", "first"),
                          (", again", "again"), (", a test by id", "id")):
            rows.append([f"{label}{what}", f"{report.span(row[key + '_ns'] / 1e9)}, processor "
                         f"{report.span(row[key + '_cpu_ns'] / 1e9)}"])
    rows += [[label, f"{value} (bytes per event)" if value[0].isdigit() and " " not in value
              else value] for label, value in made["peer_bytes"].items()]
    return report.table(["", ""], rows)


def markdown(made):
    import report
    parts = [f"# Stores in files, {made['date']}, scale {made['scale']}\n",
             f"{made['users']:,} users, {made['events']:,} events. {made['note']}\n",
             report.table(["machine", ""], [[key, value] for key, value in made["machine"].items()]
                          + [["commit", made["commit"]]]),
             "## Durable commits\n",
             f"Full durability, a store of {USERS:,} users. Beside each, writes of as many bytes "
             "into a file that is there, each with fdatasync.\n", commits_table(made),
             "## Loading, opening, recovering\n",
             f"Recovery is opening with {LOG_BYTES // 1_000_000} MB in the log.\n",
             store_table(made, made["users"], made["events"])]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="M", choices=run.SCALES)
    parser.add_argument("--note", default="")
    options = parser.parse_args()
    run.enter_venv()
    sys.path.insert(0, str(run.HERE))
    import data
    users, events = run.SCALES[options.scale]
    made = {"date": datetime.date.today().isoformat(), "scale": options.scale, "users": users,
            "events": events, "commit": run.commit(), "machine": run.machine(),
            "note": options.note, "peer_bytes": peer_bytes(options.scale)}
    scratch = run.ROOT / "build"
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = pathlib.Path(name)
        made["libseg"] = our_commits(folder)
        made["store"] = store(folder, users, events)
        (folder / "data").mkdir()
        subprocess.run([run.BUILD / "bench" / "bench_dump", folder / "data", str(USERS),
                        str(EVENTS), str(run.SEED)], check=True)
        columns = data.Data(folder / "data")
        made["duckdb"] = duckdb_commits(folder, columns)
        made["clickhouse"] = clickhouse_commits(folder, columns)
    name = run.HERE / "results" / f"{made['date']}-durable-{options.scale}"
    name.with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    text = markdown(made)
    name.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
