#!/usr/bin/env python3
"""Sessions of the program seg with the answers, messages and exit codes that they must give.

    test_cli.py SEG [unittest arguments]

SEG is the program. Every case runs it in a new folder; nothing else of the machine matters.
"""
import hashlib
import json
import os
import pathlib
import pty
import random
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

SEG = None
SECONDS_MAX = 120

EVENTS = """\
user_id,event,time,amount,item
ann,purchase,2026-01-10T10:00:00Z,19.99,shoes
ann,purchase,2026-01-20T10:00:00Z,5.00,socks
ben,purchase,2026-01-21T11:00:00Z,120.50,"boots, brown"
ben,login,2026-01-30T08:00:00Z,,
cat,login,2026-01-31T00:00:00Z,,
"""

USERS = """\
{"user_id":"ann","country":"DE","age":31,"tags":["vip","beta"],"home":{"lat":52.5,"lon":13.4}}
{"user_id":"ben","country":"US","age":null,"tags":[]}
{"user_id":"cat","country":"DE","score":4.5,"signed_up":"2025-12-24T18:00:00Z","ok":true}
{"user_id":"dan","age":52}
"""


class Result:
    """What a run printed and how it ended."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")


class Case(unittest.TestCase):
    """A folder per test, with small files of events and users."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.write("events.csv", EVENTS)
        self.write("users.jsonl", USERS)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        data = text if isinstance(text, bytes) else text.encode()
        (self.path / name).write_bytes(data)

    def environment(self):
        env = {key: value for key, value in os.environ.items()
               if key not in ("NO_COLOR", "TZ", "LC_ALL", "LANG")}
        env["TERM"] = "xterm"
        return env

    def seg(self, *args, stdin=b"", env=None):
        run = Result(subprocess.run([SEG, *args], input=stdin, capture_output=True, cwd=self.path,
                                    timeout=SECONDS_MAX, check=False,
                                    env=env or self.environment()))
        self.assertNotIn("Sanitizer", run.err)
        self.assertNotIn("runtime error", run.err)
        return run

    def shop(self, *args, **options):
        """With the data of the small shop, without notes."""
        return self.seg("-q", "--events", "events.csv", "--users", "users.jsonl", *args, **options)

    def same(self, got, want):
        self.assertEqual(got, textwrap.dedent(want))


