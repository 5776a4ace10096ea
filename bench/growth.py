#!/usr/bin/env python3
"""How libseg's cost grows with users, events, window, number of segments and threads.

    growth.py [--most USERS] [--plot-only]

Measures (one process of seg_bench per store, the least of many warm runs, one thread) by processor
time, so that other work on the machine does not show; two threads against one by the clock, for
questions short enough not to be interrupted. Writes bench/results/DATE-growth.json and draws
docs/assets/bench-*.svg from the newest such file.
"""
import argparse
import datetime
import itertools
import json
import pathlib
import sys

import svg
from common import BUILD, HERE, ROOT, SEED, commit, machine

PROGRAM = BUILD / "bench" / "seg_bench"
RESULTS = HERE / "results"
ASSETS = ROOT / "docs" / "assets"
ROUNDS = 5

SHAPES = {
    "attributes": 'country in ("US", "CA", "GB") and age between 25 and 34 and interests has '
                  '"travel"',
    "did, 30 days": 'did "video_watched" in last 30 days',
    "count, 7 days": 'did "app_open" at least 5 times in last 7 days',
    "sum, a year": 'sum(amount) of "purchase" in last 365 days >= 200',
    "last of any event": "last any event from 90 days ago to 30 days ago",
    "top 20 %": 'count of "app_open" in last 90 days in top 20% '
                'among (did "app_open" in last 90 days)',
    "days active": "did any event on at least 10 days in last 30 days",
    "funnel of 4": 'funnel ("search" then "page_view" then "add_to_cart" then "purchase") '
                   "within 7 days in last 90 days reached 4",
}
THREADED = ("attributes", "did, 30 days", "count, 7 days", "sum, a year", "last of any event")
WINDOWED = {
    "did": 'did "app_open" in last {} days',
    "count": 'did "app_open" at least 5 times in last {} days',
    "sum": 'sum(amount) of "purchase" in last {} days >= 200',
    "favourite": 'mode(category, min 3) of "purchase" in last {} days = "shoes"',
    "last of any event": "last any event in last {} days",
}
USERS = (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
PER_USER = (5, 10, 20, 40)
DAYS = (1, 3, 7, 14, 30, 60, 90, 180, 365)
SEGMENTS = (1, 2, 5, 10, 20, 50, 100, 200)


KEYS = itertools.count()


def ask_all(store, shapes, threads=1):
    """Seconds of each shape: round after round, the least of all."""
    times, keys = {}, {}
    for name, predicate in shapes.items():
        keys[name] = f"shape_{next(KEYS)}"
        store.compile(keys[name], predicate)
    for _ in range(ROUNDS):
        for name, key in keys.items():
            least = store.least("count", key, threads, 0.05)
            times[name] = min(times.get(name, least), least)
    return times


def measure(most):
    import engine
    import many
    made = {"date": datetime.date.today().isoformat(), "commit": commit(), "machine": machine(),
            "users": {}, "events": {}, "window": {}, "segments": {}, "threads": {}}
    for users in (number for number in USERS if number <= most):
        store = engine.Engine(PROGRAM, users, 20 * users, SEED)
        quick = {name: SHAPES[name] for name in THREADED}
        made["threads"][users] = {threads: ask_all(store, quick, threads) for threads in (1, 2)}
        store.say("clock", "processor")
        made["users"][users] = ask_all(store, SHAPES)
        if users == min(1_000_000, most):
            for days in DAYS:
                shapes = {name: text.format(days) for name, text in WINDOWED.items()}
                made["window"][days] = ask_all(store, shapes)
            names = []
            for name, predicate in many.predicates():
                store.compile(name, predicate)
                names.append(name)
            for count in SEGMENTS:
                answer = store.say("together", 1, 2 * ROUNDS, *names[:count])
                made["segments"][count] = {"in one pass": min(answer["together_ns"]) / 1e9,
                                           "one by one": min(answer["single_ns"]) / 1e9}
        store.close()
        print(f"{users} users measured", file=sys.stderr)
    users = min(500_000, most)
    for per_user in PER_USER:
        store = engine.Engine(PROGRAM, users, per_user * users, SEED)
        store.say("clock", "processor")
        made["events"][per_user * users] = ask_all(store, SHAPES)
        store.close()
        print(f"{per_user} events per user measured", file=sys.stderr)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{made['date']}-growth.json"
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return path


def lines(table, scale=1e3):
    """{x: {name: seconds}} as lines by name."""
    drawn = {}
    for x, times in table.items():
        for name, seconds in times.items():
            drawn.setdefault(name, []).append((float(x), seconds * scale))
    return drawn


def plot(path):
    made = json.loads(path.read_text(encoding="utf-8"))
    ASSETS.mkdir(parents=True, exist_ok=True)
    per_user = {x: {name: seconds / float(x) * 1e6 for name, seconds in times.items()}
                for x, times in made["users"].items()}
    ratio = {x: {name: times["1"][name] / times["2"][name] for name in times["1"]}
             for x, times in made["threads"].items()}
    charts = {
        "users": svg.chart("Cost by users, 20 events each", "users", "ms", lines(made["users"])),
        "per-user": svg.chart("Cost per user", "users", "ns per user", lines(per_user)),
        "events": svg.chart("Cost by events", "events", "ms", lines(made["events"])),
        "window": svg.chart("Cost by length of the window", "days", "ms", lines(made["window"])),
        "segments": svg.chart("Many segments", "segments", "ms", lines(made["segments"])),
        "threads": svg.chart("Two threads against one", "users", "times as fast",
                             lines(ratio, 1), log_y=False),
    }
    for name, text in charts.items():
        (ASSETS / f"bench-{name}.svg").write_text(text, encoding="utf-8")
        print(ASSETS.relative_to(ROOT) / f"bench-{name}.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=5_000_000, metavar="USERS")
    parser.add_argument("--plot-only", action="store_true")
    options = parser.parse_args()
    if options.plot_only:
        found = sorted(RESULTS.glob("*-growth.json"))
        if not found:
            sys.exit("nothing measured yet")
        plot(found[-1])
        return
    plot(measure(options.most))


if __name__ == "__main__":
    main()
