#!/usr/bin/env python3
"""Compare size and field offsets of every public struct with tests/abi/layout.txt.

    check_layout.py [--cc COMPILER [ARG...]] [--update]

The structs are found in the public headers themselves (`typedef struct seg_x { ... } seg_x;`), so
none can be forgotten. Besides the table this checks the rules for public structs: the first field
is `uint32_t struct_size` unless the struct is named in PLAIN_VALUES, no padding anywhere (name
it `reserved`), no bit-field, no nested type, no bool, long or enum. --update writes the table
after an intended change; docs/abi.md says which changes are allowed.

The table is the one of 64-bit Linux (x86-64 and arm64 agree).
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "abi" / "layout.txt"
# Small value structs that are promised never to grow; they carry no struct_size.
PLAIN_VALUES = set()
BANNED_TYPES = re.compile(r"\b(bool|_Bool|long|enum|union|float|int|short|wchar_t)\b")


def structs(include):
    """Yield (struct name, [(field, declaration)]) of the headers, in their order."""
    for header in sorted((include / "seg").glob("*.h")):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        for match in re.finditer(r"\bstruct\s+(seg_\w+)\s*\{", text):
            end = text.find("}", match.end())
            body = text[match.end():end]
            if "{" in body:
                sys.exit(f"{header.name}: struct {match.group(1)}: a nested type")
            yield match.group(1), list(fields(header.name, match.group(1), body))


def fields(header, struct, body):
    for declaration in filter(None, (part.strip() for part in body.split(";"))):
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", declaration)
        if pointer:
            yield pointer.group(1), declaration
            continue
        if ":" in declaration or "," in declaration:
            sys.exit(f"{header}: struct {struct}: one plain field per line: '{declaration}'")
        if BANNED_TYPES.search(declaration):
            sys.exit(f"{header}: struct {struct}: type not allowed in a public struct: "
                     f"'{declaration}'")
        name = re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", declaration)
        yield name.group(1), declaration


def measure(found, compiler, include):
    """Compile and run a program that prints the table."""
    headers = sorted(path.name for path in (include / "seg").glob("*.h"))
    lines = [f"#include <seg/{name}>" for name in headers]
    lines += ["#include <stddef.h>", "#include <stdio.h>", "int main(void)", "{"]
    for name, members in found:
        lines.append(f'    printf("{name} %zu\\n", sizeof({name}));')
        for field, _ in members:
            lines.append(f'    printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), '
                         f'sizeof((({name} *)0)->{field}));')
    lines += ["    return 0;", "}", ""]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "layout.c"
        program = pathlib.Path(folder) / "layout"
        source.write_text("\n".join(lines), encoding="utf-8")
        built = subprocess.run([*compiler, "-std=c11", "-I", str(include), str(source), "-o",
                                str(program)], check=False)
        if built.returncode != 0:
            sys.exit("the program that measures the structs does not compile")
        return subprocess.run([str(program)], capture_output=True, text=True,
                              check=True).stdout


def rule_problems(found, table):
    """Padding and missing struct_size, read off the measured table."""
    problems = []
    sizes = {}
    place = {name: [] for name, _ in found}
    for name, *numbers in (line.split() for line in table.splitlines()):
        struct, _, field = name.partition(".")
        if field:
            place[struct].append((field, *map(int, numbers)))
        else:
            sizes[struct] = int(numbers[0])
    for struct, members in found:
        if struct not in PLAIN_VALUES and not re.fullmatch(r"uint32_t\s+struct_size",
                                                           members[0][1]):
            problems.append(f"{struct}: the first field must be uint32_t struct_size")
        end = 0
        for field, offset, size in place[struct]:
            if offset != end:
                problems.append(f"{struct}: {offset - end} bytes of padding before {field}")
            end = offset + size
        if end != sizes[struct]:
            problems.append(f"{struct}: {sizes[struct] - end} bytes of padding at the end")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--cc", nargs=argparse.REMAINDER, default=[])
    args = parser.parse_args()
    include = args.root / "include"
    table_path = args.root / TABLE.relative_to(ROOT)

    found = list(structs(include))
    table = measure(found, args.cc or ["cc"], include)
    problems = rule_problems(found, table)
    header = ("# Size of each public struct, then offset and size of each field, 64-bit Linux.\n"
              "# tests/abi/check_layout.py --update writes this file.\n")
    if args.update and not problems:
        table_path.write_text(header + table, encoding="utf-8")
        print(f"{table_path.name}: {len(found)} structs")
        return 0
    golden = table_path.read_text(encoding="utf-8") if table_path.exists() else ""
    if golden != header + table:
        was = [line for line in golden.splitlines() if not line.startswith("#")]
        now = table.splitlines()
        problems += [f"gone or changed:  {line}" for line in was if line not in now]
        problems += [f"new or changed:   {line}" for line in now if line not in was]
        problems.append("the layout differs from layout.txt; see docs/abi.md")
    for problem in problems:
        print(problem)
    print(f"{len(found)} public structs")
    return 1 if problems else 0


sys.exit(main())
