"""Customer segments, exactly and at once: the Python face of libseg.

    import datetime as dt
    import seg

    with seg.open("shop.seg", timezone="Europe/Berlin") as store:
        store.ingest_events(orders)        # anything with __arrow_c_stream__, or a dict of columns
        store.ingest_users(customers)
        vip = store.evaluate(
            'sum(total) of "Order" in last $days days >= $spend',
            now=dt.datetime.now(dt.timezone.utc), days=90, spend=500,
        )
        print(len(vip), "u_1042" in vip)

Times are datetimes with a time zone, or microseconds since 1970 as int. Stores, snapshots, segments
and sets may be used from several threads; the lock of the interpreter is let go around the work.
"""

from __future__ import annotations

from seg import _core
from seg._class import Class, Labels
from seg._errors import (
    ArgumentError,
    ConflictError,
    CorruptError,
    CycleError,
    DataError,
    DialectError,
    InternalError,
    InterruptedCallError,
    LimitError,
    MisuseError,
    NewerFormatError,
    NotFoundError,
    OutOfMemoryError,
    ParameterError,
    PoisonedError,
    QueryError,
    QueryOverflowError,
    QuerySyntaxError,
    QueryTypeError,
    ReadOnlyError,
    RoaringError,
    SchemaError,
    SegError,
    SegmentInUseError,
    StoreBusyError,
    StoreExistsError,
    StoreFullError,
    StoreIOError,
    StoreNotFoundError,
    UnknownNameError,
)
from seg._saved import Classes, Occasions, Segments
from seg._segment import Segment
from seg._sets import Membership, Rows, Set, Snapshot
from seg._store import Appender, Store, open, salvage
from seg._types import (
    Column,
    CommitReport,
    Data,
    Definition,
    EraseReceipt,
    ExpireReport,
    Fault,
    Finding,
    Id,
    Parameter,
    ParameterValue,
    Remark,
    SalvageReport,
    Scores,
    SnapshotInfo,
    StoreStats,
    Time,
    Token,
    TypeName,
)
from seg._why import Condition, Why, WhyEvent

__all__ = [
    "Appender",
    "ArgumentError",
    "Class",
    "Classes",
    "Column",
    "CommitReport",
    "Condition",
    "ConflictError",
    "CorruptError",
    "CycleError",
    "Data",
    "DataError",
    "Definition",
    "DialectError",
    "EraseReceipt",
    "ExpireReport",
    "Fault",
    "Finding",
    "Id",
    "InternalError",
    "InterruptedCallError",
    "Labels",
    "LimitError",
    "Membership",
    "MisuseError",
    "NewerFormatError",
    "NotFoundError",
    "Occasions",
    "OutOfMemoryError",
    "Parameter",
    "ParameterError",
    "ParameterValue",
    "PoisonedError",
    "QueryError",
    "QueryOverflowError",
    "QuerySyntaxError",
    "QueryTypeError",
    "ReadOnlyError",
    "Remark",
    "RoaringError",
    "Rows",
    "SalvageReport",
    "SchemaError",
    "Scores",
    "SegError",
    "Segment",
    "SegmentInUseError",
    "Segments",
    "Set",
    "Snapshot",
    "SnapshotInfo",
    "Store",
    "StoreBusyError",
    "StoreExistsError",
    "StoreFullError",
    "StoreIOError",
    "StoreNotFoundError",
    "StoreStats",
    "Time",
    "Token",
    "TypeName",
    "UnknownNameError",
    "Why",
    "WhyEvent",
    "open",
    "salvage",
    "version",
]


__version__: str = _core.version()


def version() -> str:
    """The version of libseg at run time."""
    return _core.version()
