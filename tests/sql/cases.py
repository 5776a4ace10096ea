"""The conformance cases of tests/api/cases as tables and statements: what run.py's own data is."""
import datetime
import decimal
import json
import pathlib
import sys
import tempfile

import journal

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from test_cases import Case, beyond_the_command_line  # pylint: disable=wrong-import-position

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TYPES = {"bool": "bool", "float64": "float", "string": "text", "set": "set", "geo": "place"}
SET, NULL, ABSENT = 0, 1, 2
SINCE_EVER = -62135596800000000


def instant(text):
    since = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH
    return since // datetime.timedelta(microseconds=1)


def value(kind, given):
    """As the layout has it."""
    if given is None:
        return None
    if kind == "timestamp":
        return instant(given)
    if kind == "date":
        return (datetime.date.fromisoformat(given) - EPOCH.date()).days
    if kind.startswith("decimal"):
        scale = int(kind.removeprefix("decimal(").removesuffix(")"))
        return int(decimal.Decimal(given).scaleb(scale))
    if kind == "geo":
        return [round(part * 10**7) for part in given]
    return given


def columns(kinds, rows):
    for name, kind in kinds.items():
        yield {"name": name, "type": TYPES.get(kind, "int"),
               "values": [value(kind, row.get(name)) for row in rows],
               "states": [SET if row.get(name) is not None else NULL if name in row else ABSENT
                          for row in rows]}


def shared_kinds(event_types):
    """Properties that have one type wherever they are; the others have no column."""
    kinds = {}
    for properties in event_types.values():
        for name, kind in properties.items():
            kinds.setdefault(name, set()).add(kind)
    return {name: found.pop() for name, found in kinds.items() if len(found) == 1}


def statement(case, check, dialect):
    week = "using week sunday: " if case.sunday else ""
    text = f"sql {dialect} {week}{check['where']}"
    out, errors = case.run([*case.setup, text], check.get("now", case.doc["now"]),
                           check.get("params", {}))
    if not errors:
        return {"sql": out.strip()}
    kind = "refused" if errors[0].get("code") == "SEG_E_DIALECT" else "failed"
    return {kind: errors[0]["message"]}


def asked(case, ids):
    """The checks of members, in order with what is defined and dropped between them."""
    for check in case.doc["checks"]:
        if "define" in check or "drop" in check:
            case.check(check)
        elif "ids" in check and "where" in check and not beyond_the_command_line(check):
            yield {"text": check["where"], "now": check.get("now", case.doc["now"]),
                   "members": [ids.index(i) for i in check["ids"]],
                   "duckdb": statement(case, check, "duckdb"),
                   "clickhouse": statement(case, check, "clickhouse")}


def document(case):
    """The case in the form that export_sql.c writes."""
    doc = case.doc
    # Ids are hexadecimal digits there. Events arrive by type.
    id_of = (lambda i: i) if doc["id_kind"] == "u64" else (lambda i: i.encode().hex())
    events = [event for kind in doc["event_types"] for event in doc["events"]
              if event["event"] == kind]
    ids = [user["id"] for user in doc["users"]]
    return {"users": {"ids": [id_of(i) for i in ids], "since": [SINCE_EVER] * len(ids),
                      "columns": list(columns(doc["attributes"], doc["users"]))},
            "events": {"users": [id_of(event["user"]) for event in events],
                       "types": [event["event"] for event in events],
                       "times": [instant(event["time"]) for event in events],
                       "columns": list(columns(shared_kinds(doc["event_types"]),
                                               [event.get("properties", {})
                                                for event in events]))},
            "checks": list(asked(case, ids))}


def documents(seg, use_cases):
    """The files of cases, and what the programs of the use cases ask (journal.py)."""
    for path in sorted((ROOT / "tests" / "api" / "cases").glob("*.json")):
        with tempfile.TemporaryDirectory() as folder:
            yield document(Case(seg, path, pathlib.Path(folder)))
    for doc in journal.documents(use_cases):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "case.json"
            path.write_text(json.dumps(doc), encoding="utf-8")
            case = Case(seg, path, pathlib.Path(folder))
            case.setup += doc["definitions"]
            yield document(case)
