"""Exceptions: one class per kind of failure, with the place and the hint of the library."""

from __future__ import annotations


class SegError(Exception):
    """Base of everything that libseg refuses."""

    code: int
    """The status, such as -21."""
    name: str
    """The name of the status, such as ``SEG_E_SYNTAX``."""
    message: str
    hint: str
    """What to do about it, or ``""``."""
    offset: int | None
    """First offending byte of the predicate (UTF-8), or None."""
    length: int
    """Bytes that the fault covers, 0 if unknown."""
    line: int | None
    """1-based line of the predicate, or row of the data, or None."""
    column: int | None
    """1-based column of the predicate in characters, or None."""
    os_errno: int | None
    """The error code behind an input or output failure, or None."""

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        name: str = "",
        hint: str = "",
        offset: int | None = None,
        length: int = 0,
        line: int | None = None,
        column: int | None = None,
        os_errno: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.name = name
        self.message = message
        self.hint = hint
        self.offset = offset
        self.length = length
        self.line = line
        self.column = column
        self.os_errno = os_errno

    def __str__(self) -> str:
        where = ""
        if self.line is not None and self.column is not None:
            where = f"{self.line}:{self.column}: "
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"

    def __reduce__(self) -> tuple[object, ...]:
        state = {key: value for key, value in self.__dict__.items() if key != "message"}
        return (_rebuild, (type(self), self.message, state))


def _rebuild(cls: type[SegError], message: str, state: dict[str, object]) -> SegError:
    error = cls(message)
    error.__dict__.update(state)
    return error


class ArgumentError(SegError, ValueError):
    """An argument is out of range or contradicts another one."""


class ParameterError(SegError, ValueError):
    """A parameter of a predicate is missing, unknown or of the wrong type."""


class MisuseError(SegError, RuntimeError):
    """A call in the wrong state, for example on a closed store."""


class QueryError(SegError, ValueError):
    """Base of what can be wrong with a predicate."""


class QuerySyntaxError(QueryError):
    """The text does not follow the grammar."""


class UnknownNameError(QueryError):
    """No such event, property, attribute, segment or time zone."""


class QueryTypeError(QueryError):
    """Operands whose types do not fit together."""


class CycleError(QueryError):
    """Saved segments that refer to each other in a circle."""


class QueryOverflowError(QueryError):
    """A sum or product that does not fit 64 bits."""


class SegmentInUseError(QueryError):
    """Other definitions refer to the segment, class or occasion to be dropped."""


class DialectError(QueryError):
    """A dialect of SQL cannot say a condition."""


class DataError(SegError, ValueError):
    """A row, id, time or value is not acceptable; ``line`` is the 1-based row."""


class SchemaError(DataError):
    """A column's type differs from what the store has, or has no counterpart."""


class RoaringError(DataError):
    """Bytes that are not a valid roaring bitmap."""


class NotFoundError(SegError, KeyError):
    """No such column, saved segment or other named thing."""


class StoreNotFoundError(NotFoundError, FileNotFoundError):
    """There is no such file, and it was not to be made."""

    @classmethod
    def of(cls, error: NotFoundError) -> StoreNotFoundError:
        """The same error, as one about a file."""
        made = cls(error.message)
        made.__dict__.update(error.__dict__)
        return made


class ConflictError(DataError):
    """An event id seen before with another content."""


class OutOfMemoryError(SegError, MemoryError):
    """There is no memory; nothing has happened."""


class LimitError(SegError):
    """A documented limit or a budget would be exceeded."""


class InterruptedCallError(SegError):
    """The call was interrupted."""


class StoreFullError(LimitError, OSError):
    """No space on the medium, or a quota or the largest size of a file is reached."""


class StoreIOError(SegError, OSError):
    """The operating system, or a stream that was read, reported an error."""


class CorruptError(SegError):
    """Bytes of a store that fail their checks."""


class StoreBusyError(StoreIOError):
    """The store is open elsewhere, in this process or another."""


class PoisonedError(StoreIOError):
    """A write failed midway: reading goes on, for writing close the store and open it again."""


class ReadOnlyError(StoreIOError):
    """A store opened for reading, or a medium that takes no writes."""


class NewerFormatError(SegError):
    """A file that a later version of the library, or a fuller build, has written."""


class StoreExistsError(SegError, FileExistsError):
    """A file that was to be made is there already."""


class InternalError(SegError):
    """A fault of the library; please report it."""


_CLASSES: dict[int, type[SegError]] = {
    -1: ArgumentError,
    -2: ArgumentError,
    -3: MisuseError,
    -4: ParameterError,
    -5: MisuseError,
    -21: QuerySyntaxError,
    -22: UnknownNameError,
    -23: QueryTypeError,
    -24: CycleError,
    -25: QueryOverflowError,
    -26: SegmentInUseError,
    -27: DialectError,
    -41: DataError,
    -42: SchemaError,
    -43: RoaringError,
    -44: NotFoundError,
    -45: ConflictError,
    -61: OutOfMemoryError,
    -62: LimitError,
    -63: InterruptedCallError,
    -64: StoreFullError,
    -81: StoreIOError,
    -82: CorruptError,
    -83: StoreBusyError,
    -84: PoisonedError,
    -85: ReadOnlyError,
    -86: NewerFormatError,
    -87: StoreExistsError,
}

# A later library may have more statuses than this file knows; their block tells what they are.
_BLOCKS: dict[int, type[SegError]] = {
    0: ArgumentError,
    1: QueryError,
    2: DataError,
    3: LimitError,
    4: StoreIOError,
}


def make_error(
    code: int,
    message: str,
    hint: str,
    offset: int,
    length: int,
    line: int,
    column: int,
    os_errno: int,
) -> SegError:
    """The exception of a failed call; the extension calls this with the fields of seg_error."""
    from seg import _core

    cls = _CLASSES.get(code) or _BLOCKS.get((-code - 1) // 20, InternalError)
    error = cls(
        message,
        code=code,
        name=_core.status_name(code),
        hint=hint,
        offset=offset if offset >= 0 else None,
        length=length,
        line=line or None,
        column=column or None,
        os_errno=os_errno or None,
    )
    if isinstance(error, OSError) and os_errno:
        error.errno = os_errno
    return error
