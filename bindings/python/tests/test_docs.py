"""The snippets of the READMEs do what they say; types are strict."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Sequence

import pytest

HERE = pathlib.Path(__file__).resolve().parent
# A python block, and what it prints as an indented block right behind it.
SNIPPET = re.compile(
    r"^```python\n(.*?)^```\n(?:\n((?:    [^\n]*\n)+))?", re.MULTILINE | re.DOTALL
)


def snippets() -> Sequence[object]:
    found: list[object] = []
    for path in (HERE.parent / "README.md", HERE.parents[2] / "README.md"):
        for number, match in enumerate(SNIPPET.finditer(path.read_text(encoding="utf-8"))):
            name = f"{path.parent.name}-{number}"
            found.append(pytest.param(match.group(1), match.group(2), id=name))
    return found


@pytest.mark.parametrize(("code", "printed"), snippets())
def test_snippets_run(code: str, printed: str | None) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "snippet", "exec"), {"__name__": "snippet"})
    assert printed is not None, "a snippet shows what it prints"
    wanted = "".join(line[4:] for line in printed.splitlines(keepends=True))
    assert out.getvalue() == wanted


def run(*arguments: str) -> None:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(HERE)]))
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        cwd=HERE,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_strict() -> None:
    pytest.importorskip("mypy")
    run("mypy", "--strict", "-p", "seg")


def test_tests_are_typed() -> None:
    pytest.importorskip("mypy")
    run("mypy", "--strict", "--allow-untyped-calls", ".")


def test_signatures_agree_with_the_extension() -> None:
    pytest.importorskip("mypy")
    run("mypy.stubtest", "seg._core")
