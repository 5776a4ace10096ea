"""JSON, lint, why, SQL, and what is saved under names."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import MutableMapping

import pytest

import seg
from conftest import DAY, JANUARY_1, NOW, fill

LABELS = '"big": seats > 10; "small": seats > 0; otherwise "none"'


# ---- JSON


def test_json_goes_there_and_back(shop: seg.Store) -> None:
    segment = shop.compile('country = "DE" and did "purchase" in last 30 days')
    form = segment.to_dict()
    assert json.loads(segment.to_json()) == form
    for again in (form, segment.to_json(), segment.to_json().encode()):
        assert shop.compile_json(again) == segment
    assert shop.compile_json(form).evaluate(now=NOW).ids() == ["ann", "ben"]
    turned = shop.compile('did "purchase" in last 30 days and country = "DE"')
    assert turned.to_json() != segment.to_json()
    assert turned.to_json(sort=True) == segment.to_json(sort=True)
    assert turned.fingerprint == segment.fingerprint


def test_wrong_json_has_a_place(shop: seg.Store) -> None:
    with pytest.raises(seg.QuerySyntaxError) as caught:
        shop.compile_json('{"type": "nonsense"}')
    assert caught.value.line == 1 and caught.value.offset is not None
    wrong = shop.compile('country = "DE"')
    with pytest.raises(seg.UnknownNameError, match="/expr/left"):
        shop.compile_json(json.loads(wrong.to_json().replace("country", "colour")))
    with pytest.raises(seg.QuerySyntaxError):
        shop.compile_json("{")
    assert shop.compile_json(
        shop.compile('colour = "red"', open_names=True).to_dict(), open_names=True
    ).remarks


# ---- lint


def test_lint_finds_all_errors_with_their_places(shop: seg.Store) -> None:
    text = 'colour = "red" and\n  seats > "x" or did "purchase" in last 3 dasy'
    findings = shop.lint(text)
    errors = [finding for finding in findings if finding.level == "error"]
    assert len(errors) == 3
    assert {error.name for error in errors} >= {"SEG_E_SYNTAX", "SEG_E_UNKNOWN_NAME"}
    for error in errors:
        assert error.offset is not None and error.message and error.id
    lines = [error.line for error in errors]
    assert lines == [1, 2, 2]
    assert str(errors[0]).startswith("1:1: error: ")


def test_lint_warns_of_what_is_allowed(shop: seg.Store) -> None:
    assert shop.lint('country = "DE"') == []
    (warning,) = shop.lint("seats > 5 and seats < 3")
    assert (warning.level, warning.id, warning.name) == ("warning", "always-false", "")
    (unknown,) = shop.lint("colour is set", open_names=True)
    assert (unknown.level, unknown.id) == ("warning", "unknown-name")
    late = shop.lint('did "purchase" in last 90 days', retention=30 * DAY)
    assert [finding.level for finding in late] == ["warning"]
    assert shop.lint('did "purchase" in last 90 days', retention=dt.timedelta.max) == []
    assert shop.lint(shop.compile("seats > 5 and seats < 3").to_dict())[0].id == "always-false"
    with pytest.raises(ValueError, match="retention"):
        shop.lint("everyone", retention=dt.timedelta(0))


# ---- why


def test_why_is_a_tree(shop: seg.Store) -> None:
    text = (
        'country = "DE" and '
        '(sum(amount) of "purchase" > $least or did "purchase" in last 2 days)'
    )
    why = shop.why(text, "ann", now=NOW, least=40)
    assert why.member and why.root.member and why.user == "ann" and why.now == NOW
    assert why.horizon > NOW
    country, either = why.root.children
    assert country.member and "DE" in country.value and "DE" in country.threshold
    assert len(list(why)) == 1 + 1 + 1 + 2
    total, recent = either.children
    assert total.member and "40.45" in total.value
    assert recent.next_kind == "at" and recent.next == JANUARY_1 + 32 * DAY
    assert [event.type for event in recent.events] == ["purchase"]
    assert recent.events[0].time == JANUARY_1 + 30 * DAY
    assert not shop.why(text, "cat", now=NOW, least=40).member
    assert 'yes country = "DE"' in str(why)
    with pytest.raises(seg.NotFoundError):
        shop.why("everyone", "nobody", now=NOW)
    with pytest.raises(AttributeError):
        why.root.member = False  # type: ignore[misc]


def test_why_can_do_less(shop: seg.Store) -> None:
    segment = shop.compile('did "purchase"')
    why = segment.why("ann", now=NOW, events=2, horizon=DAY, verdicts_only=True)
    assert why.root.next_kind == "open" and why.root.next is None
    assert why.horizon == NOW + DAY
    assert why.root.event_count == 3 and len(why.root.events) == 2
    with pytest.raises(seg.ArgumentError):
        segment.why("ann", now=NOW, events=1001)
    with pytest.raises(ValueError, match="horizon"):
        segment.why("ann", now=NOW, horizon=-DAY)


def test_why_is_readable_in_a_notebook() -> None:
    with seg.open() as store:
        with store.appender() as rows:
            rows.user("<b>", note="<script>")
        page = store.why('note = "<script>"', "<b>", now=NOW)._repr_html_()
    assert "&lt;script&gt;" in page and "<script>" not in page and "<b>" not in page
    assert "is in the segment" in page


def test_why_of_numbers(numbers: seg.Store) -> None:
    assert numbers.why("even = true", 0, now=NOW).member
    assert not numbers.why("even = true", 10, now=NOW).member


# ---- SQL


def test_sql_is_written(shop: seg.Store) -> None:
    segment = shop.compile('country = $country and did "purchase"')
    for dialect in ("duckdb", "clickhouse"):
        sql = segment.to_sql(
            dialect,
            now=NOW,
            users="crm.people",
            events="crm.facts",
            country="DE",
        )
        assert sql.startswith(("SELECT", "WITH")) and "seg_user" in sql
        assert "people" in sql and "facts" in sql and "'DE'" in sql
    with pytest.raises(ValueError, match="dialect"):
        segment.to_sql("oracle", now=NOW)  # type: ignore[arg-type]
    with pytest.raises(seg.ParameterError):
        segment.to_sql("duckdb", now=NOW)


# ---- saved segments, classes, occasions


def test_saved_segments_are_a_mapping(shop: seg.Store) -> None:
    assert isinstance(shop.segments, MutableMapping)
    shop.segments["b"] = 'country  =  "DE"'
    shop.segments["a"] = "seats > 5"
    assert shop.segments.define("a", "seats > 6") == 2
    assert list(shop.segments) == ["a", "b"] and len(shop.segments) == 2
    assert shop.segments.definitions == [
        seg.Definition("a", "seats > 6", 2),
        seg.Definition("b", 'country  =  "DE"', 1),
    ]
    assert {name: segment.count(now=NOW) for name, segment in shop.segments.items()} == {
        "a": 2,
        "b": 2,
    }
    assert repr(shop.segments) == "<seg.Segments a, b>"
    shop.segments.pop("a")
    assert list(shop.segments) == ["b"]


def test_classes_label_everyone(shop: seg.Store) -> None:
    sizes = shop.compile_class(LABELS)
    assert sizes.labels == ["big", "small", "none"]
    assert sizes.store is shop and "otherwise" in sizes.text and "big" in repr(sizes)
    labels = sizes.evaluate(now=NOW)
    assert {label: members.ids() for label, members in labels.items()} == {
        "big": ["ben"],
        "small": ["ann", "cat", "dan"],
        "none": ["eve"],
    }
    assert labels.counts == {"big": 1, "small": 3, "none": 1}
    assert labels.of("ben") == "big" and labels.of("nobody") is None
    assert labels.of_many(["eve", "nobody", "ann"]) == ["none", None, "small"]
    assert "small: 3" in repr(labels) and "60.0 %" in labels._repr_html_()
    among = sizes.evaluate(now=NOW, among=shop.evaluate('country = "DE"', now=NOW))
    assert among.counts == {"big": 1, "small": 1, "none": 0}
    with pytest.raises(seg.QuerySyntaxError):
        shop.compile_class('"a": everyone')


def test_labels_are_columns(shop: seg.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table(shop.compile_class(LABELS).evaluate(now=NOW))
    assert dict(zip(*(column.to_pylist() for column in table.columns), strict=True)) == {
        "ann": "small",
        "ben": "big",
        "cat": "small",
        "dan": "small",
        "eve": "none",
    }
    assert table.column_names == ["user_id", "label"]


def test_classes_are_saved(shop: seg.Store) -> None:
    shop.classes["size"] = LABELS
    assert shop.count('class.size = "small"', now=NOW) == 3
    assert shop.classes["size"].evaluate(now=NOW).counts["big"] == 1
    shop.classes["same"] = shop.classes["size"]
    assert list(shop.classes) == ["same", "size"]
    assert shop.classes.definitions[1] == seg.Definition("size", LABELS, 1)
    shop.segments["bigs"] = 'class.size = "big"'
    with pytest.raises(seg.SegmentInUseError, match="bigs"):
        del shop.classes["size"]
    del shop.segments["bigs"]
    del shop.classes["size"]
    with pytest.raises(KeyError):
        shop.classes["size"]


RFM = (
    'rfm(amount, floating, scale 3, groups ("best": r = 3 and m = 3, otherwise "rest"))'
    ' of "purchase" in last 40 days'
)


def test_rfm_has_scores(shop: seg.Store) -> None:
    rfm = shop.compile_class(RFM)
    assert rfm.scale == 3 and rfm.labels == ["none", "best", "rest"]
    labels = rfm.evaluate(now=NOW)
    assert labels["none"].ids() == ["cat", "dan"] and sum(labels.counts.values()) == 5
    for measure in ("recency", "frequency", "money"):
        scores = rfm.scores(measure, now=NOW)
        assert scores.users[0] == 2 and sum(scores.users) == 5 and len(scores.users) == 4
        assert len(scores.cuts) == 2 and None not in scores.cuts
    money = rfm.scores("money", now=NOW)
    # 1.00, 40.45 and 120.00 in thirds.
    assert money.users == (2, 1, 1, 1) and money.cuts == (40.45, 120.0)
    german = shop.evaluate('country = "DE"', now=NOW)
    assert sum(rfm.scores("money", now=NOW, among=german).users) == 2
    frozen = rfm.freeze(now=NOW)
    assert "floating" in rfm.text and "floating" not in frozen.text and "120" in frozen.text
    assert frozen.evaluate(now=NOW).counts == labels.counts
    shop.classes["value"] = frozen
    assert shop.count('class.value = "none"', now=NOW) == 2
    with pytest.raises(seg.NotFoundError):
        rfm.freeze(now=JANUARY_1 - 10 * DAY)
    assert rfm.scores("money", now=JANUARY_1 - 10 * DAY).cuts == (None, None)


def test_other_classes_have_no_scores(shop: seg.Store) -> None:
    sizes = shop.compile_class(LABELS)
    assert sizes.scale is None
    with pytest.raises(seg.ArgumentError):
        sizes.scores("money", now=NOW)
    with pytest.raises(seg.ArgumentError):
        sizes.freeze(now=NOW)
    with pytest.raises(ValueError, match="measure"):
        sizes.scores("looks", now=NOW)  # type: ignore[arg-type]


def test_occasions_are_a_mapping(shop: seg.Store) -> None:
    first, last = dt.date(2026, 1, 1), dt.date(2026, 1, 5)
    late = dt.date(2026, 1, 21)
    shop.occasions["sale"] = [late, (first, last), dt.date(2026, 1, 6)]
    shop.occasions["fair"] = [late]
    assert list(shop.occasions) == ["fair", "sale"] and len(shop.occasions) == 2
    assert shop.occasions["sale"] == [(first, dt.date(2026, 1, 6)), (late, late)]
    assert dict(shop.occasions)["fair"] == [(late, late)]
    bought = shop.evaluate('did "purchase" during occasion "sale"', now=NOW)
    assert bought.ids() == ["ann", "ben"]
    shop.segments["bought"] = 'did "purchase" during occasion "sale"'
    with pytest.raises(seg.SegmentInUseError):
        del shop.occasions["sale"]
    del shop.occasions["fair"]
    assert "fair" not in shop.occasions and "sale" in shop.occasions
    with pytest.raises(seg.NotFoundError):
        shop.occasions["fair"]
    with pytest.raises(KeyError):
        del shop.occasions["fair"]
    for wrong in [[], [(last, first)]]:
        with pytest.raises(seg.ArgumentError):
            shop.occasions["wrong"] = wrong
    with pytest.raises(TypeError):
        shop.occasions["wrong"] = ["2026-01-01"]  # type: ignore[list-item]
    assert "sale" in repr(shop.occasions)


# ---- membership


def test_membership_turns_sets_round(shop: seg.Store) -> None:
    sets = {
        "german": shop.evaluate('country = "DE"', now=NOW),
        "buyer": shop.evaluate('did "purchase"', now=NOW),
    }
    membership = seg.Membership(sets)
    assert membership.names == ("german", "buyer") and len(membership) == 2
    assert membership.of("ann") == ["german", "buyer"]
    assert membership.of("eve") == ["buyer"] and membership.of("dan") == []
    assert membership.of("nobody") == []
    assert membership.of_many(["eve", "ann"]) == [["buyer"], ["german", "buyer"]]
    assert membership.of_many([]) == []
    assert membership.rows(["eve", "ann", "dan", "nobody"]).tolist() == [2, 3, 0, 0]
    assert "2 sets" in repr(membership)
    with pytest.raises(seg.ArgumentError):
        seg.Membership([])
    with pytest.raises(TypeError):
        seg.Membership({"x": "everyone"})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        membership.of(7)
    with seg.open() as other, pytest.raises(seg.ArgumentError):
        fill(other)
        seg.Membership([sets["german"], other.evaluate("everyone", now=NOW)])


def test_membership_of_more_sets_than_a_word_has_bits(numbers: seg.Store) -> None:
    sets = [numbers.snapshot().from_ids([10 * i]) for i in range(70)]
    membership = seg.Membership(sets)
    assert membership.word_count == 2
    assert membership.of(0) == ["0"] and membership.of(690) == ["69"]
    assert membership.of(700) == []
    rows = membership.rows([630, 640])
    assert rows.tolist() == [1 << 63, 0, 0, 1]
    assert membership.of_many([640, 5]) == [["64"], []]
    np = pytest.importorskip("numpy")
    matrix = np.asarray(membership.rows(np.arange(0, 700, 10))).reshape(-1, 2)
    assert matrix.shape == (70, 2) and matrix[69, 1] == 1 << 5
