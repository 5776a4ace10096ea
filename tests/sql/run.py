#!/usr/bin/env python3
"""Ask DuckDB and ClickHouse what libseg was asked, and compare the members.

    run.py --seg-export PROGRAM --seg SEG [--seed N] [--sets N] [--pairs N] [--refused PERCENT]
           [--work FOLDER] [--log FILE] [--keep-going N]

PROGRAM is tests/model/export_sql.c: it writes random data with predicates, their statements and
their members. SEG is the program seg, which says the conformance cases. Both engines run inside
this process, on tables of the layout of docs/sql.md. What a dialect refuses is counted by its
reason; there may be no more of it than --refused percent. The log is a line for
tools/count_tests.py.
"""
import argparse
import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import duckdb
import pyarrow
from chdb import session as chdb_session

import cases

ARROW = {"bool": pyarrow.bool_(), "float": pyarrow.float64(), "text": pyarrow.string(),
         "int": pyarrow.int64(), "set": pyarrow.list_(pyarrow.string())}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seg-export", type=pathlib.Path, required=True)
    parser.add_argument("--seg", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", type=int, default=16)
    parser.add_argument("--pairs", type=int, default=160)
    parser.add_argument("--refused", type=float, default=35, help="percent that may be refused")
    parser.add_argument("--work", type=pathlib.Path, help="keep the files in this folder")
    parser.add_argument("--log", type=pathlib.Path)
    parser.add_argument("--keep-going", type=int, default=5, help="failures to show")
    return parser.parse_args()


# ---- tables ------------------------------------------------------------------------------------


def column_arrays(column):
    """(name, array) of all columns that an attribute or property has in the layout."""
    name, values = column["name"], column["values"]
    if column["type"] == "place":
        for i, part in enumerate(("lat", "lon")):
            yield (f"seg_{part}_{name}",
                   pyarrow.array([None if v is None else v[i] for v in values], pyarrow.int64()))
    else:
        yield name, pyarrow.array(values, ARROW[column["type"]])
    yield f"seg_state_{name}", pyarrow.array(column["states"], pyarrow.int8())


def id_array(ids):
    if all(isinstance(i, int) for i in ids):
        return pyarrow.array(ids, pyarrow.uint64())
    return pyarrow.array([bytes.fromhex(i) for i in ids], pyarrow.binary())


def tables(data):
    users = {"seg_user": id_array(data["users"]["ids"]),
             "seg_since": pyarrow.array(data["users"]["since"], pyarrow.int64())}
    for column in data["users"]["columns"]:
        users.update(column_arrays(column))
    times = data["events"]["times"]
    events = {"seg_user": id_array(data["events"]["users"]),
              "seg_event": pyarrow.array(data["events"]["types"], pyarrow.string()),
              "seg_time": pyarrow.array(times, pyarrow.int64()),
              "seg_order": pyarrow.array(range(len(times)), pyarrow.int64())}
    for column in data["events"]["columns"]:
        events.update(column_arrays(column))
    return {"users": pyarrow.table(users), "events": pyarrow.table(events)}


class DuckDB:
    name = "duckdb"

    def __init__(self):
        self.con = duckdb.connect()
        self.con.execute("SET threads = 1")

    def load(self, made):
        for name, table in made.items():
            self.con.register("incoming", table)
            self.con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
            self.con.unregister("incoming")

    def ask(self, sql):
        return [row[0] for row in self.con.execute(sql).fetchall()]


def numbers(data):
    return [number for (number,) in struct.iter_unpack("<Q", data)]


def strings(data):
    """Each with its size in front, seven bits to a byte."""
    at, found = 0, []
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        found.append(data[at:at + size])
        at += size
    return found


class ClickHouse:
    name = "clickhouse"
    TYPES = {pyarrow.bool_(): "Nullable(Bool)", pyarrow.float64(): "Nullable(Float64)",
             pyarrow.string(): "Nullable(String)", pyarrow.int64(): "Nullable(Int64)",
             pyarrow.int8(): "Int8", pyarrow.binary(): "String",
             pyarrow.list_(pyarrow.string()): "Array(String)"}
    OWN = {"seg_user", "seg_event", "seg_time", "seg_order", "seg_since"}

    def __init__(self):
        self.numeric = False  # the ids of the tables that are loaded
        self.session = chdb_session.Session()
        self.session.query("CREATE DATABASE IF NOT EXISTS seg ENGINE = Atomic")
        self.session.query("USE seg")
        self.session.query("SET max_threads = 1")

    def load(self, made):
        self.numeric = made["users"].schema.field("seg_user").type == pyarrow.uint64()
        for name, table in made.items():
            columns = []
            for field in table.schema:
                kind = self.TYPES.get(field.type, "UInt64")
                if field.name in self.OWN:
                    kind = kind.replace("Nullable(", "").rstrip(")")
                columns.append(f'"{field.name}" {kind}')
            self.session.query(f"DROP TABLE IF EXISTS {name}")
            self.session.query(f"CREATE TABLE {name} ({', '.join(columns)}) ENGINE = Memory")
            with tempfile.NamedTemporaryFile(suffix=".arrow") as file:
                with pyarrow.ipc.new_file(file.name, table.schema) as out:
                    out.write_table(table)
                self.session.query(f"INSERT INTO {name} SELECT * FROM file('{file.name}', Arrow)")

    def ask(self, sql):
        data = self.session.query(sql, "RowBinary").bytes()
        return numbers(data) if self.numeric else strings(data)


# ---- comparing ---------------------------------------------------------------------------------


class Tally:
    def __init__(self):
        self.passed = collections.Counter()
        self.failed = 0
        self.refused = {"duckdb": collections.Counter(), "clickhouse": collections.Counter()}

    def compare(self, engine, check, ids, options):
        said = check[engine.name]
        if "refused" in said:
            self.refused[engine.name][said["refused"].split(" cannot be said")[0]] += 1
            return
        expected = sorted(ids[i] for i in check["members"])
        why = said.get("failed")
        found = []
        if why is None:
            try:
                found = engine.ask(said["sql"])
                if found == expected:
                    self.passed[engine.name] += 1
                    return
                why = (f"missing {sorted(set(expected) - set(found))[:5]}, "
                       f"too many {sorted(set(found) - set(expected))[:5]}")
            except Exception as error:  # pylint: disable=broad-except
                why = str(error)
        self.failed += 1
        if self.failed <= options.keep_going:
            print(f"\nFAILED in {engine.name}: {why[:600]}\n  {check['text']}\n"
                  f"  now {check['now']}\n  {said.get('sql', '')[:6000]}", flush=True)


def main():
    options = parse()
    start = time.monotonic()
    tally = Tally()
    with tempfile.TemporaryDirectory() as made:
        work = options.work or pathlib.Path(made)
        work.mkdir(parents=True, exist_ok=True)
        for old in work.glob("set-*.json"):
            old.unlink()
        status = subprocess.run([options.seg_export, "--seed", str(options.seed),
                                 "--sets", str(options.sets), "--pairs", str(options.pairs),
                                 "--out", work], check=False)
        tally.failed += status.returncode != 0
        engines = [DuckDB(), ClickHouse()]
        sets = [json.loads(path.read_text(encoding="utf-8"))
                for path in sorted(work.glob("set-*.json"))]
        for data in [*sets, *cases.documents(str(options.seg))]:
            loaded = tables(data)
            ids = loaded["users"]["seg_user"].to_pylist()
            for engine in engines:
                engine.load(loaded)
                for check in data["checks"]:
                    tally.compare(engine, check, ids, options)
    for name, reasons in tally.refused.items():
        count = sum(reasons.values())
        share = 100 * count / max(1, count + tally.passed[name] + tally.failed)
        print(f"{name}: {tally.passed[name]} agree, {count} refused ({share:.1f} %)")
        for reason, times in reasons.most_common():
            print(f"    {times:5} {reason}")
        if share > options.refused:
            print(f"{name} refuses more than {options.refused} %")
            tally.failed += 1
    result = f"{sum(tally.passed.values())} passed, {tally.failed} failed"
    print(f"{time.monotonic() - start:.0f} s, seed {options.seed}")
    print(result)
    if options.log:
        options.log.parent.mkdir(parents=True, exist_ok=True)
        options.log.write_text(json.dumps({"name": "sql", "stdout": result + "\n",
                                           "result": "FAIL" if tally.failed else "OK"}) + "\n",
                               encoding="utf-8")
    return 1 if tally.failed else 0


sys.exit(main())
