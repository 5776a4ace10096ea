#!/usr/bin/env python3
"""Check the models of this folder with spin: all states, with the guard and without.

    check_models.py SPIN CC [MODEL.pml...]

With its guard a model must hold; with GUARD=0 it must fail, which shows that it can.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def errors(spin, compiler, model, guard):
    """How many errors the exhaustive search finds."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([spin, f"-DGUARD={guard}", "-a", str(model)], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([compiler, "-O2", "-w", "-DSAFETY", "-o", "pan", "pan.c"], cwd=folder,
                       check=True)
        output = subprocess.run(["./pan", "-m100000"], cwd=folder, check=True, text=True,
                                capture_output=True).stdout
    if "max search depth too small" in output:
        sys.exit(f"{model.name}: the search was cut short")
    return int(re.search(r"errors: (\d+)", output).group(1))


def main():
    spin, compiler, *names = sys.argv[1:]
    models = [pathlib.Path(name) for name in names] or sorted(HERE.glob("*.pml"))
    failed = 0
    for model in models:
        with_guard = errors(spin, compiler, model.resolve(), 1)
        without = errors(spin, compiler, model.resolve(), 0)
        good = with_guard == 0 and without > 0
        failed += not good
        print(f"{model.name}: {with_guard} errors, without its guard {without}"
              f"{'' if good else '  WRONG'}")
    print(f"{len(models) - failed} passed, {failed} failed")
    return 1 if failed or not models else 0


sys.exit(main())
