"""The peers: DuckDB and ClickHouse, both inside this process, loaded from the same columns.

Both get what suits them best: dense integer numbers for users, whole seconds in 32 bits, enums for
words with few values, decimals of 32 bits for money, the table of events in two sort orders, sets
both as lists and as bit masks, stored segments as rows, as bits per user and (ClickHouse) as
bitmaps. Nothing is nullable in ClickHouse: a missing number is 0, a missing word empty.
"""
import pathlib
import shutil
import time

import numpy as np

LAYOUTS = {"events_eut": "event, u, t", "events_et": "event, t"}
EVENT_WORDS = ("category", "object", "channel", "page")
EVENT_TEXTS = ("sku", "term")
EVENT_NUMBERS = ("coupon", "seconds", "stars", "level")
USER_WORDS = ("country", "plan")


class Peer:
    """What the two have in common: a way to time one question."""

    def time(self, sql, threads, ids):
        """Seconds and the answer: a number, or the users as an array."""
        raise NotImplementedError

    def count(self, sql, threads):
        return self.time(sql, threads, False)

    def ids(self, sql, threads):
        return self.time(sql, threads, True)


def masked_array(values, known):
    """An Arrow array; where `known` is false, nothing."""
    import pyarrow
    if known.all():
        return pyarrow.array(values)
    bits = pyarrow.py_buffer(np.packbits(known, bitorder="little"))
    return pyarrow.Array.from_buffers(pyarrow.from_numpy_dtype(values.dtype), len(values),
                                      [bits, pyarrow.py_buffer(np.ascontiguousarray(values))])


def number_array(data, file):
    values = data.column(file)
    return masked_array(values, values < data.missing(file) - 1)


def words_array(data, file):
    """Codes with their dictionary, which DuckDB makes an enum of."""
    import pyarrow
    codes = number_array(data, file)
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(data.words(file)), safe=False)


def mask_lists(masks):
    """Bit masks as lists of codes: where each list begins, and all codes."""
    bits = np.unpackbits(masks.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1,
                         bitorder="little")
    rows, codes = np.nonzero(bits)
    offsets = np.zeros(len(masks) + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=len(masks)), out=offsets[1:])
    return offsets, codes.astype(np.uint8)


# ---- DuckDB ------------------------------------------------------------------------------------


