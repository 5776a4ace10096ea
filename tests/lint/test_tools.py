#!/usr/bin/env python3
"""Plant violations in a small tree and see that the scripts of the house find each of them.

A script that watches rules and cannot fail is worth nothing; this is its must-fail test.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ROOT / "tools" / "check_layers.py"
TIDY = ROOT / "tools" / "tidy.py"
HEADERS = ROOT / "tests" / "abi" / "check_headers.py"
LAYOUT = ROOT / "tests" / "abi" / "check_layout.py"
SYMBOLS = ROOT / "tools" / "check_symbols.py"

PUBLIC = """/* seg/base.h - a public header for the test of the scripts. */
#ifndef SEG_BASE_H
#define SEG_BASE_H
#include <stdint.h>
#define SEG_API
typedef struct seg_options {
    uint32_t struct_size; /* bytes */
    uint32_t flags;
} seg_options;
SEG_API int32_t seg_run(const seg_options *options);
#endif
"""
TYPE = "typedef struct segi_twice {\n    int x;\n} segi_twice;\n"
TREE = {
    "include/seg/base.h": PUBLIC,
    "src/meson.build": "sources = files('base/alloc.c', 'store/store.c', 'store/wal.c')\n",
    "src/base/alloc.h": "#include <stddef.h>\nvoid *segi_base_alloc(size_t size);\n",
    "src/base/alloc.c": '#include "base/alloc.h"\n#include <stdlib.h>\n'
                        "void *segi_base_alloc(size_t size)\n{\n    return malloc(size);\n}\n",
    "src/store/store.h": '#include "base/alloc.h"\nint segi_store_run(void);\n' + TYPE,
    "src/store/wal.h": "int segi_store_wal(void);\n",
    "src/store/wal.c": '#include "store/wal.h"\nint segi_store_wal(void)\n{\n    return 0;\n}\n',
    "src/store/store.c": '#include "store/store.h"\n#include "store/wal.h"\n'
                         "int segi_store_run(void)\n{\n    return segi_store_wal();\n}\n",
    "src/exec/exec.h": '#include "store/store.h"\n',
    "src/libseg.map": "LIBSEG_0.1 {\n    global:\n        seg_run;\n    local:\n        *;\n};\n",
    "tests/abi/symbols.txt": "seg_run LIBSEG_0.1\n",
    "tests/support/help.h": "#include <seg/base.h>\n",
    "tests/api/test_run.c": '#include "support/help.h"\n#include <check.h>\n',
    "tests/api/meson.build": "api_tests = [['run']]\n",
}
LONG = "int segi_base_long(int x)\n{\n" + "    x += 1;\n" * 100 + "    return x;\n}\n"
UNFINISHED = "/* TO" + "DO: later */\n"

# script, file, text to append (or None: remove the file), words of the report
CASES = [
    (LAYERS, "src/exec/run.c", '#include "store/wal.h"\n', "door: from outside only"),
    (LAYERS, "src/store/wal.c", '#include "exec/exec.h"\n', "edge: store may not open"),
    (LAYERS, "src/base/alloc.c", '#include "../store/store.h"\n', "edge: base may not open"),
    (LAYERS, "src/store/wal.h", '#include "store/loop.h"\n', '"store/loop.h" is not a file'),
    (LAYERS, "src/store/wal.h", '#include "wal.h"\n', "cycle: store/wal.h -> store/wal.h"),
    (LAYERS, "src/store/wal.c", "#include <roaring/roaring.h>\n", "only: roaring/roaring.h"),
    (LAYERS, "src/store/wal.c", "#include <xxhash.h>\n", "only: xxhash.h"),
    (LAYERS, "src/store/wal.c", "#include <yyjson.h>\n", "only: yyjson.h"),
    (LAYERS, "src/store/wal.c", "#include <pthread.h>\n", "only: pthread.h"),
    (LAYERS, "src/store/wal.c", "int *a(void)\n{\n    return malloc(1);\n}\n", "calls: malloc()"),
    (LAYERS, "src/store/wal.c", "void b(void)\n{\n    free(0);\n}\n", "calls: free()"),
    (LAYERS, "src/store/wal.c", "void c(void)\n{\n    pthread_exit(0);\n}\n",
     "calls: pthread_exit()"),
    (LAYERS, "src/exec/alloc.c", "\n", "the name alloc.c is not unique"),
    (LAYERS, "src/attic/old.c", "\n", "not in a room"),
    (LAYERS, "tests/api/test_run.c", '#include "../../src/store/wal.h"\n', "public:"),
    (LAYERS, "tests/api/test_run.c", '#include "store/wal.h"\n', "public:"),
    (LAYERS, "tests/support/help.h", "#include <roaring/roaring.h>\n", "public:"),
    (LAYERS, "cli/main.c", '#include "base/alloc.h"\n', "public:"),
    (LAYERS, "tools/layers.txt", "room late: later\n", "which is not above it"),
    (TIDY, "src/base/alloc.c", LONG, "segi_base_long() has 104 lines"),
    (TIDY, "src/base/alloc.c", "\n" * 900, "lines, at most 900"),
    (TIDY, "src/base/alloc.c", "void d(char *s)\n{\n    strcpy(s, s);\n}\n", "strcpy() is banned"),
    (TIDY, "src/base/alloc.c", "void e(void)\n{\n    printf(0);\n}\n", "printf() is banned"),
    (TIDY, "src/base/alloc.c", "int f; \n", "blanks at the end"),
    (TIDY, "src/base/alloc.c", "int\tg;\n", ": tab"),
    (TIDY, "src/base/alloc.c", "int h;", "no line end"),
    (TIDY, "src/base/alloc.c", "/* " + "x" * 98 + " */\n", "columns, at most 100"),
    (TIDY, "src/base/alloc.c", UNFINISHED, "finish it"),
    (TIDY, "src/base/alloc.c", "<" * 7 + " HEAD\n", "a merge left this behind"),
    (TIDY, "docs/page.md", ">" * 7 + " main\n", "a merge left this behind"),
    (TIDY, "src/store/wal.h", TYPE, "segi_twice is the name of a type in src/store/store.h"),
    (TIDY, "src/base/alloc.c", "int k;\n" * 120, "lines of comment are missing"),
    (TIDY, "src/base/forgotten.c", "int i;\n", "not listed in src/meson.build"),
    (TIDY, "tests/api/test_forgotten.c", "int j;\n", "not listed in tests/api/meson.build"),
    (TIDY, "tools/tidy_allow.txt", "function src/base/alloc.c gone 120\n", "no longer needed"),
    (SYMBOLS, "src/libseg.map", "LIBSEG_0.2 {\n    global:\n        seg_extra;\n};\n",
     "seg_extra: in the map, not in the headers"),
    (SYMBOLS, "tests/abi/symbols.txt", "seg_gone LIBSEG_0.1\n", "seg_gone LIBSEG_0.1: in symb"),
    (SYMBOLS, "include/seg/more.h", "SEG_API int seg_more(void);\n",
     "seg_more: in the headers, not in the map"),
    (HEADERS, "include/seg/more.h", "size_t seg_needs_stddef(void);\n", "size_t"),
    (HEADERS, "include/seg/more.h", "typedef struct seg_class { int class; } seg_class;\n",
     "more.h with g++"),
    (LAYOUT, "include/seg/more.h", "#include <stdint.h>\ntypedef struct seg_grown {\n"
     "    uint32_t struct_size;\n    uint64_t size;\n} seg_grown;\n", "4 bytes of padding before"),
    (LAYOUT, "include/seg/more.h", "#include <stdint.h>\ntypedef struct seg_tail {\n"
     "    uint32_t struct_size;\n    uint32_t a;\n    uint64_t b;\n    uint32_t c;\n} seg_tail;\n",
     "4 bytes of padding at the end"),
    (LAYOUT, "include/seg/more.h", "#include <stdint.h>\ntypedef struct seg_bare {\n"
     "    uint32_t flags;\n} seg_bare;\n", "first field must be uint32_t struct_size"),
    (LAYOUT, "include/seg/more.h", "#include <stdint.h>\ntypedef struct seg_new {\n"
     "    uint32_t struct_size;\n} seg_new;\n", "differs from layout.txt"),
    (LAYOUT, "include/seg/more.h", "#include <stdint.h>\ntypedef struct seg_bits {\n"
     "    uint32_t struct_size : 3;\n} seg_bits;\n", "one plain field per line"),
]


def run(script, root, *args):
    # The scripts find their tree beside themselves where they take no --root.
    command = [sys.executable, str(root / script.relative_to(ROOT)), *args]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


def plant(folder):
    for name, text in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "tools").mkdir()
    for script in (LAYERS, TIDY, SYMBOLS, HEADERS, LAYOUT, ROOT / "tools" / "layers.txt"):
        shutil.copy(script, folder / script.relative_to(ROOT))
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    code, output = run(LAYOUT, folder, "--update")
    return code == 0, output


def main():
    passed = failed = 0

    def verdict(good, what, output):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAILED: {what}\n{output}")

    with tempfile.TemporaryDirectory() as name:
        clean = pathlib.Path(name) / "clean"
        clean.mkdir()
        good, output = plant(clean)
        verdict(good, "the layout of the clean tree", output)
        for script in (LAYERS, TIDY, SYMBOLS, HEADERS, LAYOUT):
            code, output = run(script, clean)
            verdict(code == 0, f"{script.name} lets the clean tree pass", output)
        for script, file, text, words in CASES:
            path = clean / file
            before = path.read_text(encoding="utf-8") if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((before or "") + text, encoding="utf-8")
            code, output = run(script, clean)
            verdict(code == 1 and words in output,
                    f"{script.name} finds in {file}: {words}", output)
            if before is None:
                path.unlink()
            else:
                path.write_text(before, encoding="utf-8")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
