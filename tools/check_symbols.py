#!/usr/bin/env python3
"""Check that the library exports what it promises, and only that.

Four lists of public functions must be equal:

  headers      what include/seg/*.h declares with SEG_API
  map          src/libseg.map, the linker's version script
  list         tests/abi/symbols.txt, "NAME NODE" per line
  library      nm -D --defined-only of libseg.so

and every external symbol of the static library begins with seg_ or segi_.

    check_symbols.py [--library libseg.so] [--static libseg.a] [--update [--drop]]

Without --library the comparison with the built library is left out. --update is for an intended
addition: it appends what the headers newly declare to the newest node of the map and writes the
list again. --drop also takes out of the newest node what the headers no longer declare, which is
allowed only while no release has that node (docs/abi.md).
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAP = ROOT / "src" / "libseg.map"
LIST = ROOT / "tests" / "abi" / "symbols.txt"
PREFIXES = ("seg_", "segi_")


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def declared():
    """Names of the functions that the public headers declare, in their order."""
    names = []
    for header in sorted((ROOT / "include" / "seg").glob("*.h")):
        text = strip_comments(header.read_text(encoding="utf-8"))
        text = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", text, flags=re.MULTILINE)
        for statement in re.findall(r"\bSEG_API\b([^;]*);", text):
            found = re.search(r"\b(seg_\w+)\s*\(", statement)
            if not found:
                sys.exit(f"{header.name}: no function name in 'SEG_API{statement};'")
            names.append(found.group(1))
    return names


def read_map():
    """Pairs (symbol, node) of the version script, in its order."""
    text = strip_comments(MAP.read_text(encoding="utf-8"))
    pairs = []
    for node, body in re.findall(r"(\w+\.\w+)\s*\{(.*?)\}", text, flags=re.DOTALL):
        body = body.split("local:")[0].replace("global:", "")
        for name in filter(None, (part.strip() for part in body.split(";"))):
            if not re.fullmatch(r"seg_\w+", name):
                sys.exit(f"{MAP.name}: '{name}': name each function, no patterns")
            pairs.append((name, node))
    return pairs


def read_list():
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]


def nm(*args):
    result = subprocess.run(["nm", *args], capture_output=True, text=True, check=True)
    return [line.split() for line in result.stdout.splitlines() if line.strip()]


def exported(library):
    """Pairs (symbol, node) that the shared library defines."""
    pairs = []
    for *_, kind, name in (words for words in nm("-D", "--defined-only", library)
                           if len(words) >= 3):
        if kind == "A":  # the version nodes themselves
            continue
        symbol, _, node = name.partition("@@")
        pairs.append((symbol, node))
    return pairs


def foreign(static):
    """External symbols of the static library that do not carry our prefix."""
    names = (words[-1] for words in nm("-g", "--defined-only", static) if len(words) == 3)
    return sorted({name for name in names if not name.startswith(PREFIXES)})


def update(drop):
    """Append new declarations to the newest node and write the list again."""
    pairs = read_map()
    known = {name for name, _ in pairs}
    names = declared()
    new = [name for name in names if name not in known]
    text = MAP.read_text(encoding="utf-8")
    gone = [name for name, node in pairs if name not in names and node == pairs[-1][1]]
    for name in gone if drop else []:
        text = re.sub(rf"^[ \t]*{name};\n", "", text, flags=re.MULTILINE)
    if new:
        # The newest node is the last one; its names end where its closing brace or its
        # "local:" begins.
        start = text.rindex("{")
        end = re.compile(r"[ \t]*local:|^\}", re.MULTILINE).search(text, start).start()
        text = text[:end] + "".join(f"        {name};\n" for name in new) + text[end:]
    MAP.write_text(text, encoding="utf-8")
    lines = ["# Every exported function and the node of its first release, sorted.",
             "# tools/check_symbols.py --update writes this file."]
    lines += [f"{name} {node}" for name, node in sorted(read_map())]
    LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(new)} added, {len(gone) if drop else 0} dropped, {len(read_map())} in all")


def differences(label_a, a, label_b, b):
    out = [f"{name}: in {label_a}, not in {label_b}" for name in sorted(set(a) - set(b))]
    out += [f"{name}: in {label_b}, not in {label_a}" for name in sorted(set(b) - set(a))]
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library")
    parser.add_argument("--static")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--drop", action="store_true")
    args = parser.parse_args()
    if args.update:
        update(args.drop)
        return 0

    pairs = read_map()
    names = [name for name, _ in pairs]
    problems = [f"{name}: twice in the map" for name in sorted(set(names))
                if names.count(name) > 1]
    problems += differences("the headers", declared(), "the map", names)
    problems += differences("symbols.txt", [" ".join(pair) for pair in read_list()],
                            "the map", [" ".join(pair) for pair in pairs])
    if args.library:
        problems += differences("the library", [" ".join(p) for p in exported(args.library)],
                                "the map", [" ".join(pair) for pair in pairs])
    if args.static:
        problems += [f"{name}: external symbol without the prefix seg_ or segi_"
                     for name in foreign(args.static)]
    for problem in problems:
        print(problem)
    if problems:
        print("an intended addition: tools/check_symbols.py --update; else see docs/abi.md")
    else:
        print(f"{len(names)} public functions agree")
    return 1 if problems else 0


sys.exit(main())
