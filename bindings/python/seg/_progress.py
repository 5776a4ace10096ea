"""Progress of long calls: a callable of done and total, or tqdm where it is installed."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

Progress: TypeAlias = bool | Callable[[int, int], object]
"""False: none. True: a bar of tqdm. Else it is called now and then with done and total."""


@contextlib.contextmanager
def watch(
    progress: Progress, title: str, unit: str
) -> Iterator[Callable[[int, int], object] | None]:
    """The callable for the extension; it is called about twenty times a second."""
    if progress is False:
        yield None
        return
    if progress is not True:
        yield progress
        return
    try:
        tqdm: Any = importlib.import_module("tqdm.auto").tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install libseg[progress]") from error
    bar = tqdm(desc=title, unit=unit, unit_scale=True, leave=False)

    def update(done: int, total: int) -> None:
        # The total of a stream is what was read so far; a bar of unknown length suits it.
        bar.total = total if total > done else None
        bar.update(done - bar.n)

    with bar:
        yield update