class Import(Case):
    """Mappings, refused rows, formats."""

    def test_mapping_and_summary(self):
        run = self.seg("--events", "events.csv", "--users", "users.jsonl", "-c", "count everyone")
        self.assertEqual(run.code, 0)
        self.same(run.err, """\
            events.csv: CSV as events, separated by commas
              user_id             user id
              event               event name
              time                time                    ISO 8601, local times in UTC
              amount              property amount         decimal(2)
              item                property item           string
            events.csv: 5 rows taken, 0 rejected; 3 new users
            users.jsonl: JSON lines as users
              user_id             user id
              country             attribute country       string
              age                 attribute age           int64
              tags                attribute tags          set
              home.lat            attribute home          geo, latitude
              home.lon            attribute home          geo, longitude
              score               attribute score         decimal(1)
              signed_up           attribute signed_up     timestamp, ISO 8601, local times in UTC
              ok                  attribute ok            bool
            users.jsonl: 4 rows taken, 0 rejected; 1 new users
            now is 2026-01-31T00:00:00Z (the newest event; --now sets another instant)
            """)
        self.same(run.out, """\
            count | users |  share
            ------+-------+-------
                4 |     4 | 1.0000
            """)

    def test_dry_run_takes_nothing(self):
        run = self.seg("--events", "events.csv", "--dry-run")
        self.assertEqual((run.code, run.out), (0, ""))
        self.assertNotIn("rows taken", run.err)
        run = self.seg("-q", "-c", "import events events.csv --dry-run", "-c",
                       "stats", "--mode", "jsonl")
        self.assertEqual(json.loads(run.out)["events"], 0)

    def test_schema_has_null_and_absent(self):
        run = self.shop("--mode", "ids", "-c", "list age is null", "-c", "list age is absent", "-c",
                        "list not tags is set")
        self.assertEqual(run.out.split(), ["ben", "cat", "cat", "dan"])

    def test_bad_rows_are_counted_and_written(self):
        self.write("bad.csv", EVENTS + 'a,b,2026-02-30,1.00,x\n'
                   'ann,purchase,2026-01-01,"1,00",x\n'
                   ',purchase,2026-01-01,1.00,x\n'
                   'ann,purchase,2026-01-01\n'
                   'ann,purchase,2026-01-01,1.00,x,y\n'
                   'ann,purchase,2026-01-01,1.00,"open\n'
                   'ann,purchase,2026-01-01,1.00,"x"y\n'
                   'a,b,2026-01-01,1.005,\n'
                   'ann,,2026-01-01,1.00,x\n'
                   'eve,purchase,2026-01-02,1.00,x\n')
        run = self.seg("--events", "bad.csv", "--type", "amount=decimal(2)", "--rejects",
                       "out.csv", "--mode", "jsonl", "-c", "stats")
        self.assertEqual(run.code, 0)
        self.assertEqual(json.loads(run.out)["events"], 6)
        self.assertIn("bad.csv: 6 rows taken, 9 rejected; 4 new users\n", run.err)
        self.assertIn("  line 7 rejected: time: it is not a time in the column's notation "
                      "(2026-02-30)\n", run.err)
        self.assertIn("  line 11 rejected: the number of fields is wrong (6 instead of 5)\n",
                      run.err)
        self.assertNotIn("line 12", run.err)  # only the first five are shown
        self.assertIn("  2 rejected: there is text after a closing quote\n", run.err)
        self.same((self.path / "out.csv").read_text(), '''\
            line,reason,detail,row
            7,time: it is not a time in the column's notation,2026-02-30,"a,b,2026-02-30,1.00,x"
            8,amount: it is not a number,"1,00","ann,purchase,2026-01-01,""1,00"",x"
            9,there is no user id,"",",purchase,2026-01-01,1.00,x"
            10,the number of fields is wrong,3 instead of 5,"ann,purchase,2026-01-01"
            11,the number of fields is wrong,6 instead of 5,"ann,purchase,2026-01-01,1.00,x,y"
            12,there is text after a closing quote,"","ann,purchase,2026-01-01,1.00,""open"
            13,there is text after a closing quote,"","ann,purchase,2026-01-01,1.00,""x""y"
            14,amount: it has too many digits for the column's type,1.005,"a,b,2026-01-01,1.005,"
            15,"the event's name is empty, too long or not UTF-8","","ann,,2026-01-01,1.00,x"
            ''')

    def test_a_stray_value_does_not_decide_on_a_type(self):
        rows = ["user_id,n,code"] + [f"u{i},{i},{i if i % 9 else 'x'}" for i in range(500)]
        rows[77] = "u77,n/a,1"
        self.write("x.csv", "\n".join(rows))
        run = self.seg("--users", "x.csv")
        self.assertIn("attribute n             int64 (some of the first values do not fit)",
                      run.err)
        self.assertIn("attribute code          string\n", run.err)
        self.assertIn("line 78 rejected: n: it is not a number (n/a)", run.err)

    def test_strict_leaves_the_store_as_it_was(self):
        self.write("bad.csv", EVENTS + "ann,purchase,never,1.00,x\n")
        run = self.seg("--events", "bad.csv", "--strict", "--mode", "jsonl", "-c", "stats")
        self.assertEqual(run.code, 1)
        self.assertEqual(json.loads(run.out)["events"], 0)
        self.assertIn("nothing was imported (--strict)", run.err)
        run = self.seg("--events", "events.csv", "--strict", "--mode", "jsonl", "-c", "stats")
        self.assertEqual((run.code, json.loads(run.out)["events"]), (0, 5))

    def test_rows_of_many_batches(self):
        rows = ["user_id,time,n"] + [f"u{i % 1000},2026-01-01T00:00:00Z,{i}"
                                     for i in range(150000)]
        self.write("many.csv", "\n".join(rows))
        for option in ((), ("--strict",)):
            run = self.seg("-q", "--events", "many.csv", "--event", "x", *option, "--mode",
                           "jsonl", "-c", "stats", "-c", "list everyone show sum(n) of x limit 1")
            stats, row = map(json.loads, run.out.splitlines())
            self.assertEqual(stats["events"], 150000)
            self.assertEqual(row["sum(n) of x"], sum(range(0, 150000, 1000)))

    def test_delimiters_are_guessed(self):
        for delimiter in (",", ";", "\t", "|"):
            text = EVENTS.replace('"boots, brown"', "boots").replace(",", delimiter)
            self.write("x.txt", text)
            run = self.seg("-q", "--events", "x.txt", "--mode", "ids", "-c",
                           'count did purchase')
            self.assertEqual(run.out, "2\n", repr(delimiter))
        self.write("x.txt", "id  day      cds dollars\r\n 001 19970101   1   11.77\r\n"
                   " 002 19970112\t 5   77.00\r\n")
        run = self.seg("--events", "x.txt", "--map", "user=id", "--map", "time=day", "--event",
                       "purchase", "--mode", "csv", "-c",
                       "list everyone show sum(dollars) of purchase, first(@date) of purchase")
        self.assertIn("separated by blanks", run.err)
        self.same(run.out, """\
            id,sum(dollars) of purchase,first(@date) of purchase
            001,11.77,1997-01-01
            002,77.00,1997-01-12
            """)

    def test_bom_crlf_quotes_and_embedded_line_ends(self):
        self.write("x.csv", b"\xef\xbb\xbfuser_id,time,text\r\n"
                   b'"a","2026-01-01","one\r\ntwo ""three"""\r\n\r\nb,2026-01-01,\xc3\xa4\r\n'
                   b'c,2026-01-01,""\r\nd,2026-01-01,')
        run = self.seg("-q", "--events", "x.csv", "--event", "x", "--mode", "jsonl", "-c",
                       "list everyone show last(text) of x as t")
        self.assertEqual([json.loads(line)["t"] for line in run.out.splitlines()],
                         ["one\r\ntwo \"three\"", "ä", "", None])

    def test_times(self):
        forms = [("iso", "2026-03-29T01:59:59.25+01:00", "2026-03-29T00:59:59.250Z"),
                 ("iso", "2026-07-01 12:00", "2026-07-01T10:00:00Z"),
                 ("iso", "2026-01-01", "2025-12-31T23:00:00Z"),
                 # In Berlin 02:30 does not occur that day, and 02:30 occurs twice in October.
                 ("iso", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
                 ("iso", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
                 ("s", "1767225600.5", "2026-01-01T00:00:00.500Z"),
                 ("ms", "1767225600001", "2026-01-01T00:00:00.001Z"),
                 ("us", "1767225600000001", "2026-01-01T00:00:00.000001Z"),
                 ("yyyymmdd", "20260101", "2025-12-31T23:00:00Z"),
                 ("%d/%m/%Y %H:%M", "1/2/2026 8:26", "2026-02-01T07:26:00Z")]
        for form, text, want in forms:
            self.write("x.csv", f"user_id,time\na,{text}\n")
            options = [("--time-format", form)] + ([()] if "%" not in form else [])
            for option in options:
                run = self.seg("-q", "--timezone", "Europe/Berlin", "--events", "x.csv", "--event",
                               "x", *option, "--mode", "ids", "-c", "stats", "-c",
                               "list everyone", "--mode", "jsonl", "-c", "stats")
                self.assertEqual(json.loads(run.out.splitlines()[-1])["first_event"], want,
                                 (form, text, option))

    def test_numbers_declared_and_guessed(self):
        self.write("x.csv", "user_id,a,b,c,d,e,f\nu,1,1.50,1e3,true,007,2026-01-31\n")
        run = self.seg("--users", "x.csv", "--mode", "csv", "-c", "schema")
        types = [line.split(",")[-1] for line in run.out.splitlines()[1:]]
        self.assertEqual(types, ["int64", "decimal(2)", "float64", "bool", "string", "date"])
        run = self.seg("-q", "--users", "x.csv", "--type", "a=decimal(3)", "--rename", "b=price",
                       "--skip", "c", "--type", "e=int64", "--mode", "csv", "-c",
                       "list everyone show a, price, e")
        self.same(run.out, "id,a,price,e\nu,1.000,1.50,7\n")

    def test_unknown_columns_are_mistakes(self):
        run = self.seg("--events", "events.csv", "--type", "amout=decimal(2)")
        self.assertEqual(run.code, 1)
        self.assertIn('error: events.csv: there is no column "amout" (--type)', run.err)
        run = self.seg("--events", "events.csv", "--map", "user=nobody")
        self.assertEqual(run.code, 1)
        self.write("x.csv", "a,b\n1,2\n")
        run = self.seg("--events", "x.csv")
        self.assertIn("no column looks like the user's id", run.err)
        self.assertIn("columns are a, b", run.err)
        self.write("x.csv", "1,2\n3,4\n")
        run = self.seg("--events", "x.csv")
        self.assertIn("does not look like a header", run.err)
        run = self.seg("--events", "missing.csv")
        self.assertEqual(run.code, 1)
        self.assertIn("missing.csv: cannot be opened: No such file", run.err)

    def test_event_ids_and_u64(self):
        self.write("x.csv", "customer_id,ts,event,event_id,n\n"
                   "1,2026-01-01,x,a,1\n1,2026-01-01,x,a,1\n1,2026-01-01,x,a,2\n"
                   "two,2026-01-01,x,b,1\n18446744073709551615,2026-01-01,x,c,1\n"
                   "18446744073709551614,2026-01-01,x,d,1\n")
        run = self.seg("--ids", "u64", "--events", "x.csv", "--mode", "ids", "-c", "list everyone")
        self.assertIn("2 rows taken, 1 duplicates, 3 rejected", run.err)
        self.assertIn("line 4 rejected: its event id was seen before with other content", run.err)
        self.assertEqual(run.out.split(), ["1", "18446744073709551614"])

    def test_segment_spec(self):
        lines = [
            {"type": "identify", "userId": "a", "timestamp": "2026-01-01T00:00:00Z",
             "traits": {"plan": "pro", "address": {"city": "Rome"}}, "context": {"ip": "::1"}},
            {"type": "track", "userId": "a", "event": "Order", "messageId": "m1",
             "timestamp": "2026-01-02T00:00:00Z",
             "properties": {"total": 12.5, "products": [{"sku": 1}]}},
            {"type": "track", "anonymousId": "anon", "event": "Order", "messageId": "m2",
             "timestamp": "2026-01-02T00:00:00Z", "properties": {"total": 3}},
            {"type": "page", "userId": "a", "name": "Home", "messageId": "m3",
             "timestamp": "2026-01-03T00:00:00Z", "properties": {"path": "/"}},
            {"type": "group", "userId": "a", "timestamp": "2026-01-03T00:00:00Z"}]
        self.write("x.jsonl", "\n".join(json.dumps(line) for line in lines))
        run = self.seg("--events", "x.jsonl", "--mode", "jsonl", "-c", "list did Order show plan, "
                       "address.city as city, sum(total) of Order as total, count of page as pages")
        self.assertIn("JSON lines as Segment spec", run.err)
        self.assertIn("only track, identify, page and screen are imported (group)", run.err)
        self.assertIn("lists of other things than texts are not imported", run.err)
        self.assertEqual([json.loads(line) for line in run.out.splitlines()],
                         [{"id": "a", "plan": "pro", "city": "Rome", "total": 12.5, "pages": 1},
                          {"id": "anon", "plan": None, "city": None, "total": 3.0, "pages": 0}])

    def test_one_name_of_two_types(self):
        """A property belongs to its event type."""
        self.write("visits.csv", "user_id,time,value\nann,2026-01-10T10:00:00Z,12\n"
                   "ben,2026-01-11T10:00:00Z,3\n")
        self.write("searches.csv", "user_id,time,value\nann,2026-01-12T10:00:00Z,red shoes\n"
                   "cat,2026-01-13T10:00:00Z,boots\n")
        for place in [], ["--store", "two.seg"]:
            run = self.seg("-q", *place, "--mode", "jsonl",
                           "-c", "import events visits.csv --event visit",
                           "-c", "import events searches.csv --event search", "-c", "schema",
                           "-c", 'list did visit where (value > 5) or did search where '
                                 '(value contains "boots") show sum(value) of visit as sum, '
                                 "last(value) of search as last")
            self.assertEqual((run.code, run.err), (0, ""))
            rows = [json.loads(line) for line in run.out.splitlines()]
            types = {(row["event"], row["type"]) for row in rows if row.get("name") == "value"}
            self.assertEqual(types, {("visit", "int64"), ("search", "string")})
            self.assertEqual(rows[-2:], [{"id": "ann", "sum": 12, "last": "red shoes"},
                                         {"id": "cat", "sum": 0, "last": "boots"}])
        # And so it is when the file is opened again.
        run = self.seg("-q", "--store", "two.seg", "--mode", "ids",
                       "-c", 'list did search where (value = "red shoes") and did visit where '
                             "(value = 12)")
        self.assertEqual(run.out, "ann\n", run.err)

    def test_bad_json_lines(self):
        self.write("x.jsonl", '{"user_id":"a","n":1}\n\n{"user_id":"b","n":\n[1]\n'
                   '{"user_id":"c","n":"text"}\n{"n":1}\n' + '{"a":' * 40 + "1" + "}" * 40 +
                   '\n{"user_id":"d","n":2,"late":"2026-01-01"}\nnull\n{"user_id":"e","n":null}')
        run = self.seg("--users", "x.jsonl", "--sample", "1", "--mode", "jsonl", "-c",
                       "list everyone show n, late")
        self.assertEqual([json.loads(line) for line in run.out.splitlines()],
                         [{"id": "a", "n": 1, "late": None},
                          {"id": "d", "n": 2, "late": "2026-01-01"},
                          {"id": "e", "n": None, "late": None}])
        self.assertIn("line 8 brings the column late: date", run.err)
        self.assertIn("3 rows taken, 6 rejected", run.err)
        for text in ("line 3 rejected: the line is not valid JSON",
                     "line 4 rejected: the line is not a JSON object",
                     "line 5 rejected: n: it is not a number (text)",
                     "line 6 rejected: there is no user id",
                     "line 7 rejected: objects are nested too deeply"):
            self.assertIn(text, run.err)

    def test_attributes_that_remember(self):
        self.write("plans.csv", "user_id,since,plan,seats\n"
                   "ann,2026-01-01,free,3\nann,2026-02-01,pro,\nann,2026-03-20,free,\n"
                   "ben,2026-01-01,free,5\nben,,free,\n")
        data = ["--users", "plans.csv", "--map", "time=since", "--history", "plan"]
        for predicate, members in [
                ('plan has been "free" for 30 days', "ben\n"),
                ('plan changed from "pro" to "free" in last 30 days', "ann\n"),
                ('plan as of 2026-02-10 = "pro"', "ann\n"),
                ("seats >= 3", "ann\nben\n")]:
            run = self.seg(*data, "--now", "2026-03-31T00:00:00Z", "--mode", "ids", "-c",
                           "list " + predicate)
            self.assertEqual(run.out, members, run.err)
        self.assertIn("4 rows taken, 1 rejected", run.err)
        run = self.seg(*data, "--mode", "csv", "-c", "schema")
        self.assertIn('attribute,,plan,"string, history"', run.out)
        run = self.seg("--users", "plans.csv", "--history", "plan", "-c", "schema")
        self.assertEqual(run.code, 1)
        self.assertIn("values with a history need a time", run.err)
        run = self.seg("--users", "plans.csv", "--history", "nothing", "-c", "schema")
        self.assertEqual(run.code, 1)
        self.assertIn('there is no column "nothing"', run.err)

    def test_all_rows_rejected_is_a_failure(self):
        self.write("x.csv", "user_id,time\na,1/2/2026\nb,3/4/2026\n")
        run = self.seg("--events", "x.csv", "--event", "x")
        self.assertEqual(run.code, 1)
        self.assertIn("every row was rejected", run.err)


class Statements(Case):
    """Questions, output, errors, exit codes."""

    def test_list_in_every_mode(self):
        listing = 'list everyone show country, age, tags, home, ' \
                  'sum(amount) of purchase as spent, signed_up'
        want = {
            "table": """\
                id  | country | age | tags     | home      |  spent | signed_up
                ----+---------+-----+----------+-----------+--------+---------------------
                ann | DE      |  31 | vip|beta | 52.5 13.4 |  24.99 |
                ben | US      |     |          |           | 120.50 |
                cat | DE      |     |          |           |   0.00 | 2025-12-24T18:00:00Z
                dan |         |  52 |          |           |   0.00 |
                """,
            "csv": """\
                id,country,age,tags,home,spent,signed_up
                ann,DE,31,vip|beta,52.5 13.4,24.99,
                ben,US,,"",,120.50,
                cat,DE,,,,0.00,2025-12-24T18:00:00Z
                dan,,52,,,0.00,
                """,
            "markdown": """\
                | id  | country | age | tags      | home      |  spent | signed_up            |
                |-----|---------|----:|-----------|-----------|-------:|----------------------|
                | ann | DE      |  31 | vip\\|beta | 52.5 13.4 |  24.99 |                      |
                | ben | US      |     |           |           | 120.50 |                      |
                | cat | DE      |     |           |           |   0.00 | 2025-12-24T18:00:00Z |
                | dan |         |  52 |           |           |   0.00 |                      |
                """,
            "ids": "ann\nben\ncat\ndan\n"}
        for mode, text in want.items():
            run = self.shop("--mode", mode, "-c", listing)
            self.assertEqual(run.code, 0, run.err)
            self.same(run.out, text)
        rows = [{"id": "ann", "country": "DE", "age": 31, "tags": ["vip", "beta"],
                 "home": [52.5, 13.4], "spent": 24.99, "signed_up": None},
                {"id": "ben", "country": "US", "age": None, "tags": [], "home": None,
                 "spent": 120.5, "signed_up": None},
                {"id": "cat", "country": "DE", "age": None, "tags": None, "home": None,
                 "spent": 0.0, "signed_up": "2025-12-24T18:00:00Z"},
                {"id": "dan", "country": None, "age": 52, "tags": None, "home": None,
                 "spent": 0.0, "signed_up": None}]
        run = self.shop("--mode", "json", "-c", listing)
        self.assertEqual(json.loads(run.out), rows)
        run = self.shop("--mode", "jsonl", "-c", listing)
        self.assertEqual([json.loads(line) for line in run.out.splitlines()], rows)
        run = self.shop("--mode", "line", "-c", "list age = 31 show country")
        self.same(run.out, "id = ann\ncountry = DE\n")

    def test_limit_and_order(self):
        run = self.shop("--mode", "ids", "-c", "list everyone limit 2", "-c",
                        'list country = "DE" show age limit 5', "-c", "list everyone limit 0")
        self.assertEqual(run.out.split(), ["ann", "ben", "ann", "cat"])

    def test_words_may_stand_alone(self):
        run = self.shop("--mode", "ids", "count", "did", '"purchase"', "in last 30 days")
        self.assertEqual(run.out, "2\n")
        run = self.shop("--mode", "jsonl", "test", "ann", 'did "purchase"')
        self.assertEqual(json.loads(run.out), {"id": "ann", "member": True})

    def test_segments(self):
        run = self.shop("--mode", "ids", "-c",
                        'define segment "buyers" as did purchase; count in segment "buyers";'
                        'define segment "both" as in segment "buyers" and did login',
                        "-c", 'count in segment "both"; drop segment "buyers"', "-c",
                        'drop segment "both"; drop segment "buyers"; count in segment "buyers"')
        self.assertEqual(run.out, "2\n1\n")
        self.assertEqual(run.code, 1)
        self.assertIn("error[SEG_E_IN_USE]", run.err)
        self.assertIn("error[SEG_E_UNKNOWN_NAME]", run.err)

    def test_scores(self):
        loyal = ('classify loyal { rfm(amount, floating, scale 2, groups ("up": r = 2, '
                 'otherwise "down")) of purchase }')
        rows = [[0, 2, None, 2, None, 2, None], [1, 1, None, 1, None, 1, None],
                [2, 1, 9.54166666666667, 1, 2, 1, 120.5]]
        for more in ((), ("-c", "freeze loyal")):
            run = self.shop("--mode", "jsonl", "-c", loyal, *more, "-c", "scores loyal",
                            "-c", "classify loyal", "-c", "list rfm.f of class.loyal = 2")
            out = [list(json.loads(line).values()) for line in run.out.splitlines()]
            self.assertEqual(out, rows + [["none", 2], ["up", 1], ["down", 1], ["ann"]])
        for statement in ("scores", "freeze", "scores loyal", "freeze nobody"):
            run = self.shop("-c", 'classify plain { "a": did purchase; otherwise "b" }',
                            "-c", statement, "-c", "scores plain", "-c", "freeze plain")
            self.assertEqual((run.code, run.out), (1, ""), statement)

    def test_occasions(self):
        run = self.shop("--mode", "jsonl", "-c",
                        'define occasion "days" as 2026-01-05 to 2026-01-07, 2025-12-24; occasions',
                        "-c", 'define segment "s" as did login during occasion "days"',
                        "-c", 'drop occasion "days"')
        rows = [json.loads(line) for line in run.out.splitlines()]
        self.assertEqual([list(row.values()) for row in rows],
                         [["days", "2025-12-24", "2025-12-24"],
                          ["days", "2026-01-05", "2026-01-07"]])
        self.assertEqual(run.code, 1)
        self.assertIn("error[SEG_E_IN_USE]", run.err)
        for statement in ('define occasion "d" as', 'define occasion "d" as 2026-02-30',
                          'define occasion "d" as 2026-01-02 to 2026-01-01', "define occasion",
                          'define occasion "d" as 2026-01-01,', "drop occasion \"nowhere\"",
                          'define occasion "d" as 2026-01-01 until 2026-01-02', "occasions all"):
            run = self.shop("-c", statement)
            self.assertEqual((run.code, run.out), (1, ""), statement)

    def test_explain(self):
        run = self.shop("-c", "explain did purchase and age > 30", "-c",
                        "explain analyze did purchase and age > 30")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("did purchase", run.out.replace('"', ""))
        self.assertIn("evaluate", run.out.splitlines()[-1])
        run = self.shop("--mode", "json", "-c", "explain analyze did purchase and age in top 50%")
        root = json.loads(run.out)
        whole = root["run"]
        self.assertLessEqual(root["actual"]["nanoseconds"], whole["evaluate_nanoseconds"])
        ranks = [child["actual"] for child in root["children"] if child["kind"] == "rank"]
        self.assertGreater(ranks[0]["ranked"], 0)
        self.assertLessEqual(ranks[0]["ranking_nanoseconds"],
                             whole["rank_nanoseconds"] + whole["load_nanoseconds"])

    def test_lint(self):
        run = self.shop("--mode", "jsonl", "-c", "lint age > 3 or age <= 5 or age > 3")
        self.assertEqual(run.code, 0, run.err)
        found = [json.loads(line) for line in run.out.splitlines()]
        self.assertEqual([finding["id"] for finding in found], ["any-value", "redundant"])
        self.assertEqual(found[1]["column"], 24)
        run = self.shop("-c", "lint agee > 3 and contry => 5")
        self.assertEqual(run.code, 1)
        self.assertIn("unknown-name", run.out)
        self.assertIn("syntax", run.out)
        self.assertEqual(self.shop("-c", "lint").code, 1)

    def test_sql(self):
        run = self.shop("-c", "sql duckdb did purchase and age > 30")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("e.seg_event IN ('purchase')", run.out)
        self.assertTrue(run.out.endswith(" ORDER BY u.seg_user\n"))
        bound = self.shop("--param", "n=30", "-c", "sql DuckDB did purchase and age > $n")
        self.assertEqual((bound.code, bound.out), (0, run.out), bound.err)
        run = self.shop("-c", 'sql clickhouse age > 3 or did session() at least 2 times')
        self.assertEqual((run.code, run.out), (1, ""))
        self.assertIn("SEG_E_DIALECT", run.err)
        self.assertIn("\n  |                           ^^^", run.err)
        for statement in ("sql", "sql oracle age > 3", "sql duckdb", "sql duckdb age >"):
            run = self.shop("-c", statement)
            self.assertEqual((run.code, run.out), (1, ""), statement)

    def test_why(self):
        run = self.shop("-c", "why ann in did purchase at least 2 times in last 30 days "
                              "and not did login")
        self.assertEqual(run.code, 0, run.err)
        self.same(run.out, """\
            yes  did "purchase" at least 2 times in last 30 days and did not "login"
                 changes 2026-02-09T10:00:00Z
                yes  did "purchase" at least 2 times in last 30 days
                     has 2  against at least 2  changes 2026-02-09T10:00:00Z
                     purchase 2026-01-20T10:00:00Z, purchase 2026-01-10T10:00:00Z
                yes  did not "login"
                    no   did "login"
                         has 0  against at least 1
            """)
        run = self.shop("--mode", "jsonl", "-c", "why ben in count of purchase in top 50%")
        row = json.loads(run.out)
        self.assertEqual((row["member"], row["value"]), (True, "1"))
        self.assertEqual(row["changes"], "not determined by this customer alone")
        run = self.shop("-c", 'define segment "x" as age > 30', "-c", 'why ann in segment "x"')
        self.assertTrue(run.out.startswith('yes  in segment "x"'), run.out)
        self.assertEqual(self.shop("-c", "why ann did purchase").code, 1)
        self.assertEqual(self.shop("-c", "why zed in did purchase").code, 1)

    def test_json_form(self):
        run = self.shop("-c", "json did purchase and age > $n")
        self.assertEqual(run.code, 0, run.err)
        form = json.loads(run.out)
        self.assertEqual(form["expr"]["of"][1]["right"], {"param": "n"})
        again = self.shop("--param", "n=30", "-c", "count " + run.out.strip())
        plain = self.shop("-c", "count did purchase and age > 30")
        self.assertEqual((again.code, again.out), (0, plain.out), again.err)
        run = self.shop("-c", 'count {"v": 1, "expr": {"type": "nobdy"}}')
        self.assertEqual(run.code, 1)
        self.assertIn("/expr/type", run.err)
        self.assertIn('did you mean "nobody"?', run.err)

    def test_exit_codes_of_test(self):
        self.assertEqual(self.shop("-test", "ann", "did purchase").code, 0)
        self.assertEqual(self.shop("-test", "cat", "did purchase").code, 1)
        self.assertEqual(self.shop("-test", "nobody", "did purchase").code, 1)
        run = self.shop("--test", "ann", "did purchse")
        self.assertEqual((run.code, run.out), (2, ""))
        self.assertIn("^^^^^^^", run.err)

    def test_exit_codes(self):
        self.assertEqual(self.shop("-c", "count everyone").code, 0)
        self.assertEqual(self.shop("-c", "count nonsense").code, 1)
        for args in (("--nonsense",), ("--mode", "xml"), ("--threads", "0"), ("-c",),
                     ("--errors=yaml",), ("--event", "x", "--sample", "none"),
                     ("--now", "soon"), ("--timezone", "Mars/Olympus"), ("--map", "x=y")):
            self.assertEqual(self.seg(*args).code, 2, args)
        run = self.seg("--help")
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertEqual(self.seg("-version").out.split()[0], "seg")

    def test_caret_and_hint(self):
        run = self.shop("-c", 'count did "purchase" in last 30 dasy')
        self.assertEqual((run.code, run.out), (1, ""))
        self.same(run.err, """\
            error[SEG_E_SYNTAX]: unknown unit "dasy"
              | count did "purchase" in last 30 dasy
              |                                 ^^^^ did you mean "days"?
            """)
        run = self.shop("-c", 'count did "purchase"\n  and did "lgoin"')
        self.assertIn('\n  |   and did "lgoin"\n  |           ^^^^^^^ ', run.err)
        run = self.shop("-c", "cuont everyone")
        self.same(run.err, """\
            error: unknown statement
              | cuont everyone
              | ^^^^^ count, list, test, explain, lint, json, import, ... : .help lists them
            """)
        run = self.shop("-c", "list everyone show country, nothing limit 3")
        self.assertIn("\n  |                             ^^^^^^^", run.err)
        run = self.shop("-c", "list everyone limit some")
        self.assertIn('"limit" takes a number', run.err)

    def test_long_lines_are_cut_around_the_fault(self):
        predicate = " or ".join(f"age = {i}" for i in range(200)) + " or age = ! or age = 7"
        run = self.shop("-c", "count " + predicate)
        lines = run.err.splitlines()
        self.assertLess(max(map(len, lines)), 200)
        self.assertEqual(lines[1][lines[2].index("^")], "!")

    def test_errors_as_json(self):
        run = self.shop("--errors=json", "-c", 'count did "purchase" in last 30 dasy')
        error = json.loads(run.err)
        self.assertEqual(error["code"], "SEG_E_SYNTAX")
        self.assertEqual((error["line"], error["column"], error["length"]), (1, 33, 4))
        self.assertEqual(error["hint"], 'did you mean "days"?')
        run = self.seg("--errors=json", "--events", "events.csv")
        for line in run.err.splitlines():
            json.loads(line)

    def test_color(self):
        bad = ("-c", "count nonsense")
        self.assertNotIn("\x1b", self.shop(*bad).err)
        self.assertIn("\x1b[1;31merror", self.shop("--color=always", *bad).err)

    def test_now(self):
        for now, want in (("2026-01-20", "1"), ("2026-01-31T00:00:00Z", "2"), ("latest", "2"),
                          ("2027-01-01", "0")):
            run = self.shop("--now", now, "--mode", "ids", "-c",
                            "count did purchase in last 30 days")
            self.assertEqual(run.out.strip(), want, now)
        run = self.seg("-c", "count everyone")
        self.assertIn("there are no events; --now sets another instant", run.err)

    def test_params(self):
        run = self.shop("--param", "n=25", "--param", "c=DE", "--param", "c=US", "--mode", "ids",
                        "-c", "list sum(amount) of purchase >= $n and country in $c")
        self.assertEqual(run.out.split(), ["ben"])
        run = self.shop("-c", "count age > $missing")
        self.assertIn("error[SEG_E_BOUND]", run.err)

    def test_open_names_are_warnings(self):
        run = self.shop("--open", "--mode", "ids", "-c", "count did something_new")
        self.assertEqual((run.code, run.out), (0, "0\n"))
        self.assertIn("warning", run.err)

    def test_scripts(self):
        self.write("s.seg", textwrap.dedent("""\
            -- a comment; with a semicolon
            .mode ids
            count did purchase; count did login   -- two on a line
            count (did purchase
                   or did login)
            count did purchase \\
                and did login
            count nonsense
            count did "open quote
            .nonsense
            count everyone"""))
        run = self.shop("-f", "s.seg")
        self.assertEqual(run.out.split(), ["2", "2", "3", "1", "4"])
        self.assertEqual(run.code, 1)
        self.assertEqual(run.err.count("error"), 3)
        run = self.shop("--bail", "-f", "s.seg")
        self.assertEqual(run.out.split(), ["2", "2", "3", "1"])
        run = self.shop(stdin=b".mode ids\ncount everyone\n.quit\ncount everyone\n")
        self.assertEqual(run.out.split(), ["4"])

    def test_data_from_stdin(self):
        run = self.seg("-q", "--events", "-", "--mode", "ids", "-c", "count did purchase",
                       stdin=EVENTS.encode())
        self.assertEqual(run.out, "2\n")

    def test_import_statement_quotes_and_errors(self):
        self.write("my events.csv", EVENTS)
        run = self.seg("-q", "--mode", "ids", "-c",
                       'import events "my events.csv" --skip item; count did purchase')
        self.assertEqual(run.out, "2\n")
        run = self.seg("-q", "--mode", "ids", "import", "events", "my events.csv", "--event", "x y")
        self.assertEqual(run.code, 0, run.err)
        for statement in ("import", "import events", "import things x.csv",
                          "import events events.csv --nonsense", 'import events "open',
                          "import events events.csv --type amount", "generate --users",
                          "generate --users many", "schema now", "define segment x",
                          "drop segment", "test", "test ann", "count", "explain", "list"):
            run = self.seg("-q", "-c", statement)
            self.assertEqual(run.code, 1, statement)
            self.assertIn("^", run.err, statement)

    def test_control_characters_do_not_reach_a_terminal(self):
        self.write("x.jsonl", '{"user_id":"a\\u001b[31m","x":"\\u009b1m\\u0007"}\n')
        for mode in ("table", "markdown", "line", "json"):
            run = self.seg("-q", "--users", "x.jsonl", "--mode", mode, "-c",
                           "list everyone show x")
            self.assertNotRegex(run.out, "[\x07\x1b\x9b]")

    def test_interactive_shell(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.path)
            os.execve(SEG, [SEG, "-q", "--events", "events.csv"], self.environment())
        output = b""
        # What to wait for, then what to type; Ctrl-C throws an unfinished statement away.
        steps = [(b"seg> ", b".mode ids\ncount (did purchase\nor did login)\n"),
                 (b"...> 3\r", b"count (did\n"), (b"...> ", b"\x03"),
                 (b"seg> ", b"count nonsense\n"), (b"error", b".quit\n")]
        deadline = time.monotonic() + 30
        seen = 0
        while time.monotonic() < deadline:
            ready, _, _ = select.select([terminal], [], [], 0.2)
            try:
                chunk = os.read(terminal, 4096) if ready else b""
            except OSError:
                break
            output += chunk
            if steps and steps[0][0] in output[seen:]:
                seen = len(output)
                os.write(terminal, steps.pop(0)[1])
        if steps:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(terminal)
        self.assertEqual(steps, [], output)
        self.assertIn(b"seg> ", output)
        self.assertIn(b"...> ", output)
        self.assertIn(b"\x1b[1;31merror", output)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)


class Generate(Case):
    """Made-up data."""

    def test_same_bytes_everywhere(self):
        digests = {"u.jsonl": "31cd5992c09d2b80", "u.csv": "53aa8127e62b47c4",
                   "e.csv": "21b9f76f64585ef1"}
        for users, events in (("u.jsonl", "e.csv"), ("u.csv", "e2.csv")):
            run = self.seg("generate", "--users", "500", "--events", "10000", "--seed", "42",
                           "--out-users", users, "--out-events", events)
            self.assertEqual(run.code, 0, run.err)
        for name, digest in digests.items():
            data = (self.path / name).read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest()[:16], digest, name)
        self.assertEqual((self.path / "e.csv").read_bytes(), (self.path / "e2.csv").read_bytes())

    def test_store_and_files_agree(self):
        self.seg("generate", "--users", "500", "--events", "10000", "--out-users", "u.jsonl",
                 "--out-events", "e.csv")
        questions = ("-c", "count did purchase in last 90 days", "-c",
                     'count interests has "travel"', "-c",
                     "list sum(amount) of purchase > 50 show country, age, home, birthday, plan, "
                     "signed_up, avg(amount) of purchase, count of app_open limit 50", "--mode",
                     "csv", "--now", "2026-01-01")
        direct = self.seg("-q", "-c", "generate --users 500 --events 10000", *questions)
        through = self.seg("-q", "--users", "u.jsonl", "--events", "e.csv", *questions)
        self.assertEqual(direct.code, 0, direct.err)
        self.assertEqual(direct.out, through.out)

    def test_events_are_in_order_and_counted(self):
        run = self.seg("generate", "--users", "100", "--events", "5000", "--out-events", "-")
        times = [line.split(",")[2] for line in run.out.splitlines()[1:]]
        self.assertEqual(len(times), 5000)
        keys = [text if "." in text else text.replace("Z", ".000Z") for text in times]
        self.assertEqual(keys, sorted(keys))


