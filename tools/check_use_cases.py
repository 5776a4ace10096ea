#!/usr/bin/env python3
"""Check that docs/use-cases.md and the tests of the use cases say the same.

Usage: tools/check_use_cases.py [ROOT]

A heading of the page begins with row numbers ("### B10: ..."), and the predicates in its ```seg
blocks, apart by empty lines, are those that the tests named after the row ask
(test_use_cases__b10_..., in tests/api/test_use_cases*.c): each of them, and no other. So what the
page shows has been run, with customers who should be in and others who should not.
"""
import re
import sys
from pathlib import Path

TEST = re.compile(r"START_TEST\(test_use_cases__((?:[ab]\d+_)+)\w*\)\n(.*?)\nEND_TEST", re.S)
# The predicate of shop_ask(&s, NOW, "...", "..."), and what shop_define() saves.
ASK = re.compile(r"shop_ask\(\s*&s,\s*NOW,\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+),")
DEFINE = re.compile(r"shop_define\(\s*&s,\s*\"\w+\",\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)\)")
PIECE = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
HEADING = re.compile(r"^### ((?:[AB]\d+(?:, )?)+): [^\n]+\n(.*?)(?=^##|\Z)", re.M | re.S)
BLOCK = re.compile(r"^```seg\n(.*?)^```$", re.M | re.S)


def plain(text):
    return " ".join(text.split())


def c_string(text):
    return plain(re.sub(r"\\(.)", r"\1", "".join(PIECE.findall(text))))


def tested(root):
    """The predicates of each group of rows."""
    found = {}
    for path in sorted((root / "tests" / "api").glob("test_use_cases*.c")):
        for rows, body in TEST.findall(path.read_text(encoding="utf-8")):
            asked = [c_string(text) for text in DEFINE.findall(body) + ASK.findall(body)]
            if asked:
                found.setdefault(rows.rstrip("_").upper().replace("_", ", "), []).extend(asked)
    return found


def shown(root):
    found = {}
    for rows, body in HEADING.findall((root / "docs" / "use-cases.md").read_text("utf-8")):
        found[rows] = [plain(text) for block in BLOCK.findall(body)
                       for text in re.split(r"\n\s*\n", block) if text.strip()]
    return found


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    page, tests = shown(root), tested(root)
    problems = []
    for rows in sorted(page.keys() | tests.keys()):
        for text in page.get(rows, []):
            if text not in tests.get(rows, []):
                problems.append(f"docs/use-cases.md: {rows}: no test asks: {text}")
        for text in tests.get(rows, []):
            if text not in page.get(rows, []):
                problems.append(f"docs/use-cases.md: {rows}: the page lacks: {text}")
    for problem in problems:
        print(problem)
    print(f"{len(page)} use cases, {sum(map(len, page.values()))} predicates, "
          f"{len(problems)} problems")
    return 1 if problems or not page else 0


if __name__ == "__main__":
    sys.exit(main())