class DuckDB(Peer):
    """One file with all tables."""
    name = "DuckDB"

    def __init__(self, path, fresh=False):
        import duckdb
        self.path = pathlib.Path(path)
        self.version = duckdb.__version__
        if fresh:
            for file in (self.path, pathlib.Path(f"{path}.wal")):
                file.unlink(missing_ok=True)
        self.con = duckdb.connect(str(self.path))
        self.threads = None
        self.grown = {}

    def set_threads(self, threads):
        if threads != self.threads:
            self.con.execute(f"SET threads = {threads}")
            self.threads = threads

    def time(self, sql, threads, ids):
        self.set_threads(threads)
        start = time.perf_counter()
        result = self.con.execute(sql)
        answer = result.fetchnumpy()["u"] if ids else result.fetchone()[0]
        return time.perf_counter() - start, answer

    def close(self):
        self.con.close()

    def disk(self):
        """Bytes that the file grew by with each sort order, when load() made it."""
        return self.grown

    def load(self, data, layouts=tuple(LAYOUTS)):
        """Load everything; seconds per table."""
        self.set_threads(2)
        seconds = {"users": self.load_users(data)}
        self.events_view(data)
        self.con.execute("CHECKPOINT")
        for table in layouts:
            before = self.path.stat().st_size
            start = time.perf_counter()
            self.con.execute(f"CREATE TABLE {table} AS SELECT * FROM arrived "
                             f"ORDER BY {LAYOUTS[table]}")
            self.con.execute("CHECKPOINT")
            seconds[table] = time.perf_counter() - start
            self.grown[table] = self.path.stat().st_size - before
        self.load_segments(data)
        self.con.execute("CHECKPOINT")
        return seconds

    def load_unsorted(self, data):
        """Seconds to load the events as they arrived, for the figure alone."""
        self.set_threads(2)
        self.events_view(data)
        self.con.execute("DROP TABLE IF EXISTS unsorted")
        start = time.perf_counter()
        self.con.execute("CREATE TABLE unsorted AS SELECT * FROM arrived")
        self.con.execute("CHECKPOINT")
        return time.perf_counter() - start

    def load_users(self, data):
        import pyarrow
        interests = data.column("users.interests")
        known = interests < 0xFFFFFFFE
        offsets, codes = mask_lists(np.where(known, interests, 0))
        income = data.column("users.income")
        lat, lon = data.column("users.lat"), data.column("users.lon")
        birthday = data.column("users.birthday").view("<i4")
        age = data.column("users.age")
        raw = {"u": np.arange(1, data.users + 1, dtype=np.uint32)}
        raw.update({name: words_array(data, f"users.{name}")
                    for name in USER_WORDS + ("timezone",)})
        raw["age"] = number_array(data, "users.age")
        raw["income"] = masked_array(income, income < 0xFFFFFFFE)
        raw["income_state"] = (income == 0xFFFFFFFE) + 2 * (income == 0xFFFFFFFF).astype(np.uint8)
        raw["employed"] = pyarrow.array(data.column("users.employed") == 1)
        raw["interests_mask"] = masked_array(interests, known)
        words = pyarrow.array(data.words("users.interests"))
        lists = pyarrow.ListArray.from_arrays(
            pyarrow.array(offsets, mask=np.append(~known, False)),
            pyarrow.DictionaryArray.from_arrays(codes, words))
        raw["interests"] = lists
        raw["lat"] = masked_array(lat, ~np.isnan(lat))
        raw["lon"] = masked_array(lon, ~np.isnan(lon))
        raw["signed_up"] = data.column("users.signed_up")
        raw["birthday"] = pyarrow.array(birthday, pyarrow.date32(), mask=age == 255)
        self.con.register("raw_users", pyarrow.table(raw))
        enums = []
        for name in USER_WORDS + ("timezone",):
            self.make_enum(f"{name}_enum", data.words(f"users.{name}"))
            enums.append(f"{name}::{name}_enum AS {name}")
        self.make_enum("interest_enum", data.words("users.interests"))
        enums.append("interests::interest_enum[] AS interests")
        start = time.perf_counter()
        self.con.execute(f"CREATE TABLE users AS SELECT * REPLACE ({', '.join(enums)}) "
                         "FROM raw_users ORDER BY u")
        seconds = time.perf_counter() - start
        self.con.unregister("raw_users")
        return seconds

    def events_view(self, data):
        import pyarrow
        raw = {"event": words_array(data, "events.type"), "u": data.column("events.user"),
               "t": data.column("events.time")}
        for name in EVENT_WORDS + EVENT_TEXTS:
            raw[name] = words_array(data, f"events.{name}")
        for name in ("amount",) + EVENT_NUMBERS:
            raw[name] = number_array(data, f"events.{name}")
        self.con.register("raw_events", pyarrow.table(raw))
        enums = []
        for name in ("event",) + EVENT_WORDS + EVENT_TEXTS:
            self.make_enum(f"{name}_enum",
                           data.words("events.type" if name == "event" else f"events.{name}"))
            enums.append(f"{name}::{name}_enum AS {name}")
        self.con.execute(f"""CREATE OR REPLACE TEMP VIEW arrived AS SELECT * REPLACE (
            {', '.join(enums)},
            (amount::DECIMAL(9, 0) * 0.01::DECIMAL(3, 2))::DECIMAL(9, 2) AS amount,
            coupon = 1 AS coupon) FROM raw_events""")

    def make_enum(self, name, words):
        listed = ", ".join(f"'{word}'" for word in words)
        self.con.execute(f"DROP TYPE IF EXISTS {name}")
        self.con.execute(f"CREATE TYPE {name} AS ENUM ({listed})")

    def load_segments(self, data):
        segments = data.segments()
        numbers = np.repeat(np.arange(len(segments), dtype=np.uint8),
                            [len(members) for members in segments])
        self.con.register("raw_members", {"s": numbers, "u": np.concatenate(segments)})
        self.con.execute("CREATE TABLE members AS SELECT * FROM raw_members ORDER BY s, u")
        bits = {"u": np.arange(1, data.users + 1, dtype=np.uint32)}
        bits.update({f"m{i}": column for i, column in enumerate(data.member_bits())})
        self.con.register("raw_bits", bits)
        self.con.execute("CREATE TABLE member_bits AS SELECT * FROM raw_bits ORDER BY u")


# ---- ClickHouse --------------------------------------------------------------------------------


def varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_native(path, columns, block=1 << 20):
    """ClickHouse's own columnar format: [(name, type, values)]."""
    rows = len(columns[0][2])
    with open(path, "wb") as out:
        for begin in range(0, rows, block):
            count = min(block, rows - begin)
            out.write(varint(len(columns)) + varint(count))
            for name, kind, values in columns:
                for text in (name.encode(), kind.encode()):
                    out.write(varint(len(text)) + text)
                np.ascontiguousarray(values[begin:begin + count]).tofile(out)


def enum_type(words):
    """Codes as they are in the files; a missing one, all bits set, is the empty word."""
    bits = 8 if len(words) < 128 else 16
    listed = ["'' = -1"] + [f"'{word}' = {code}" for code, word in enumerate(words)]
    return f"Enum{bits}({', '.join(listed)})", bits


class ClickHouse(Peer):
    """One folder with all tables."""
    name = "ClickHouse"

    def __init__(self, path, fresh=False):
        from chdb import session
        self.path = pathlib.Path(path)
        if fresh:
            shutil.rmtree(self.path, ignore_errors=True)
        self.session = session.Session(str(self.path))
        self.version = self.value("SELECT version()")

    def value(self, sql):
        return str(self.session.query(sql, "TSVRaw")).strip()

    def run(self, sql):
        self.session.query(sql)

    def time(self, sql, threads, ids):
        sql = f"{sql} SETTINGS max_threads = {threads}"
        start = time.perf_counter()
        answer = self.session.query(sql, "RowBinary").bytes()
        answer = np.frombuffer(answer, "<u4") if ids else int.from_bytes(answer, "little")
        return time.perf_counter() - start, answer

    def close(self):
        self.session.close()

    def disk(self):
        """Bytes of each table."""
        lines = self.value("SELECT table, sum(bytes_on_disk) FROM system.parts "
                           "WHERE active AND database = currentDatabase() GROUP BY table")
        return {table: int(size) for table, size in (line.split("\t")
                                                     for line in lines.splitlines())}

    def load(self, data, layouts=tuple(LAYOUTS)):
        self.run("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
        self.run("USE bench")
        seconds = {"users": self.load_users(data)}
        source = self.events_file(data)
        for table in layouts:
            self.create_events(data, table, LAYOUTS[table])
            start = time.perf_counter()
            self.insert_events(data, table, source)
            seconds[table] = time.perf_counter() - start
            start = time.perf_counter()
            self.run(f"OPTIMIZE TABLE {table} FINAL")
            seconds[f"{table} merged"] = time.perf_counter() - start
        source.unlink()
        self.load_segments(data)
        return seconds

    def events_file(self, data):
        path = self.path.parent / "events.native"
        columns = [("u", "UInt32", data.column("events.user")),
                   ("t", "UInt32", data.column("events.time")),
                   ("event", "Int8", data.column("events.type")),
                   ("amount", "UInt32", data.column("events.amount"))]
        for name in EVENT_WORDS + EVENT_TEXTS + EVENT_NUMBERS:
            values = data.column(f"events.{name}")
            columns.append((name, f"UInt{8 * values.dtype.itemsize}", values))
        write_native(path, columns)
        return path

    def event_select(self, data):
        parts = []
        for name in ("event",) + EVENT_WORDS:
            file = "events.type" if name == "event" else f"events.{name}"
            kind, bits = enum_type(data.words(file))
            code = f"toInt{bits}({name} = {data.missing(file)} ? -1 : {name})"
            parts.append(f"CAST({code} AS {kind}) AS {name}")
        for name in EVENT_TEXTS:
            missing = data.missing(f"events.{name}")
            parts.append(f"{name} = {missing} ? '' : words_{name}[{name} + 1] AS {name}")
        parts.append("CAST(amount = 4294967295 ? 0 : amount AS Decimal(18, 2)) / 100 AS amount")
        for name in EVENT_NUMBERS:
            missing = data.missing(f"events.{name}")
            parts.append(f"{name} = {missing} ? 0 : {name} AS {name}")
        return parts

    def create_events(self, data, table, order):
        kinds = {name: enum_type(data.words("events.type" if name == "event" else f"events.{name}"))
                 [0] for name in ("event",) + EVENT_WORDS}
        words = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        self.run(f"""CREATE TABLE {table} (u UInt32, t UInt32, {words},
            sku LowCardinality(String), term LowCardinality(String), amount Decimal(9, 2),
            coupon Bool, seconds UInt16, stars UInt8, level UInt8)
            ENGINE = MergeTree ORDER BY ({order})""")

    def insert_events(self, data, table, source):
        listed = {name: ", ".join(f"'{word}'" for word in data.words(f"events.{name}"))
                  for name in EVENT_TEXTS}
        with_words = ", ".join(f"[{words}] AS words_{name}" for name, words in listed.items())
        names = ("event",) + EVENT_WORDS + EVENT_TEXTS + ("amount",) + EVENT_NUMBERS
        self.run(f"INSERT INTO {table} (u, t, {', '.join(names)}) "
                 f"WITH {with_words} SELECT u, t, {', '.join(self.event_select(data))} "
                 f"FROM file('{source}', Native) "
                 "SETTINGS max_threads = 2, max_insert_threads = 2, max_query_size = 10000000")

    def load_users(self, data):
        path = self.path.parent / "users.native"
        mask = data.column("users.interests")
        age, income = data.column("users.age"), data.column("users.income")
        known = mask != 0xFFFFFFFF
        columns = [("u", "UInt32", np.arange(1, data.users + 1, dtype=np.uint32)),
                   ("age", "UInt8", np.where(age == 255, 0, age).astype(np.uint8)),
                   ("income", "UInt32", np.where(income >= 0xFFFFFFFE, 0, income).astype("<u4")),
                   ("employed", "UInt8", data.column("users.employed")),
                   ("interests_mask", "UInt32", np.where(known, mask, 0).astype("<u4")),
                   ("has_interests", "UInt8", known.astype(np.uint8)),
                   ("lat", "Float64", data.column("users.lat")),
                   ("lon", "Float64", data.column("users.lon")),
                   ("signed_up", "UInt32", data.column("users.signed_up"))]
        for name in USER_WORDS:
            columns.append((name, enum_type(data.words(f"users.{name}"))[0],
                            data.column(f"users.{name}")))
        write_native(path, columns)
        kinds = ", ".join(f"{name} {kind}" for name, kind, _ in columns)
        interest = enum_type(data.words("users.interests"))[0]
        self.run(f"CREATE TABLE users ({kinds}, interests Array({interest})) "
                 "ENGINE = MergeTree ORDER BY u")
        start = time.perf_counter()
        self.run("INSERT INTO users SELECT *, arrayMap(i -> CAST(toInt8(i) AS "
                 f"{interest}), bitPositionsToArray(interests_mask)) AS interests "
                 f"FROM file('{path}', Native)")
        seconds = time.perf_counter() - start
        self.run("OPTIMIZE TABLE users FINAL")
        path.unlink()
        return seconds

    def load_segments(self, data):
        segments = data.segments()
        numbers = np.repeat(np.arange(len(segments), dtype=np.uint8),
                            [len(members) for members in segments])
        path = self.path.parent / "members.native"
        write_native(path, [("s", "UInt8", numbers), ("u", "UInt32", np.concatenate(segments))])
        self.run("CREATE TABLE members (s UInt8, u UInt32) ENGINE = MergeTree ORDER BY (s, u)")
        self.run(f"INSERT INTO members SELECT * FROM file('{path}', Native)")
        self.run("OPTIMIZE TABLE members FINAL")
        self.run("CREATE TABLE bitmaps (s UInt8, b AggregateFunction(groupBitmap, UInt32)) "
                 "ENGINE = MergeTree ORDER BY s SETTINGS index_granularity = 1")
        self.run("INSERT INTO bitmaps SELECT s, groupBitmapState(u) FROM members GROUP BY s")
        self.run("OPTIMIZE TABLE bitmaps FINAL")
        columns = [("u", "UInt32", np.arange(1, data.users + 1, dtype=np.uint32))]
        columns += [(f"m{i}", "UInt64", bits) for i, bits in enumerate(data.member_bits())]
        write_native(path, columns)
        self.run("CREATE TABLE member_bits (u UInt32, m0 UInt64, m1 UInt64, m2 UInt64, "
                 "m3 UInt64) ENGINE = MergeTree ORDER BY u")
        self.run(f"INSERT INTO member_bits SELECT * FROM file('{path}', Native)")
        self.run("OPTIMIZE TABLE member_bits FINAL")
        path.unlink()
