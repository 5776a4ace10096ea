#!/usr/bin/env python3
"""Run the conformance cases of tests/api/cases with the program seg.

    test_cases.py SEG FOLDER

SEG is the program, FOLDER has the cases; its README.md describes their form. Each check is a run of
its own: files of users and events go in, ids, values and errors as JSON come out.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

SECONDS_MAX = 120
TYPES = {"timestamp": "timestamp", "date": "date", "bool": "bool", "int64": "int64",
         "float64": "float64", "string": "string", "set": "set(|)"}


class Case:
    """One file of cases, its data written for the program to import."""

    def __init__(self, seg, path, folder):
        self.seg = seg
        self.folder = folder
        self.doc = json.loads(path.read_text(encoding="utf-8"))
        doc = self.doc
        self.arguments = ["-q", "--errors=json", "--mode", "json", "--strict",
                          "--timezone", doc["timezone"], "--ids", doc["id_kind"]]
        users = [self.row({"user_id": user["id"]}, user, doc["attributes"])
                 for user in doc["users"]]
        self.write("users.jsonl", users)
        self.arguments += ["--users", "users.jsonl", *self.types(doc["attributes"])]
        # A file for each event type, because a property may have different types in two of them.
        for number, (event, properties) in enumerate(doc["event_types"].items()):
            rows = [self.row({"user_id": row["user"], "time": row["time"]},
                             row.get("properties", {}), properties)
                    for row in doc["events"] if row["event"] == event]
            name = f"events{number}.jsonl"
            self.write(name, rows)
            self.arguments += ["--events", name, "--event", event, *self.types(properties)]
        self.sunday = doc["week_start"] == "sunday"
        self.setup = [
            *(f"define occasion {json.dumps(name)} as "
              + ", ".join(f"{first} to {last}" for first, last in ranges)
              for name, ranges in doc.get("occasions", {}).items()),
            *(f"define segment {json.dumps(name)} as {text}"
              for name, text in doc.get("segments", {}).items()),
            *(f"classify {json.dumps(name)} {{ {text} }}"
              for name, text in doc.get("classes", {}).items())]

    @staticmethod
    def types(columns):
        out = []
        for name, kind in columns.items():
            if kind != "geo":
                out += ["--type", f"{name}={TYPES.get(kind, kind)}"]
        return out

    @staticmethod
    def row(start, values, kinds):
        """A line of JSON; decimals are numbers there."""
        fields = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in start.items()]
        for name, value in values.items():
            if name == "id":
                continue
            if kinds[name] == "decimal(2)" and value is not None:
                text = value
            elif kinds[name] == "geo" and value is not None:
                text = json.dumps({"lat": value[0], "lon": value[1]})
            else:
                text = json.dumps(value)
            fields.append(f"{json.dumps(name)}:{text}")
        return "{" + ",".join(fields) + "}\n"

    def write(self, name, rows):
        (self.folder / name).write_text("".join(rows), encoding="utf-8")

    def run(self, statements, now, params):
        arguments = [*self.arguments, "--now", now]
        for name, value in params.items():
            for element in value if isinstance(value, list) else [value]:
                text = element if isinstance(element, str) else json.dumps(element)
                arguments += ["--param", f"{name}={text}"]
        for statement in statements:
            arguments += ["-c", statement]
        done = subprocess.run([self.seg, *arguments], cwd=self.folder, capture_output=True,
                              timeout=SECONDS_MAX, check=False)
        errors = [json.loads(line) for line in done.stderr.decode().splitlines() if line]
        return done.stdout.decode(), [e for e in errors if e["level"] == "error"]

    def check(self, check):
        """What is wrong with the answer; "" if nothing is."""
        lead = ""
        if "drop" in check:
            statement = f"drop segment {json.dumps(check['drop'])}"
        elif "define" in check:
            statement = f"define segment {json.dumps(check['define'])} as {check['where']}"
        elif "class" in check:
            statement = f"classify {json.dumps(check['class'])}"
        elif "lint" in check:
            return self.check_lint(check)
        elif "value" in check:
            lead = f"list {check.get('of', 'everyone')} show "
            statement = f"{lead}{check['value']} as answer"
        else:
            # The program has no option for the first day of weeks, but a predicate can say it.
            lead = "list using week sunday: " if self.sunday else "list "
            statement = lead + check["where"]
        out, errors = self.run([*self.setup, statement], check.get("now", self.doc["now"]),
                               check.get("params", {}))
        if "define" in check or "drop" in check:
            if not errors:
                self.setup.append(statement)
        if "error" in check:
            return self.compare_error(check, statement, len(lead.encode()), errors)
        if errors:
            return f"{errors[0].get('code')}: {errors[0]['message']}"
        if "ids" in check:
            ids = [row["id"] for row in json.loads(out)]
            if ids != check["ids"]:
                return f"{ids} instead of {check['ids']}"
        if "labels" in check:
            counts = {row["label"]: row["count"] for row in json.loads(out)}
            if counts != {label: len(ids) for label, ids in check["labels"].items()}:
                return f"{counts}"
        if "values" in check:
            values = [row["answer"] for row in json.loads(out)]
            if len(values) != len(check["values"]):
                return f"{len(values)} rows"
            for got, wanted in zip(values, check["values"]):
                if not self.same(got, wanted, check["type"]):
                    return f"{got!r} instead of {wanted!r}"
        return ""

    def check_lint(self, check):
        """The program tells no lengths; places are lines and columns of the predicate."""
        out, _ = self.run([*self.setup, f"lint {check['lint']}"], self.doc["now"], {})
        got = [(f["level"], f["id"], f["line"], f["column"]) for f in json.loads(out or "[]")]
        wanted = []
        for finding in check["findings"]:
            before = check["lint"].encode()[:finding["offset"]].decode().split("\n")
            wanted.append((finding["level"], finding["id"], len(before), len(before[-1]) + 1))
        return "" if got == wanted else f"{got} instead of {wanted}"

    @staticmethod
    def same(got, wanted, kind):
        if got is None or wanted is None:
            return got is wanted
        if kind == "set":
            return sorted(got) == sorted(wanted)
        if kind == "geo":
            return all(abs(a - b) < 1e-7 for a, b in zip(got, wanted))
        if kind.startswith("decimal"):
            return abs(float(got) - float(wanted)) < 1e-9
        if kind == "float64":
            return abs(got - wanted) <= 1e-12 * abs(wanted)
        if kind == "timestamp":
            return got.replace(".000000", "") == wanted
        return got == wanted

    @staticmethod
    def compare_error(check, statement, lead, errors):
        if not errors:
            return f"no {check['error']}"
        error = errors[0]
        if error.get("code") != check["error"]:
            return f"{error.get('code')} instead of {check['error']}: {error['message']}"
        if "offset" in check:
            lines = statement.split("\n")
            before = "\n".join([*lines[:error["line"] - 1],
                                lines[error["line"] - 1][:error["column"] - 1]])
            place = len(before.encode()) - lead, error["length"]
            if place != (check["offset"], check["length"]):
                return f"{place} instead of {check['offset'], check['length']}"
        return ""


def beyond_the_command_line(check):
    """There is no way to write an empty list, and parameters are those of the whole run, so that
    a statement need not use all of them."""
    params = check.get("params", {})
    return [] in params.values() or any("$" + name not in check["where"] for name in params)


def main():
    seg, cases = sys.argv[1:]
    seg = str(pathlib.Path(seg).resolve())
    passed = failed = 0
    for path in sorted(pathlib.Path(cases).glob("*.json")):
        with tempfile.TemporaryDirectory() as folder:
            case = Case(seg, path, pathlib.Path(folder))
            for check in case.doc["checks"]:
                if beyond_the_command_line(check):
                    continue
                wrong = case.check(check)
                passed += not wrong
                failed += bool(wrong)
                if wrong:
                    print(f"{path.name}: {json.dumps(check, ensure_ascii=False)}\n    {wrong}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
