"""DuckDB and ClickHouse on tables of the layout of docs/sql.md, each in a process of its own.

What an engine does not answer in time, or what takes its process down, is an error of that question
alone: the process is killed, and the next question finds a new one with the same tables.
"""
import multiprocessing
import os
import struct
import tempfile

import pyarrow

LOAD_SECONDS = 120  # of tables, by an engine that may have to be started first

ARROW = {"bool": pyarrow.bool_(), "float": pyarrow.float64(), "text": pyarrow.string(),
         "int": pyarrow.int64(), "set": pyarrow.list_(pyarrow.string())}


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


def id_array(ids, numeric):
    if numeric:
        return pyarrow.array(ids, pyarrow.uint64())
    return pyarrow.array([bytes.fromhex(i) for i in ids], pyarrow.binary())


def tables(data):
    # Whoever has events is among the users, but there may be no events to see the type of ids by.
    numeric = all(isinstance(i, int) for i in data["users"]["ids"])
    users = {"seg_user": id_array(data["users"]["ids"], numeric),
             "seg_since": pyarrow.array(data["users"]["since"], pyarrow.int64())}
    for column in data["users"]["columns"]:
        users.update(column_arrays(column))
    times = data["events"]["times"]
    events = {"seg_user": id_array(data["events"]["users"], numeric),
              "seg_event": pyarrow.array(data["events"]["types"], pyarrow.string()),
              "seg_time": pyarrow.array(times, pyarrow.int64()),
              "seg_order": pyarrow.array(range(len(times)), pyarrow.int64())}
    for column in data["events"]["columns"]:
        events.update(column_arrays(column))
    return {"users": pyarrow.table(users), "events": pyarrow.table(events)}


class DuckDB:
    name = "duckdb"

    def __init__(self):
        import duckdb  # pylint: disable=import-outside-toplevel
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
        from chdb import session as chdb_session  # pylint: disable=import-outside-toplevel
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


# ---- processes ---------------------------------------------------------------------------------


def serve(kind, pipe):
    """Answer until the other end is closed; then leave without the engine's farewells."""
    engine = {made.name: made for made in (DuckDB, ClickHouse)}[kind]()
    while True:
        try:
            method, argument = pipe.recv()
        except EOFError:
            os._exit(0)
        try:
            pipe.send((getattr(engine, method)(argument), None))
        except Exception as error:  # pylint: disable=broad-except
            pipe.send((None, str(error)))


class EngineError(Exception):
    """What the engine said against a statement, or that it said nothing in time."""


class Engine:
    """The engine of that name, in a process; each question may take so many seconds."""

    def __init__(self, name, seconds):
        self.name = name
        self.seconds = seconds
        self.tables = None
        self.process = self.pipe = None

    def start(self):
        self.pipe, other = multiprocessing.Pipe()
        # A fresh process: forking one that has threads can hang in the child.
        self.process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(self.name, other), daemon=True)
        self.process.start()
        other.close()

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.process = None

    def call(self, method, argument, seconds):
        try:
            self.pipe.send((method, argument))
            if not self.pipe.poll(seconds):
                self.stop()
                raise EngineError(f"no answer within {seconds} s")
            answer, problem = self.pipe.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise EngineError("the process of the engine has ended") from error
        if problem is not None:
            raise EngineError(problem)
        return answer

    def load(self, made):
        self.tables = made
        if self.process is None:
            self.start()
        self.call("load", made, LOAD_SECONDS)

    def ask(self, sql):
        if self.process is None:
            self.load(self.tables)
        return self.call("ask", sql, self.seconds)
