"""What tests with a shop ask (tests/support/shop.h), as documents like those of tests/api/cases.

A test program writes a journal of what it gives its stores and asks of them. Each run of questions
about the same data becomes one document, with what was defined until then.
"""
import datetime
import json
import os
import re
import subprocess
import tempfile

EPOCH = datetime.date(1970, 1, 1)
SECONDS_MAX = 120
VALUE = re.compile(r"(\S+?)=('[^']*'|\S*)")


def parsed(text):
    """(type, value) of a value as shop.h has it; without a type for null."""
    if text == "null":
        return None, None
    if text in ("true", "false"):
        return "bool", text == "true"
    if text[:1] == "@":
        return ("timestamp" if "T" in text else "date"), text[1:]
    if text[:1] == "(":
        return "geo", [float(part) for part in text[1:-1].split(",")]
    if text[:1] == "[":
        return "set", [part for part in text[1:-1].split(",") if part]
    if re.fullmatch(r"-?\d.*f", text):
        return "float64", float(text[:-1])
    if re.fullmatch(r"-?\d+", text):
        return "int64", int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return "decimal(2)", text
    return "string", text.strip("'")


def merge(texts, kinds, row):
    for name, text in VALUE.findall(texts):
        kind, value = parsed(text)
        if kind is not None:
            kinds[name] = kind
        kinds.setdefault(name, "string")
        row[name] = value


class Shop:
    """One store of the journal."""

    def __init__(self, zone):
        self.doc = {"timezone": zone, "week_start": "monday", "id_kind": "bytes", "now": "",
                    "attributes": {}, "event_types": {}, "events": [], "definitions": []}
        self.users = {}
        self.occasions = {}
        self.checks = []
        self.remembers = False

    def flush(self):
        """The questions since the last change, if there are any."""
        if self.checks and not self.remembers:
            definitions = [f'define occasion "{name}" as ' + ", ".join(ranges)
                           for name, ranges in self.occasions.items()]
            yield {**self.doc, "users": list(self.users.values()), "checks": self.checks,
                   "definitions": definitions + self.doc["definitions"]}
        self.checks = []

    def history(self, _values):
        """Tables have what is, not what was: such a store is left out."""
        self.remembers = True

    def since(self, *_row):
        pass

    def user(self, name, values=""):
        merge(values, self.doc["attributes"], self.users.setdefault(name, {"id": name}))

    def event(self, user, event, time, values):
        row = {"user": user, "event": event, "time": time, "properties": {}}
        self.user(user)
        merge(values, self.doc["event_types"].setdefault(event, {}), row["properties"])
        self.doc["events"].append(row)

    def occasion(self, name, first, last):
        days = [str(EPOCH + datetime.timedelta(days=int(day))) for day in (first, last)]
        self.occasions.setdefault(name, []).append(" to ".join(days))

    def define(self, name, text):
        self.doc["definitions"].append(f"define segment {json.dumps(name)} as {text}")

    def ask(self, now, text, expected):
        self.checks.append({"where": text, "now": now, "ids": expected.split()})

    def classify(self, name, labels):
        self.doc["definitions"].append(f"classify {name} {{ {labels} }}")


def documents(programs):
    for program in programs:
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
            subprocess.run([program], check=True, capture_output=True, timeout=SECONDS_MAX,
                           env={**os.environ, "SEG_SHOP_JOURNAL": file.name, "CK_FORK": "no"})
            shop = None
            for line in file.read().decode().splitlines():
                call, *texts = json.loads(line)
                if call != "ask" and shop is not None:
                    yield from shop.flush()
                if call == "open":
                    shop = Shop(*texts)
                else:
                    getattr(shop, call)(*texts)
            if shop is not None:
                yield from shop.flush()
