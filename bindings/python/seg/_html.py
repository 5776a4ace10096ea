"""What notebooks show: plain tables without styles, scripts or links."""

from __future__ import annotations

from collections.abc import Iterable

LEFT = 'style="text-align:left"'


def page(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A table of names and texts, which are HTML already."""
    cells = "".join(
        f"<tr><th {LEFT}>{name}</th><td {LEFT}>{text}</td></tr>" for name, text in rows
    )
    return f"<table><caption>{title}</caption>{cells}</table>"
