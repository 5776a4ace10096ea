#!/usr/bin/env python3
"""Compile each public header alone, in every C and C++ dialect that users may have.

    check_headers.py [--root DIR]

Uses gcc, g++, clang and clang++, as far as they are there. A dialect that a compiler does not
know is left out. Warnings count as errors.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wundef", "-Wshadow", "-fsyntax-only"]
DIALECTS = {
    "c": ["c99", "c11", "c17", "c2x"],
    "c++": ["c++11", "c++14", "c++17", "c++20"],
}
COMPILERS = {"c": ["gcc", "clang"], "c++": ["g++", "clang++"]}


def run(compiler, language, dialect, include, source):
    command = [compiler, "-x", language, f"-std={dialect}", *FLAGS, "-I", str(include), "-"]
    if language == "c":
        command[1:1] = ["-Wstrict-prototypes"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=False)


def knows(compiler, language, dialect, include):
    return run(compiler, language, dialect, include, "typedef int nothing;\n").returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    include = parser.parse_args().root / "include"
    headers = sorted(path.relative_to(include).as_posix() for path in include.rglob("*.h"))
    if not headers:
        print("no public header found")
        return 1

    variants = [(compiler, language, dialect)
                for language, dialects in DIALECTS.items()
                for compiler in COMPILERS[language] if shutil.which(compiler)
                for dialect in dialects if knows(compiler, language, dialect, include)]
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for variant in variants:
            for header in headers:
                # Twice: the include guard has to work.
                source = f"#include <{header}>\n#include <{header}>\ntypedef int not_empty;\n"
                jobs.append((variant, header, pool.submit(run, *variant, include, source)))
    failures = 0
    for (compiler, _, dialect), header, job in jobs:
        result = job.result()
        if result.returncode != 0:
            failures += 1
            print(f"{header} with {compiler} -std={dialect}:\n{result.stderr}")
    print(f"{len(headers)} headers, {len(variants)} dialects, {failures} failures")
    return 1 if failures or not variants else 0


sys.exit(main())
