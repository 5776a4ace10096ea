#!/usr/bin/env python3
"""Print the version of the library as include/seg/base.h states it.

    header_version.py version   ->  0.1.0
    header_version.py abi       ->  0      (the number in libseg.so.N)
"""
import pathlib
import re
import sys

HEADER = pathlib.Path(__file__).resolve().parent.parent / "include" / "seg" / "base.h"


def main():
    text = HEADER.read_text(encoding="utf-8")

    def number(name):
        found = re.search(rf"^#define {name} (\d+)\b", text, re.MULTILINE)
        if not found:
            sys.exit(f"{HEADER}: no line '#define {name} N'")
        return found.group(1)

    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "version":
        print(".".join(number(f"SEG_VERSION_{part}") for part in ("MAJOR", "MINOR", "PATCH")))
    elif what == "abi":
        print(number("SEG_ABI_MAJOR"))
    else:
        sys.exit(__doc__)


main()
