"""Tables of pyarrow, polars, pandas and DuckDB go in and come out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import seg
from conftest import JANUARY_1, NOW, fill

USERS = {
    "user_id": ["ann", "ben", "cat"],
    "country": ["DE", None, "FR"],
    "seats": [3, 12, None],
    "joined": [JANUARY_1, None, JANUARY_1 + dt.timedelta(days=1)],
}
LATER = dt.datetime(2100, 1, 1, tzinfo=dt.timezone.utc)
SELECTED = {
    "user_id": ["ann", "ben"],
    "country": ["DE", "DE"],
    "spent": [40.45, 120.0],
}


def check_users(store: seg.Store) -> None:
    assert len(store.snapshot().everyone()) == 3
    assert store.evaluate('country = "DE"', now=NOW).ids() == ["ann"]
    assert store.evaluate("country is null", now=NOW).ids() == ["ben"]
    assert store.evaluate("seats > 5", now=NOW).ids() == ["ben"]
    assert store.evaluate("joined = 2026-01-01T00:00Z", now=NOW).ids() == ["ann"]


def rows_of(store: seg.Store) -> seg.Rows:
    """Buyers of Germany and what they spent, decimals as DuckDB and others have them."""
    members = store.evaluate('country = "DE"', now=NOW)
    return members.select("country", spent='sum(amount) of "purchase"')


def plain(table: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {**table, "spent": [float(value) for value in table["spent"]]}


# ---- pyarrow


def test_pyarrow_tables_go_in(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(USERS)
    assert store.ingest_users(table).rows_applied == 3
    check_users(store)
    # In slices, with dictionaries and views, chunk by chunk.
    odd = pa.table(
        {
            "user_id": pa.chunked_array([["x", "ann"], ["ben"], ["cat", "y"]]).slice(1, 3),
            "country": pa.array(["DE", None, "FR"]).dictionary_encode(),
            "seats": pa.array([3, 12, None], pa.uint16()),
            "joined": pa.array(USERS["joined"], pa.timestamp("ns", "Europe/Berlin")),
            "note": pa.array(["short", "a text longer than twelve", None], pa.string_view()),
            "money": pa.array([1, 2, 3], pa.decimal128(38, 2)),
            "tags": pa.array([["a", "b"], [], None], pa.list_(pa.large_string())),
        }
    )
    with seg.open() as other:
        assert other.ingest_users(odd).users_added == 3
        check_users(other)
        assert other.evaluate('note = "a text longer than twelve"', now=NOW).ids() == ["ben"]
        assert other.evaluate("money = 2", now=NOW).ids() == ["ben"]
        assert other.evaluate('tags has "b"', now=NOW).ids() == ["ann"]
        assert other.ingest_users(odd.to_batches()[0]).users_added == 0


def test_pyarrow_takes_results(shop: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    rows = rows_of(shop)
    table = pa.table(rows)
    assert table.schema.names == rows.columns
    assert str(table.schema.field("spent").type) == "decimal128(19, 2)"
    assert plain(table.to_pydict()) == SELECTED
    table.validate(full=True)
    # A second reader gets a stream of its own; a set alone is its ids.
    assert pa.table(rows).equals(table)
    assert pa.table(rows_of(shop)._set).column(0).to_pylist() == ["ann", "ben"]
    reader = pa.RecordBatchReader.from_stream(shop.snapshot().everyone().select(batch_rows=2))
    assert [batch.num_rows for batch in reader] == [2, 2, 1]


def test_every_type_goes_round(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(
        {
            "user_id": ["ann", "ben", "cat"],
            "flag": [True, False, None],
            "n": [-1, 2**62, None],
            "x": [0.5, None, -1e300],
            "d": pa.array([1, None, -3], pa.decimal128(19, 4)),
            "s": pa.array(["", "ä", None], pa.large_string()),
            "t": pa.array([0, -1, None], pa.timestamp("us", "UTC")),
            "day": pa.array([0, -1, None], pa.date32()),
            "place": pa.array(
                [{"lat": 1.5, "lon": -2.5}, None, {"lat": 0.0, "lon": 0.0}],
                pa.struct({"lat": pa.float64(), "lon": pa.float64()}),
            ),
            "tags": pa.array([["a", "b"], [], None], pa.large_list(pa.large_string())),
        }
    )
    store.ingest_users(table)
    names = table.schema.names[1:]
    back = pa.table(store.evaluate("everyone", now=NOW).select(*names))
    back.validate(full=True)
    for name in names:
        assert back.column(name).type == table.column(name).type, name
        assert back.column(name).to_pylist() == table.column(name).to_pylist(), name


def test_naive_timestamps_are_of_a_zone() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user_id": ["a"], "t": pa.array([0], pa.timestamp("ms"))})
    for options, wanted in [({}, "1969-12-31T23:00Z"), ({"timezone": "UTC"}, "1970-01-01T00:00Z")]:
        with seg.open(timezone="Europe/Berlin") as store:
            store.ingest_users(table, **options)  # type: ignore[arg-type]
            assert store.count(f"t = {wanted}", now=NOW) == 1


def test_types_without_counterpart(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user_id": ["a"], "odd": pa.array([1], pa.duration("s"))})
    with pytest.raises(seg.SchemaError, match='"odd"'):
        store.ingest_users(table)
    assert store.ingest_users(table, skip_unsupported=True).rows_applied == 1


def test_commits_in_portions(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"user_id": [str(i) for i in range(10)], "time": list(range(10))})
    batches = table.to_batches(max_chunksize=2)
    for rows, commits in [(0, 1), (1, 5), (4, 3), (None, 1)]:
        with seg.open() as one:
            report = one.ingest_events(
                pa.Table.from_batches(batches), event="e", commit_rows=rows
            )
            assert (report.rows_applied, report.commit_sequence) == (10, commits)


def test_a_failing_stream(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    schema = pa.schema({"user_id": pa.string()})

    def batches() -> Any:
        yield pa.record_batch({"user_id": ["a"]})
        raise ValueError("the source broke")

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(seg.StoreIOError, match="the source broke") as caught:
        store.ingest_users(reader)
    assert caught.value.os_errno
    assert len(store.snapshot().everyone()) == 0


def test_a_stream_that_was_read_is_refused(store: seg.Store) -> None:
    class Twice:
        def __init__(self) -> None:
            self.capsule = seg._core.columns_stream({"user_id": ["a"]})

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.capsule

    data = Twice()
    store.ingest_users(data)
    with pytest.raises(seg.ArgumentError, match="released"):
        store.ingest_users(data)

    class Wrong:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return "stream"

    with pytest.raises(TypeError, match="stream"):
        store.ingest_users(Wrong())


# ---- polars, pandas, DuckDB


def test_polars_both_ways(store: seg.Store) -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(USERS).with_columns(pl.col("country").cast(pl.Categorical))
    assert store.ingest_users(frame).rows_applied == 3
    check_users(store)
    with seg.open() as other:
        fill(other)
        result = pl.DataFrame(rows_of(other))
        assert plain(result.to_dict(as_series=False)) == SELECTED
        assert pl.DataFrame(other.snapshot().everyone()).height == 5


def test_pandas_both_ways(store: seg.Store) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(USERS).astype({"seats": "Int64"})
    if not hasattr(frame, "__arrow_c_stream__"):
        pytest.skip("this pandas has no Arrow stream")
    assert store.ingest_users(frame).rows_applied == 3
    check_users(store)
    if not hasattr(pd.DataFrame, "from_arrow"):
        pytest.skip("this pandas does not read Arrow streams")
    with seg.open() as other:
        fill(other)
        result = pd.DataFrame.from_arrow(rows_of(other))
        assert plain(result.to_dict("list")) == SELECTED


def test_duckdb_both_ways(store: seg.Store) -> None:
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    relation = connection.sql(
        "select 'u' || i as user_id,"
        " timestamptz '2026-01-01 00:00:00Z' + interval (i) hour as time,"
        " case when i % 2 = 0 then 'view' else 'buy' end as event,"
        " (i * 1.25)::decimal(10, 2) as total from range(5000) t(i)"
    )
    report = store.ingest_events(relation)
    assert report.rows_applied == 5000
    assert store.count('did "buy" where (total > 100)', now=LATER) == 2460
    rows = store.evaluate('did "buy"', now=LATER).select(total='sum(total) of "buy"')
    try:
        answer = connection.sql("select count(*), sum(total)::double from rows").fetchall()
    except duckdb.Error:
        pa = pytest.importorskip("pyarrow")
        table = pa.table(rows)
        answer = connection.sql("select count(*), sum(total)::double from table").fetchall()
    assert answer == [(2500, sum(i * 1.25 for i in range(1, 5000, 2)))]


# ---- results in general


def test_select_checks_at_once(shop: seg.Store) -> None:
    members = shop.evaluate("everyone", now=NOW)
    with pytest.raises(seg.UnknownNameError, match="city"):
        members.select("city")
    with pytest.raises(seg.QueryError):
        members.select(spent="sum(amount) of")
    with pytest.raises(ValueError, match="now="):
        shop.snapshot().everyone().select("country")
    rows = shop.snapshot().everyone().select("country", now=NOW, id_name="customer", threads=2)
    assert len(rows) == 5 and rows.columns == ["customer", "country"]
    assert repr(rows) == "<seg.Rows 5 x customer, country>"
    with pytest.raises(seg.ArgumentError):
        members.select(batch_rows=2**30)


def test_ids_that_are_no_text(store: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    store.ingest_users({"user_id": [b"\xff"]})
    everyone = store.snapshot().everyone()
    with pytest.raises(Exception, match="UTF-8"):
        pa.table(everyone)
    table = pa.table(everyone.select(binary_ids=True))
    assert table.column(0).to_pylist() == [b"\xff"]


def test_integer_ids_come_out(numbers: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(numbers.evaluate("even", now=NOW))
    assert table.column(0).type == pa.uint64()
    assert table.column(0).to_pylist() == list(range(0, 1000, 20))
