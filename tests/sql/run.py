#!/usr/bin/env python3
"""Ask DuckDB and ClickHouse what libseg was asked, and compare the members.

    run.py --seg-export PROGRAM --seg SEG [--use-cases PROGRAM...] [--seed N] [--sets N]
           [--pairs N] [--agree N] [--refused PERCENT] [--seconds N] [--work FOLDER] [--log FILE]
           [--keep-going N]

PROGRAM is tests/model/export_sql.c: it writes random data with predicates, their statements and
their members. SEG is the program seg, which says the conformance cases and what the tests of the
use cases ask, the programs of --use-cases. Each engine runs in a process of its own (engines.py),
both at the same time. What a dialect refuses is counted by its reason; there may be no more of it
than --refused percent, and at least --agree statements have to agree in each engine. A statement
without an answer after --seconds is a failure that names it, and after a few of those the engine is
not asked any further. The log is a line for tools/count_tests.py.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import cases
import engines

EXPORT_SECONDS = 300
SILENT_MAX = 3  # statements without an answer, after which an engine is given up


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seg-export", type=pathlib.Path, required=True)
    parser.add_argument("--seg", type=pathlib.Path, required=True)
    parser.add_argument("--use-cases", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=160)
    parser.add_argument("--agree", type=int, default=2000, help="that have to agree in each engine")
    parser.add_argument("--refused", type=float, default=30, help="percent that may be refused")
    parser.add_argument("--seconds", type=float, default=60, help="that one statement may take")
    parser.add_argument("--work", type=pathlib.Path, help="keep the files in this folder")
    parser.add_argument("--log", type=pathlib.Path)
    parser.add_argument("--keep-going", type=int, default=5, help="failures to show")
    return parser.parse_args()


class Tally:
    """What came out of one engine."""

    def __init__(self, name, options):
        self.name = name
        self.options = options
        self.engine = engines.Engine(name, options.seconds)
        self.passed = self.failed = self.silent = 0
        self.slowest = (0.0, "")
        self.refused = collections.Counter()

    def fail(self, why, check, sql=""):
        self.failed += 1
        if self.failed <= self.options.keep_going:
            print(f"\nFAILED in {self.name}: {why[:600]}\n  {check['text']}\n"
                  f"  now {check['now']}\n  {sql[:6000]}", flush=True)

    def compare(self, check, ids):
        said = check[self.name]
        if "refused" in said:
            self.refused[said["refused"].split(" cannot be said")[0]] += 1
            return
        if "failed" in said:
            self.fail(said["failed"], check)
            return
        expected = sorted(ids[i] for i in check["members"])
        start = time.monotonic()
        try:
            found = self.engine.ask(said["sql"])
        except engines.EngineError as error:
            self.silent += self.engine.process is None
            self.fail(str(error), check, said["sql"])
            return
        self.slowest = max(self.slowest, (time.monotonic() - start, check["text"]))
        if found == expected:
            self.passed += 1
        else:
            self.fail(f"missing {sorted(set(expected) - set(found))[:5]}, "
                      f"too many {sorted(set(found) - set(expected))[:5]}", check, said["sql"])

    def compare_all(self, documents):
        try:
            for data in documents:
                loaded = engines.tables(data)
                ids = loaded["users"]["seg_user"].to_pylist()
                self.engine.load(loaded)
                for check in data["checks"]:
                    self.compare(check, ids)
                    if self.silent >= SILENT_MAX:
                        print(f"{self.name} is given up after {self.silent} statements without an "
                              "answer")
                        return
        except engines.EngineError as error:
            self.failed += 1
            print(f"{self.name}: the tables could not be loaded: {error}")
        finally:
            self.engine.stop()

    def report(self):
        count = sum(self.refused.values())
        share = 100 * count / max(1, count + self.passed + self.failed)
        print(f"{self.name}: {self.passed} agree, {count} refused ({share:.1f} %), "
              f"the slowest took {self.slowest[0]:.1f} s")
        for reason, times in self.refused.most_common():
            print(f"    {times:5} {reason}")
        if share > self.options.refused:
            self.failed += 1
            print(f"{self.name} refuses more than {self.options.refused} %")
        if self.passed < self.options.agree:
            self.failed += 1
            print(f"{self.name}: fewer than {self.options.agree} agree")


def exported(options, work):
    """The random data, and whether all of it could be made."""
    for old in work.glob("set-*.json"):
        old.unlink()
    command = [options.seg_export, "--seed", str(options.seed), "--sets", str(options.sets),
               "--pairs", str(options.pairs), "--out", work]
    try:
        good = subprocess.run(command, check=False, stdin=subprocess.DEVNULL,
                              timeout=EXPORT_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        print(f"the random data was not there after {EXPORT_SECONDS} s", flush=True)
        good = False
    return [json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(work.glob("set-*.json"))], good


def main():
    options = parse()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        work = options.work or pathlib.Path(made)
        work.mkdir(parents=True, exist_ok=True)
        documents, good = exported(options, work)
    documents += cases.documents(str(options.seg.resolve()), options.use_cases)
    tallies = [Tally(name, options) for name in ("duckdb", "clickhouse")]
    with concurrent.futures.ThreadPoolExecutor(len(tallies)) as pool:
        list(pool.map(lambda tally: tally.compare_all(documents), tallies))
    for tally in tallies:
        tally.report()
    failed = sum(tally.failed for tally in tallies) + (not good)
    result = f"{sum(tally.passed for tally in tallies)} passed, {failed} failed"
    print(f"{time.monotonic() - start:.0f} s, seed {options.seed}")
    print(result)
    if options.log:
        options.log.parent.mkdir(parents=True, exist_ok=True)
        options.log.write_text(json.dumps({"name": "sql", "stdout": result + "\n",
                                           "result": "FAIL" if failed else "OK"}) + "\n",
                               encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
