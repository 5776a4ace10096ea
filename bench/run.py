#!/usr/bin/env python3
"""Benchmark libseg against DuckDB and ClickHouse, all on this machine, in one run.

    run.py [--scale small|M|L] [--users N --events N] [--questions REGEX] [--quick]

Makes the data once (build/bench-data/SCALE), loads the peers once, asks each question of everyone
in turn, compares the answers user by user, then measures cold starts, loading, durable commits,
disk and memory, and writes bench/results/DATE-SCALE.md and .json. The first table of it holds the
ratios. The peers come as Python packages into build/bench-venv (bench/requirements.txt).
"""
import argparse
import datetime
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

from common import BUILD, HERE, ROOT, SCALES, SEED, commit, enter_venv, evict, machine, peak_memory

THREADS = (1, 2)
TINY = (1000, 20_000)


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SCALES, help="small, or M with --quick")
    parser.add_argument("--users", type=int, help="another number of users")
    parser.add_argument("--events", type=int, help="another number of events")
    parser.add_argument("--questions", default="", metavar="REGEX", help="only these")
    parser.add_argument("--rounds", type=int, default=7, help="times that each one is asked")
    parser.add_argument("--quick", action="store_true",
                        help="everything, but few rounds and one sort order")
    parser.add_argument("--check", action="store_true", help="compare the answers, time nothing")
    parser.add_argument("--reload", action="store_true", help="make the peers' tables again")
    parser.add_argument("--note", default="", help="a sentence for the report")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--step", nargs=2, metavar=("STEP", "PEER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.rounds = min(options.rounds, 2)
    options.scale = options.scale or ("M" if options.quick else "small")
    return options


