"""Tables of one run, as Markdown."""
import math

import durable


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def span(seconds):
    """A time with three digits and its unit."""
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            value = seconds * scale
            return f"{value:.3g} {unit}" if value < 1000 else f"{value:.0f} {unit}"
    return ""


def size(number):
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number} B"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def ratio(run, what, threads):
    """How many times the best peer takes what libseg takes."""
    best = min(run[peer][what][str(threads)] for peer in ("duckdb", "clickhouse"))
    return best / run["libseg"][what][str(threads)]


def questions(results):
    head = ["question", "members", "libseg, 1 thread", "2 threads", "DuckDB, 2", "ClickHouse, 2",
            "best peer / libseg, 2 threads", "1 thread", "with ids, 2"]
    rows = []
    for name, run in results["questions"].items():
        if run.get("skipped"):
            rows.append([name, "-", run["skipped"], "", "", "", "", "", ""])
            continue
        rows.append([name, run["members"], span(run["libseg"]["count"]["1"]),
                     span(run["libseg"]["count"]["2"]), span(run["duckdb"]["count"]["2"]),
                     span(run["clickhouse"]["count"]["2"])]
                    + [f"{ratio(run, what, threads):.1f}"
                       for what, threads in (("count", 2), ("count", 1), ("ids", 2))])
    return table(head, rows)


def times(results, what, threads):
    """A row: the geometric mean of each engine's times, and that of the ratios."""
    runs = [run for run in results["questions"].values() if not run.get("skipped")]
    means = [span(geometric_mean(run[who][what][str(threads)] for run in runs))
             for who in ("libseg", "duckdb", "clickhouse")]
    return means + [geometric_mean(ratio(run, what, threads) for run in runs)]


def headline(results):
    """Everything against the best peer, from this one run."""
    rows = [[f"{label} of {len(results['questions'])} questions, {number}",
             *times(results, what, threads)]
            for what, label in (("count", "count"), ("ids", "users' numbers"))
            for threads, number in ((2, "2 threads"), (1, "1 thread"))]
    events = results["events"]
    loads = {name: run["raw"] for name, run in results["loading"].items()}
    ours = loads["libseg, text ids, 1 thread"]
    peers = [next(load for name, load in loads.items() if name.startswith(peer))
             for peer in ("DuckDB", "ClickHouse")]
    durable = results["durable"]
    stored = durable["libseg"]["store"]["load"]

    def less(label, say, values):
        rows.append([label, *map(say, values), min(values[1:]) / values[0]])

    def more(label, values):
        rows.append([label, *(f"{value:,.0f}" for value in values), values[0] / max(values[1:])])

    less("open and first question, files not in memory", span,
         [results["cold"][who]["open"] + results["cold"][who]["first"]
          for who in ("libseg", "duckdb", "clickhouse")])
    tables = [[name for name in load["layouts"] if name in load["seconds"]] for load in peers]
    quickest = [events / min(load["seconds"][name] for name in names)
                for load, names in zip(peers, tables)]
    more("load, events/s: libseg in memory, text ids, 1 thread; peers 2",
         [events / (ours["events_ns"] + ours["snapshot_ns"]) * 1e9, *quickest])
    more("load into a file, events/s, 1 thread; peers 2",
         [events / (stored["events_ns"] + stored["close_ns"]) * 1e9, *quickest])
    less("peak memory of loading", size,
         [ours["peak_kb"] * 1024, *(load["peak"] for load in peers)])
    for batch in durable["libseg"]["commits"]:
        commits = [durable[who]["commits"][batch] for who in ("libseg", "duckdb", "clickhouse")]
        more(f"durable commits of {int(batch):,}, events/s",
             [int(batch) * commit["count"] / commit["wall_ns"] * 1e9 for commit in commits])
    less("events on disk", size, [stored["event_bytes"], *(
        min(load["disk"][name] for name in names) for load, names in zip(peers, tables))])
    return table(["", "libseg", "DuckDB", "ClickHouse", "libseg better than the best peer by"],
                 [[*row[:-1], f"{row[-1]:.2g} x" if row[-1] < 10 else f"{row[-1]:.0f} x"]
                  for row in rows])


