"""Exceptions: classes, places, hints."""

from __future__ import annotations

import pickle

import pytest

import seg
from seg import _errors
from conftest import NOW


def test_a_syntax_error_has_its_place(shop: seg.Store) -> None:
    with pytest.raises(seg.QuerySyntaxError) as caught:
        shop.compile('country = "DE" and\n  did "purchase" in last 30 dasy')
    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.code, error.name) == (-21, "SEG_E_SYNTAX")
    assert (error.line, error.column) == (2, 29)
    assert error.offset == 47 and error.length == 4
    assert str(error).startswith("2:29: ") and error.message in str(error)


def test_offsets_are_bytes_and_columns_characters(shop: seg.Store) -> None:
    with pytest.raises(seg.QueryError) as caught:
        shop.compile('country = "ÄÖÜ" and nonsense')
    assert (caught.value.offset, caught.value.column) == (23, 21)


def test_a_typo_gets_a_hint(shop: seg.Store) -> None:
    with pytest.raises(seg.UnknownNameError) as caught:
        shop.compile('did "purchaze"')
    assert "purchase" in caught.value.hint
    assert caught.value.hint in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("country = 7", seg.QueryTypeError),
        ("country", seg.QueryError),
        ("shoe = 7", seg.UnknownNameError),
        ("(" * 100 + "everyone" + ")" * 100, seg.LimitError),
        ("", seg.QuerySyntaxError),
    ],
)
def test_each_fault_has_its_class(shop: seg.Store, text: str, kind: type[seg.SegError]) -> None:
    with pytest.raises(kind):
        shop.compile(text)


def test_a_text_with_surrogates_is_no_text(shop: seg.Store) -> None:
    with pytest.raises(UnicodeEncodeError):
        shop.compile("country = \"\ud800\"")


def test_overflow_is_an_error(store: seg.Store) -> None:
    store.ingest_events({"user_id": ["a", "a"], "time": [0, 1], "n": [2**62, 2**62]}, event="e")
    with pytest.raises(seg.QueryOverflowError):
        store.count('sum(n) of "e" > 0', now=NOW)


def test_every_status_has_a_class() -> None:
    for code in [-1, -2, -3, -4, -21, -26, -41, -45, -61, -62, -63, -81, -82, -101]:
        error = _errors.make_error(code, "m", "h", -1, 0, 0, 0, 0)
        assert type(error) is not seg.SegError
        assert error.name.startswith("SEG_E_")
        assert error.offset is None and error.line is None
    # Numbers of later versions: their block tells.
    assert type(_errors.make_error(-39, "m", "", 3, 0, 0, 0, 0)) is seg.QueryError
    assert type(_errors.make_error(-59, "m", "", -1, 0, 7, 0, 0)) is seg.DataError
    assert type(_errors.make_error(-119, "m", "", -1, 0, 0, 0, 0)) is seg.InternalError


def test_builtin_bases_fit() -> None:
    assert issubclass(seg.OutOfMemoryError, MemoryError)
    assert issubclass(seg.NotFoundError, KeyError)
    assert issubclass(seg.MisuseError, RuntimeError)
    assert issubclass(seg.DataError, ValueError)


def test_errors_cross_processes() -> None:
    error = _errors.make_error(-22, "no such event", "did you mean", 4, 8, 1, 5, 0)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is seg.UnknownNameError
    assert again.__dict__ == error.__dict__ and str(again) == str(error)