class Run:
    """Everything of one run."""

    def __init__(self, options):
        self.options = options
        self.users, self.events = SCALES[options.scale]
        self.label = options.scale
        if options.users or options.events:
            self.users = options.users or self.users
            self.events = options.events or self.events
            self.label = f"{self.users}x{self.events}"
        self.folder = ROOT / "build" / "bench-data" / self.label
        self.results = {"date": datetime.date.today().isoformat(), "scale": self.label,
                        "users": self.users, "events": self.events, "seed": SEED,
                        "commit": commit(), "machine": machine(), "note": options.note,
                        "rounds": options.rounds, "questions": {}}

    def note(self, text):
        print(text, file=sys.stderr, flush=True)

    # ---- data and peers ----

    def make_data(self):
        if (self.folder / "meta.json").exists():
            return
        self.note(f"writing the columns of {self.events:,} events")
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([BUILD / "bench" / "bench_dump", self.folder, str(self.users),
                        str(self.events), str(SEED)], check=True)

    def step(self, step, peer):
        """Run a part of this in a process of its own, for its memory and its cold start."""
        options = [sys.executable, __file__, "--scale", self.options.scale, "--step", step, peer]
        if self.label != self.options.scale:
            options += ["--users", str(self.users), "--events", str(self.events)]
        if self.options.quick:
            options.append("--quick")
        made = subprocess.run(options, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(made.stdout.splitlines()[-1])

    def peer_path(self, peer):
        return self.folder / {"duckdb": "peer.duckdb", "clickhouse": "clickhouse"}[peer]

    def open_peer(self, peer, fresh=False):
        import peers
        made = {"duckdb": peers.DuckDB, "clickhouse": peers.ClickHouse}[peer]
        opened = made(self.peer_path(peer), fresh)
        if peer == "clickhouse" and not fresh:
            opened.run("USE bench")
        return opened

    def layouts(self):
        """The sort orders of the peers' tables of events."""
        import peers
        return list(peers.LAYOUTS)[:1] if self.options.quick else list(peers.LAYOUTS)

    def do_load(self, peer):
        import data
        columns = data.Data(self.folder)
        opened = self.open_peer(peer, fresh=True)
        layouts = self.layouts()
        seconds = opened.load(columns, layouts)
        peak = peak_memory()
        disk = opened.disk()
        opened.close()
        print(json.dumps({"seconds": seconds, "peak": peak, "disk": disk, "layouts": layouts}))

    def do_cold(self, peer):
        """Open and ask, with the files out of the page cache as far as the system lets us."""
        import questions
        path = self.peer_path(peer)
        evict(path)
        asked = next(q for q in questions.QUESTIONS if q.name == "did_30d")
        sql = questions.expand(getattr(asked, peer)[0][1], "events_eut")
        __import__({"duckdb": "duckdb", "clickhouse": "chdb"}[peer])
        start = time.perf_counter()
        opened = self.open_peer(peer)
        seconds = {"open": time.perf_counter() - start}
        seconds["first"] = opened.count(sql, 2)[0]
        seconds["second"] = opened.count(sql, 2)[0]
        opened.close()
        print(json.dumps(seconds))

    def load_peers(self):
        loaded = self.folder / "loaded.json"
        if loaded.exists() and not self.options.reload:
            self.loads = json.loads(loaded.read_text(encoding="utf-8"))
            if all(self.is_loaded(load) for load in self.loads.values()):
                return
        self.loads = {}
        for peer in ("duckdb", "clickhouse"):
            self.note(f"loading {peer}")
            self.loads[peer] = self.step("load", peer)
        loaded.write_text(json.dumps(self.loads), encoding="utf-8")

    def is_loaded(self, load):
        """Whether a record of loading is of this form and has every table that is asked."""
        return isinstance(load.get("disk"), dict) and set(self.layouts()) <= set(load["disk"])

    # ---- questions ----

    def open_all(self):
        import engine
        self.peers = {peer: self.open_peer(peer) for peer in ("duckdb", "clickhouse")}
        self.note("loading libseg")
        self.engine = engine.Engine(engine.program(BUILD), self.users, self.events, SEED)
        self.results["machine"].update({
            "libseg": f"{self.engine.version}, {self.results['commit']}",
            "DuckDB": self.peers["duckdb"].version,
            "ClickHouse": self.peers["clickhouse"].version})
        self.engine.say("stored")

    def close_all(self):
        self.engine.close()
        for peer in self.peers.values():
            peer.close()

    def best_way(self, peer, question, what):
        """The fastest SQL: its seconds and itself; every way must give the same number."""
        import questions
        best, counts = None, set()
        for way in getattr(question, peer):
            for layout in self.layouts():
                sql = questions.expand(way[what == "count"], layout)
                if best and "events" not in sql and sql == best[1]:
                    continue
                ask = getattr(self.peers[peer], what)
                seconds, answer = ask(sql, 2)
                for _ in range(0 if self.options.check else 2 if seconds < 1 else 1):
                    seconds = min(seconds, ask(sql, 2)[0])
                counts.add(answer if what == "count" else len(answer))
                if not best or seconds < best[0]:
                    best = (seconds, sql)
        if len(counts) != 1:
            raise SystemExit(f"{question.name}: the ways of {peer} give {sorted(counts)}")
        return best

    def ask_engine(self, question, what, threads):
        if question.kind == "sets":
            answer = self.engine.say("algebra", 50, *question.libseg.split())
            return statistics.median(answer["ns" if what == "count" else "set_ns"]) / 1e9
        return self.engine.time(what, question.name, threads)[0]

    def ask_peer(self, peer, what, sql, threads):
        ask = getattr(self.peers[peer], what)
        seconds = ask(sql, threads)[0]
        return seconds if seconds > 0.3 else ask(sql, threads)[0]

    def check(self, question, ways):
        """Everyone must name the same users."""
        import numpy as np
        if question.kind == "sets":
            ours = self.engine.stored_users(question.libseg)
        else:
            ours = self.engine.users(question.name)
        wrong = []
        for peer, sql in ways.items():
            theirs = np.sort(np.asarray(self.peers[peer].ids(sql, 2)[1]).astype(np.uint32))
            if not np.array_equal(ours, theirs):
                extra, lost = np.setdiff1d(ours, theirs), np.setdiff1d(theirs, ours)
                wrong.append(f"{peer} has {len(theirs)}, libseg {len(ours)}; only libseg "
                             f"{extra[:5].tolist()}, only {peer} {lost[:5].tolist()}")
        return ours, wrong

    def question(self, question):
        import engine
        run = {"kind": question.kind, "english": question.english, "predicate": question.libseg}
        self.results["questions"][question.name] = run
        if question.kind != "sets":
            try:
                run["compile"] = self.engine.compile(question.name, question.libseg)
            except engine.Failed as failure:
                run["skipped"] = str(failure)
                self.note(f"{question.name:18} not compiled: {failure}")
                return
        sql = {what: {peer: self.best_way(peer, question, what)[1] for peer in self.peers}
               for what in (("ids",) if self.options.check else ("ids", "count"))}
        ours, wrong = self.check(question, sql["ids"])
        run["members"] = len(ours)
        if wrong:
            run["skipped"] = "answers differ: " + "; ".join(wrong)
            self.note(f"{question.name:18} {run['skipped']}")
            return
        if self.options.check:
            run["skipped"] = "only checked"
            self.note(f"{question.name:18} {len(ours)} agree")
            return
        run["sql"] = sql
        self.measure(question, run, sql)
        self.note(f"{question.name:18} {len(ours):8} " + "  ".join(
            f"{who} {run[who]['count']['2'] * 1e3:9.3f}" for who in (*self.peers, "libseg")))

    def measure(self, question, run, sql):
        """Everyone in turn, round after round, so that a slow minute hits all alike."""
        slots = {}
        for _ in range(self.options.rounds):
            for what in ("count", "ids"):
                for threads in THREADS:
                    for peer in self.peers:
                        slots.setdefault((peer, what, threads), []).append(
                            self.ask_peer(peer, what, sql[what][peer], threads))
                    slots.setdefault(("libseg", what, threads), []).append(
                        self.ask_engine(question, what, threads))
        for (who, what, threads), seconds in slots.items():
            own = run.setdefault(who, {})
            own.setdefault(what, {})[str(threads)] = statistics.median(seconds)
            own.setdefault(what + " least", {})[str(threads)] = min(seconds)
            own.setdefault(what + " most", {})[str(threads)] = max(seconds)

    # ---- the rest ----

    def fixed(self):
        """What a question costs where there is nearly nothing to look at."""
        import engine
        import questions
        tiny = engine.Engine(engine.program(BUILD), *TINY, SEED)
        fixed = {}
        for question in questions.QUESTIONS:
            if self.results["questions"].get(question.name, {}).get("predicate") and \
                    question.kind != "sets":
                try:
                    tiny.compile(question.name, question.libseg)
                    fixed[question.name] = tiny.time("count", question.name, 1)[0]
                except engine.Failed:
                    pass
        tiny.close()
        self.results.update(fixed=fixed, fixed_users=TINY[0])

    def hand(self):
        """Plain loops in C for some of the questions, one thread."""
        made = subprocess.run([BUILD / "bench" / "bench_hand", self.folder], check=True,
                              stdout=subprocess.PIPE, text=True)
        self.results["hand"] = {}
        for line in made.stdout.splitlines():
            answer = json.loads(line)
            asked = self.results["questions"].get(answer["name"])
            if not asked or asked.get("skipped"):
                continue
            if answer["count"] != asked["members"]:
                raise SystemExit(f"hand-written {answer['name']}: {answer['count']}, "
                                 f"not {asked['members']}")
            self.results["hand"][answer["name"]] = {"seconds": answer["ns"] / 1e9,
                                                    "least": answer["least_ns"] / 1e9}

    def extras(self):
        import many
        import report
        rows = {}
        rounds = range(max(self.options.rounds // 2, 1))

        def middle(answer, key):
            return statistics.median(answer[key]) / 1e9

        names = []
        for name, predicate in many.predicates():
            self.engine.compile(name, predicate)
            names.append(name)
        for threads in THREADS:
            answer = self.engine.say("together", threads, 3, *names)
            if answer["count"] != answer["single_count"]:
                raise SystemExit("200 segments: one pass and one by one differ")
            together, single = middle(answer, "together_ns"), middle(answer, "single_ns")
            rows[f"200 segments, {threads} thread(s)"] = {
                "what": "200 predicates over 29 leaves, sets built, in one pass",
                "libseg": report.span(together), "seconds": together, "single": single,
                "other": f"one by one {report.span(single)}: {single / together:.1f} x"}
        answer = self.engine.say("pairs", 5, 50)
        common = {"duckdb": "SELECT count(*) FROM members a JOIN members b USING (u) "
                            "WHERE a.s < b.s AND b.s < 50",
                  "clickhouse": "SELECT sum(bitmapAndCardinality(x.b, y.b)) FROM bitmaps AS x "
                                "CROSS JOIN bitmaps AS y WHERE x.s < y.s AND y.s < 50"}
        rows["1,225 pairs"] = self.beside(
            "members in common of each pair of 50 stored segments", answer, common, rounds)
        answer = self.engine.say("members", 9, 1000)
        listed = ", ".join(str(1 + number * 7919 % self.users) for number in range(1000))
        rows["1,000 users x 200"] = self.beside(
            "which of 200 stored segments are 1,000 users in, by rows of bits made in "
            f"{answer['build_ns'] / 1e6:.0f} ms", answer,
            {peer: f"SELECT u, m0, m1, m2, m3 FROM member_bits WHERE u IN ({listed})"
             for peer in self.peers}, rounds, same=False)
        answer = self.engine.say("algebra", 200, *"3 7 and 25 or 1 and 12 andnot".split())
        for key, bare, what in (("ns", "bare_ns", "counted"), ("set_ns", "bare_set_ns", "built")):
            ours, theirs = middle(answer, key), middle(answer, bare)
            rows[f"set algebra, {what}"] = {
                "what": f"((3 and 7) or 25) and 1, not 12: {what}", "libseg": report.span(ours),
                "seconds": ours, "bare": theirs,
                "other": f"bare CRoaring {report.span(theirs)}: {ours / theirs:.2f} x"}
        answer = self.engine.say("contains", 20, 10_000, 3)
        for key, what in (("single_ns", "single"), ("bulk_ns", "in bulk")):
            one = middle(answer, key) / 10_000
            rows[f"contains, {what}"] = {"what": "one membership test by number", "seconds": one,
                                         "libseg": f"{one * 1e9:.1f} ns"}
        answer = self.engine.say("one", "count_7d", 2000) if "count_7d" in \
            self.results["questions"] else None
        if answer:
            rows["test one user"] = {"what": "count_7d for one user",
                                     "seconds": middle(answer, "ns"),
                                     "libseg": report.span(middle(answer, "ns"))}
        self.results["extras"] = rows

    def beside(self, what, answer, sql, rounds, same=True):
        import report
        ours = statistics.median(answer["ns"]) / 1e9
        row = {"what": what, "libseg": report.span(ours), "seconds": ours}
        others = []
        for peer, text in sql.items():
            best = None
            for _ in rounds:
                start = time.perf_counter()
                if same:
                    count = self.peers[peer].count(text, 2)[1]
                    if count != answer["count"]:
                        raise SystemExit(f"{what}: {peer} says {count}, not {answer['count']}")
                elif peer == "duckdb":
                    self.peers[peer].con.execute(text).fetchnumpy()
                else:
                    self.peers[peer].session.query(text, "RowBinary").bytes()
                taken = time.perf_counter() - start
                best = taken if best is None else min(best, taken)
            row[peer] = best
            others.append(f"{self.peers[peer].name} {report.span(best)}")
        if "bare_ns" in answer:
            row["bare"] = statistics.median(answer["bare_ns"]) / 1e9
            others.append(f"bare CRoaring {report.span(row['bare'])}")
        row["other"] = ", ".join(others)
        return row

    def loading(self):
        import engine
        import report
        rows = {}
        for label, flags in (("libseg, text ids, 1 thread", ["strings"]),
                             ("libseg, number ids, 1 thread", [])):
            made = engine.Engine(engine.program(BUILD), self.users, self.events, SEED, *flags)
            info, loaded = made.say("info"), made.loaded
            made.close()
            seconds = (loaded["events_ns"] + loaded["snapshot_ns"]) / 1e9
            rows[label] = {"seconds": report.span(seconds),
                           "events_per_second": f"{self.events / seconds / 1e6:.2f} M",
                           "peak": report.size(loaded["peak_kb"] * 1024),
                           "kept": report.size(info["memory_bytes"]) + " in memory",
                           "per_event": f"{info['memory_bytes'] / self.events:.2f}",
                           "raw": {**loaded, **info}}
        for peer, load in self.loads.items():
            for table in self.layouts():
                seconds = load["seconds"][table]
                disk = load["disk"][table]
                rows[f"{self.peers[peer].name}, {table}, 2 threads"] = {
                    "seconds": report.span(seconds), "kept": f"{report.size(disk)} on disk",
                    "per_event": f"{disk / self.events:.2f}",
                    "events_per_second": f"{self.events / seconds / 1e6:.2f} M",
                    "peak": report.size(load["peak"]) + " (with its columns)", "raw": load}
        self.results["loading"] = rows

    def cold(self):
        self.results["cold"] = {peer: self.step("cold", peer) for peer in ("duckdb", "clickhouse")}

    def do_durable(self, who):
        import durable
        print(json.dumps(durable.measure(who, self.users, self.events, self.options.quick)))

    def durable(self):
        """Stores in files; the figures of opening libseg cold are part of it."""
        made = {}
        for who in ("libseg", "duckdb", "clickhouse"):
            self.note(f"durable commits: {who}")
            made[who] = self.step("durable", who)
        opened = made["libseg"]["store"]["cold"]
        self.results["durable"] = made
        self.results["cold"]["libseg"] = {name: opened[f"{key}_ns"] / 1e9 for name, key in
                                          (("open", "open"), ("first", "first"),
                                           ("second", "again"))}

    def run(self):
        import questions
        self.make_data()
        self.load_peers()
        if not self.options.check:
            self.cold()
        self.open_all()
        for question in questions.QUESTIONS:
            if re.search(self.options.questions, question.name):
                self.question(question)
        if not self.options.check:
            self.fixed()
            self.hand()
        if not self.options.check:
            self.extras()
            self.loading()
        self.close_all()
        if not self.options.check:
            self.durable()
        self.results["left_out"] = questions.LEFT_OUT

    def write(self):
        import report
        self.options.out.mkdir(parents=True, exist_ok=True)
        name = f"{self.results['date']}-{self.label}"
        (self.options.out / f"{name}.json").write_text(
            json.dumps(self.results, indent=1) + "\n", encoding="utf-8")
        text = report.markdown(self.results)
        (self.options.out / f"{name}.md").write_text(text, encoding="utf-8")
        print(text)


def main():
    options = parse()
    enter_venv()
    run = Run(options)
    if options.step:
        return getattr(run, "do_" + options.step[0])(options.step[1])
    run.run()
    differing = [name for name, question in run.results["questions"].items()
                 if question.get("skipped", "").startswith("answers differ")]
    if options.check:
        print(f"{len(run.results['questions'])} questions, {len(differing)} answered differently")
    else:
        run.write()
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