def summary(results):
    runs = [run for run in results["questions"].values() if not run.get("skipped")]
    if not runs:
        return "No question was measured.\n"
    rows = []
    for what, threads in (("count", 2), ("count", 1), ("ids", 2), ("ids", 1), ("count least", 2),
                          ("count least", 1)):
        ratios = sorted((ratio(run, what, threads), name)
                        for name, run in results["questions"].items() if not run.get("skipped"))
        label = what.replace(" least", ", by the least time of each")
        rows.append([f"{label}, {threads} thread{'s' if threads > 1 else ''}",
                     f"{geometric_mean(r for r, _ in ratios):.1f}",
                     f"{ratios[0][0]:.1f} ({ratios[0][1]})",
                     f"{ratios[-1][0]:.0f} ({ratios[-1][1]})",
                     sum(r < 15 for r, _ in ratios)])
    text = table(["best peer / libseg", "geometric mean", "least", "most", "under 15"], rows)
    means = [[engine] + [span(geometric_mean(run[engine]["count"][threads] for run in runs))
                         for threads in ("1", "2")]
             for engine in ("libseg", "duckdb", "clickhouse")]
    text += "\n" + table(["geometric mean of times", "1 thread", "2 threads"], means)
    two = geometric_mean(run["libseg"]["count"]["1"] / run["libseg"]["count"]["2"] for run in runs)
    return text + f"\nlibseg on 2 threads is {two:.2f} times as fast as on 1.\n"


def hand(results):
    """Against plain loops: how many times as fast libseg is, on one thread."""
    rows, ratios = [], []
    for name, run in results["hand"].items():
        ours = results["questions"][name]["libseg"]
        ratios.append(run["seconds"] / ours["count"]["1"])
        rows.append([name, span(ours["count"]["1"]), span(run["seconds"]), f"{ratios[-1]:.2f}",
                     f"{run['least'] / ours['count least']['1']:.2f}"])
    rows.append(["geometric mean", "", "", f"{geometric_mean(ratios):.2f}", ""])
    return table(["question", "libseg, 1 thread", "hand-written C", "hand / libseg",
                  "by the least times"], rows)


def extras(results):
    rows = []
    for name, run in results.get("extras", {}).items():
        rows.append([name] + [run.get(key, "") for key in ("what", "libseg", "other")])
    return table(["", "what", "libseg", "compared with"], rows)


def loading(results):
    rows = []
    for label, run in results.get("loading", {}).items():
        rows.append([label] + [run.get(key, "") for key in
                               ("seconds", "events_per_second", "peak", "kept", "per_event")])
    return table(["load", "time", "events/s", "peak memory", "kept", "bytes per event"], rows)


def cold(results):
    rows = [[label, span(run["open"]), span(run["first"]), span(run["second"])]
            for label, run in results.get("cold", {}).items()]
    return table(["after open", "open", "first question", "again"], rows)


def markdown(results):
    machine = results["machine"]
    parts = [f"# Benchmark of {results['date']}, scale {results['scale']}\n",
             f"{results['users']:,} users, {results['events']:,} events. {results['note']}\n",
             table(["machine", ""], [[key, value] for key, value in machine.items()]),
             "## In one table\n",
             "Questions: geometric means of warm times, and of the ratios to the best peer of each "
             "question.\n", headline(results),
             "## Against the best peer per question\n", summary(results),
             "## Questions\n",
             "Warm medians of the count; every count and every id was compared first.\n",
             questions(results)]
    if results.get("fixed"):
        fixed = sorted(results["fixed"].values())
        parts += ["## Fixed cost\n",
                  f"Prepared questions on a store of {results['fixed_users']} users: median "
                  f"{span(fixed[len(fixed) // 2])}, most {span(fixed[-1])}.\n"]
    if results.get("hand"):
        parts += ["## Against hand-written C\n",
                  "Plain loops over arrays by type and time (`bench/hand.c`), one thread.\n",
                  hand(results)]
    if results.get("extras"):
        parts += ["## Other measurements\n", extras(results)]
    if results.get("loading"):
        parts += ["## Loading\n", loading(results)]
    if results.get("cold"):
        parts += ["## Cold\n", cold(results)]
    if results.get("durable"):
        parts += durable.sections(results["durable"], results["users"], results["events"])
    parts += ["## Left out\n", "Reports, which the library does not make:\n",
              "".join(f"- {english}\n" for english in results["left_out"])]
    return "\n".join(parts)