class Hostile(Case):
    """Input that nobody meant, and Ctrl-C."""

    def survives(self, *args, **options):
        run = self.seg(*args, **options)
        self.assertIn(run.code, (0, 1, 2), (args, run.err[-300:]))
        return run

    def test_binary_garbage(self):
        numbers = random.Random(7)
        for size in (0, 1, 10, 1000, 100000):
            garbage = bytes(numbers.randrange(256) for _ in range(size))
            for name in ("x.csv", "x.jsonl", "x.bin"):
                self.write(name, garbage)
                self.survives("-q", "--events", name, "--event", "x", "--map", "user=a")
                self.survives("-q", "--users", name, "--columns", "user_id,b")
                self.survives("-q", "-f", name)
            self.survives("-q", stdin=b"count " + garbage)

    def test_damaged_files(self):
        numbers = random.Random(11)
        for number in range(60):
            name, text = (("x.csv", EVENTS), ("x.jsonl", USERS))[number % 2]
            data = bytearray(text.encode() * 3)
            for _ in range(numbers.randrange(1, 20)):
                place = numbers.randrange(len(data))
                data[place] = numbers.choice(b'"\n,{}[]\\\x00\xff0a')
            self.write(name, bytes(data))
            self.survives("-q", "--events" if number % 2 == 0 else "--users", name, "-c",
                          "list everyone show country, age")

    def test_big_fields(self):
        self.write("x.csv", b"user_id,time,t\n" + b"a" * 1025 + b",2026-01-01,x\n"
                   b"b,2026-01-01," + b"x" * 65535 + b"\n"
                   b"c,2026-01-01," + b"x" * 65536 + b"\n"
                   b"d,2026-01-01," + b"x" * 3000000 + b"\n"
                   b'e,2026-01-01,"' + b"x\n" * 700000 + b"\n"
                   b"f,2026-01-01,x\n")
        run = self.survives("--events", "x.csv", "--event", "x", "--rejects", "r.csv", "--mode",
                            "ids", "-c", "list everyone")
        self.assertEqual(run.out.split(), ["b", "f"])
        rejected = (self.path / "r.csv").read_text()
        self.assertIn("2,the user id is longer than 1024 bytes", rejected)
        self.assertIn("4,t: it is longer than 65535 bytes", rejected)
        self.assertIn("5,a record is longer than 1 MiB", rejected)
        self.assertIn("6,a quote is not closed within 1 MiB", rejected)
        self.write("x.jsonl", b'{"user_id":"a"}\n{"user_id":"' + b"b" * (17 << 20) +
                   b'"}\n{"user_id":"c"}\n')
        run = self.survives("--users", "x.jsonl", "--mode", "ids", "-c", "list everyone")
        self.assertEqual(run.out.split(), ["a", "c"])
        self.assertIn("line 2 rejected: the line is longer than 16 MiB", run.err)

    def test_many_columns_and_deep_brackets(self):
        self.write("x.jsonl", "\n".join(json.dumps({"user_id": "a", **{f"k{i * 100 + k}": 1
                                                                        for k in range(100)}})
                                        for i in range(50)))
        run = self.survives("--users", "x.jsonl")
        self.assertIn("there are too many different columns", run.err)
        self.survives("-q", stdin=b"count " + b"(" * 5000 + b"everyone" + b")" * 5000)
        self.survives("-q", stdin=b"count " + b"not " * 100000 + b"everyone")

    def interrupted(self, process):
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS_MAX)
        self.assertEqual(process.returncode, 130, err)

    def test_interrupt_of_a_statement(self):
        self.interrupted(subprocess.Popen(
            [SEG, "-c", "generate --users 1000000 --events 200000000 --out-events /dev/null"],
            cwd=self.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))

    def test_interrupt_of_an_import(self):
        (self.path / "rows.sh").write_text(
            "echo user_id,time\nwhile :; do echo a,2026-01-01; done\n")
        source = subprocess.Popen(["sh", "rows.sh"], cwd=self.path, stdout=subprocess.PIPE)
        try:
            self.interrupted(subprocess.Popen(
                [SEG, "--events", "-", "--event", "x", "-c", "stats"], cwd=self.path,
                stdin=source.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
        finally:
            source.kill()
            source.stdout.close()
            source.wait()

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            run = subprocess.run([SEG, "-q", "--events", "events.csv", "-c", "count everyone"],
                                 cwd=self.path, stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(run.returncode, 1)


class Stores(Case):
    """Stores in files, from one run to the next."""

    def store(self, *words):
        return self.seg("-q", "--store", "crm.seg", *words)

    def count(self, *words):
        run = self.store("--mode", "ids", *words)
        self.assertEqual(run.code, 0, run.err)
        return int(run.out.split()[-1])

    def test_a_store_stays(self):
        run = self.store("--events", "events.csv", "--users", "users.jsonl",
                         "-c", 'define segment "german" as country = "DE"')
        self.assertEqual((run.code, run.err), (0, ""))
        self.assertEqual(self.count("-c", 'count did "purchase"'), 2)
        self.assertEqual(self.count("-c", 'count in segment "german"'), 2)
        # The next day's rows come to those that are there.
        self.write("more.csv", "user_id,event,time\neve,purchase,2026-02-01T10:00:00Z\n")
        self.assertEqual(self.count("--events", "more.csv", "-c", 'count did "purchase"'), 3)
        run = self.store("--mode", "jsonl", "-c", "segments", "-c", "file")
        saved, figures = map(json.loads, run.out.splitlines())
        self.assertEqual(saved, {"name": "german", "version": 1, "predicate": 'country = "DE"'})
        self.assertGreater(figures["event_bytes"], 0)
        run = self.store("--read-only", "-c", 'drop segment "german"')
        self.assertEqual(run.code, 1)
        self.assertIn("SEG_E_READ_ONLY", run.err)

    def test_what_a_store_is(self):
        self.write("numbers.csv", "user_id,event,time\n7,login,2026-01-10 10:00:00\n")
        self.assertEqual(self.store("--ids", "u64", "--timezone", "Europe/Berlin",
                                    "--events", "numbers.csv").code, 0)
        run = self.store("--mode", "jsonl", "-c", "stats", "-c", "list everyone")
        stats, row = map(json.loads, run.out.splitlines())
        self.assertEqual(stats["first_event"], "2026-01-10T09:00:00Z")
        self.assertEqual(list(row.values()), [7])
        run = self.store("--timezone", "UTC", "-c", "stats")
        self.assertEqual(run.code, 2)
        self.assertIn("time zone", run.err)

    def test_erase(self):
        self.store("--events", "events.csv", "--users", "users.jsonl")
        self.write("gone.txt", "cat\r\n\n nobody \ncat")
        run = self.store("--mode", "jsonl", "-c", 'erase ann --from gone.txt --refuse')
        self.assertEqual(run.code, 0, run.err)
        receipt = json.loads(run.out)
        self.assertEqual([receipt[name] for name in ("users_erased", "ids_unknown", "ids_refused",
                                                     "events_removed")], [2, 1, 3, 3])
        content = b"".join(path.read_bytes() for path in self.path.glob("crm.seg*"))
        for word in b"ann", b"cat", b"socks", b"vip":
            self.assertNotIn(word, content)
        self.assertIn(b"boots", content)
        # Refused, also in a later run, and counted.
        run = self.seg("--store", "crm.seg", "--events", "events.csv", "--mode", "ids",
                       "-c", "list everyone")
        self.assertEqual(run.out.split(), ["ben", "dan"])
        run = self.store("-c", "erase")
        self.assertIn("nobody is named", run.err)
        run = self.store("-c", "erase ben --all")
        self.assertIn("no option of erase", run.err)
        run = self.store("-c", "erase --from nothing.txt")
        self.assertIn("nothing.txt", run.err)
        run = self.store("--read-only", "-c", "erase ben")
        self.assertIn("SEG_E_READ_ONLY", run.err)
        self.assertEqual(self.count("-c", "count everyone"), 2)

    def test_erase_numbers(self):
        self.write("numbers.csv", "user_id,event,time\n7,login,2026-01-10 10:00:00\n"
                   "8,login,2026-01-10 10:00:00\n")
        self.store("--ids", "u64", "--events", "numbers.csv")
        run = self.store("-c", "erase seven")
        self.assertIn('"seven" is no number', run.err)
        self.assertEqual(self.store("-c", "erase 7 7").code, 0)
        self.assertEqual(self.store("--mode", "ids", "-c", "list everyone").out, "8\n")

    def test_retention(self):
        self.store("--events", "events.csv")
        run = self.store("-c", "retention 4 weeks", "-c", "retention login forever",
                         "-c", 'retention "page view" 36 hours')
        self.assertEqual((run.code, run.out, run.err), (0, "", ""))
        run = self.store("--mode", "jsonl", "-c", "retention")
        self.assertEqual([list(json.loads(line).values()) for line in run.out.splitlines()],
                         [[None, "28 days"], ["purchase", "28 days"], ["login", "forever"],
                          ["page view", "36 hours"]])
        run = self.store("--mode", "jsonl", "-c", "expire 2026-02-08T00:00:00Z")
        self.assertEqual(json.loads(run.out)["events_removed"], 1, run.err)
        self.assertEqual(self.count("-c", "count count of purchase = 1"), 2)
        run = self.store("--mode", "jsonl", "-c", "retention login usual", "-c", "expire latest",
                         "-c", "expire 2026-04-01T00:00:00Z")
        self.assertEqual([json.loads(line)["events_removed"] for line in run.out.splitlines()],
                         [0, 4], run.err)
        for words in "retention 3 months", "retention a b 3 days", "retention days", \
                     "retention 0 days", "expire", "expire soon", "expire latest now":
            run = self.store("-c", words)
            self.assertEqual(run.code, 1, words)
            self.assertIn("error", run.err)

    def test_check_and_backup(self):
        self.assertEqual(self.store("--events", "events.csv", "-c", "checkpoint",
                                    "-c", "backup copy.seg").code, 0)
        for level in "--quick", "--full", "--deep":
            run = self.seg("check", level, "copy.seg")
            self.assertEqual((run.code, run.out), (0, "copy.seg: 0 faults\n"), run.err)
        run = self.store("-c", "backup copy.seg")
        self.assertIn("SEG_E_EXISTS", run.err)
        path = self.path / "copy.seg"
        content = bytearray(path.read_bytes())
        content[66100] ^= 1
        path.write_bytes(content)
        run = self.seg("check", "--json", "copy.seg")
        self.assertEqual(run.code, 1, run.out + run.err)
        for line in run.out.splitlines():
            self.assertEqual(set(json.loads(line)), {"file", "offset", "block", "what"})
        path.write_bytes(b"no store")
        self.assertEqual(self.seg("check", "copy.seg").code, 1)
        self.assertEqual(self.seg("check", "nothing.seg").code, 3)
        self.assertEqual(self.seg("check").code, 2)
        self.assertEqual(self.seg("check", "--shallow", "copy.seg").code, 2)
        for verb in "check", "salvage", "stats":
            run = self.seg(verb, "--help")
            self.assertEqual((run.code, run.err), (0, ""))
            self.assertIn("usage: seg " + verb, run.out)

    def test_what_is_no_store(self):
        self.assertEqual(self.store("--events", "events.csv", "-c", "backup copy.seg").code, 0)
        content = (self.path / "copy.seg").read_bytes()
        (self.path / "short.seg").write_bytes(content[:-512])
        (self.path / "folder").mkdir()
        (self.path / "link").symlink_to("copy.seg")
        run = self.seg("check", "--json", "short.seg")
        self.assertEqual(run.code, 1, run.err)
        self.assertEqual(json.loads(run.out)["offset"], len(content) - 512)
        self.assertIn("cut off", self.seg("check", "short.seg").out)
        for path, said in (("folder", "is a folder"), ("link", "is a symbolic link"),
                           ("/dev/null", "is a device or a pipe"), ("x" * 300, "too long")):
            for words in (["check", path], ["stats", path], ["salvage", path, "new.seg"]):
                run = self.seg(*words)
                self.assertEqual((run.code, run.out), (3, ""), words)
                self.assertIn(said, run.err)
            run = self.seg("--store", path, "-c", "file")
            self.assertEqual((run.code, run.out), (2, ""), path)
            self.assertIn(said, run.err)

    def test_salvage_and_stats(self):
        self.assertEqual(self.store("--events", "events.csv", "--users", "users.jsonl",
                                    "-c", "checkpoint", "-c", "backup copy.seg").code, 0)
        run = self.seg("stats", "--json", "copy.seg")
        self.assertEqual(run.code, 0, run.err)
        stats = json.loads(run.out)
        self.assertEqual((stats["users"], stats["events"]), (4, 5))
        self.assertEqual(stats["file_bytes"], (self.path / "copy.seg").stat().st_size)
        self.assertIn("file_bytes", self.seg("stats", "copy.seg").out)
        self.assertEqual(self.seg("stats", "copy.seg", "more").code, 2)
        self.assertEqual(self.seg("stats", "nothing.seg").code, 3)
        run = self.seg("salvage", "--json", "copy.seg", "whole.seg")
        self.assertEqual(run.code, 0, run.err)
        report = json.loads(run.out)
        self.assertEqual((report["complete"], report["users"], report["events"]), (1, 4, 5))
        run = self.seg("--store", "whole.seg", "--mode", "ids", "-c", "count did \"purchase\"")
        self.assertEqual((run.code, run.out), (0, "2\n"), run.err)
        # Every block but the catalogue and its copy, which lie last, loses its first byte.
        path = self.path / "copy.seg"
        content = bytearray(path.read_bytes())
        blocks = [at for at in range(65536, len(content), 512) if content[at:at + 4] == b"SEGB"]
        for at in blocks[:-2]:
            content[at] ^= 1
        path.write_bytes(content)
        run = self.seg("salvage", "copy.seg", "left.seg")
        self.assertEqual(run.code, 1, run.err)
        self.assertRegex(run.out, r"(?m)^users_lost +4$")
        self.assertRegex(run.out, r"(?m)^events_lost +5$")
        self.assertEqual(path.read_bytes(), content)
        self.assertEqual(self.seg("check", "--deep", "left.seg").code, 0)
        self.assertEqual(self.seg("salvage", "copy.seg", "left.seg").code, 3)
        self.assertEqual(self.seg("salvage", "copy.seg").code, 2)
        self.assertEqual(self.seg("salvage", "--yaml", "copy.seg", "new.seg").code, 2)
        path.write_bytes(b"no store")
        self.assertEqual(self.seg("salvage", "copy.seg", "new.seg").code, 3)
        self.assertFalse((self.path / "new.seg").exists())


def main():
    global SEG
    SEG = os.path.abspath(sys.argv.pop(1))
    unittest.main()


if __name__ == "__main__":
    main()
