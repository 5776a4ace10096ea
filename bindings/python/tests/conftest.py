"""A small shop for all tests: five people, purchases in January 2026."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

import seg

UTC = dt.timezone.utc
JANUARY_1 = dt.datetime(2026, 1, 1, tzinfo=UTC)
NOW = JANUARY_1 + dt.timedelta(days=31)
DAY = dt.timedelta(days=1)


def fill(store: seg.Store) -> None:
    """ann and ben are German, cat is French, dan Spanish; eve has no attributes."""
    with store.appender() as rows:
        rows.user("ann", country="DE", seats=3)
        rows.user("ben", country="DE", seats=12)
        rows.user("cat", country="FR", seats=1)
        rows.user("dan", country="ES", seats=7)
        for user, day, cents in [
            ("ann", 0, 1050),
            ("ann", 10, 2000),
            ("ann", 30, 995),
            ("ben", 20, 12000),
            ("eve", 29, 100),
        ]:
            amount = Decimal(cents).scaleb(-2)
            rows.event(user, "purchase", JANUARY_1 + day * DAY, amount=amount)


@pytest.fixture
def store() -> Iterator[seg.Store]:
    with seg.open() as opened:
        yield opened


@pytest.fixture
def shop(store: seg.Store) -> seg.Store:
    fill(store)
    return store


@pytest.fixture
def numbers() -> Iterator[seg.Store]:
    """A store of integer ids 0, 10, .. 990; every other user is even."""
    with seg.open(ids="int") as opened:
        opened.ingest_users(
            {"user_id": range(0, 1000, 10), "even": [i % 2 == 0 for i in range(100)]}
        )
        yield opened
