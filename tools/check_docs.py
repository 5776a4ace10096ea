#!/usr/bin/env python3
"""Check the documentation: links that lead nowhere, public functions that no page or header
explains, files named in code spans that do not exist, lines of prose that are too long to read.

Usage: tools/check_docs.py [ROOT]
"""
import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# Paths in code spans: with a folder and an ending, without placeholders.
SPAN = re.compile(r"`((?:src|tests|tools|docs|include|bench|cli|demo|examples|bindings)/"
                  r"[A-Za-z0-9_./-]+\.[a-z]+)`")
# Tables, code and links may be longer.
PROSE_MAX = 132
FUNCTION = re.compile(r"\b(seg_[a-z0-9_]+)\s*\(")


def anchors(text):
    """The anchors that Markdown viewers make of headings."""
    out = set()
    for line in text.splitlines():
        if line.startswith("#"):
            name = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            out.add(name.replace(" ", "-"))
    return out


def check_page(root, page, problems):
    text = page.read_text(encoding="utf-8")
    plain = re.sub(r"```.*?```", "", text, flags=re.S)
    for target in LINK.findall(plain):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if not other.exists():
            problems.append(f"{page.relative_to(root)}: no {target}")
        elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text("utf-8")):
            problems.append(f"{page.relative_to(root)}: no heading for {target}")
    for name in SPAN.findall(plain):
        if not (root / name).exists() and not (page.parent / name).exists():
            problems.append(f"{page.relative_to(root)}: no file {name}")


def check_lines(root, page, problems):
    text = page.read_text(encoding="utf-8")
    code = False
    for number, line in enumerate(text.splitlines(), 1):
        code ^= line.startswith("```")
        prose = not code and " " in line.strip() and not line.startswith(("    ", "|", "#"))
        if prose and len(line) > PROSE_MAX:
            problems.append(f"{page.relative_to(root)}:{number}: {len(line)} columns of prose")


def check_functions(root, problems):
    """Functions that pages speak of must be declared."""
    declared = set()
    for header in (root / "include/seg").glob("*.h"):
        declared |= set(FUNCTION.findall(header.read_text("utf-8")))
    for page in (root / "docs").glob("*.md"):
        for name in set(FUNCTION.findall(page.read_text("utf-8"))):
            if name not in declared:
                problems.append(f"docs/{page.name}: {name}() is not declared")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "*.md"], check=True,
                            capture_output=True, text=True).stdout.split()
    problems = []
    for name in listed:
        check_page(root, root / name, problems)
        check_lines(root, root / name, problems)
    check_functions(root, problems)
    for problem in problems:
        print(problem)
    print(f"{len(listed)} pages, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
