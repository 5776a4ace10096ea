#!/usr/bin/env python3
"""Compare the instructions of the hottest kernels with their budgets.

    budget.py BENCH_BUDGET            fail where one takes more than a tenth over its budget
    budget.py BENCH_BUDGET --update   write what was counted to budget.json

The budgets hold for processors with AVX2, whose loops valgrind can run; elsewhere, and without
valgrind, the test is left out (exit code 77).
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BUDGET = pathlib.Path(__file__).with_name("budget.json")
OVER = 1.10
UNDER = 0.80
LEFT_OUT = 77


def counted(program):
    """{kernel: instructions}, by the dumps that the program asks for."""
    result = {}
    # Filling freed memory with a pattern, as test runners ask for, is not ours to count.
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "--tool=callgrind", "-q", "--collect-atstart=no",
                        f"--callgrind-out-file={folder}/out", program],
                       check=True, stdout=subprocess.DEVNULL, env=environment)
        for dump in pathlib.Path(folder).iterdir():
            text = dump.read_text(encoding="utf-8", errors="replace")
            name = re.search(r"^desc: Trigger: Client Request: (\w+)$", text, re.M)
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M)
            if name and total:
                result[name.group(1)] = int(total.group(1))
    return result


def main():
    flags = pathlib.Path("/proc/cpuinfo")
    if not shutil.which("valgrind") or not flags.exists() or " avx2 " not in flags.read_text():
        print("left out: needs valgrind and a processor with AVX2")
        return LEFT_OUT
    found = counted(sys.argv[1])
    if "--update" in sys.argv:
        BUDGET.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    budget = json.loads(BUDGET.read_text(encoding="utf-8"))
    failed = sorted(set(budget) ^ set(found))
    for name in failed:
        print(f"{name}: {'not measured' if name in budget else 'has no budget'}")
    for name in sorted(set(budget) & set(found)):
        ratio = found[name] / budget[name]
        said = "over its budget" if ratio > OVER else \
            "far below its budget: lower that (--update)" if ratio < UNDER else "fits"
        print(f"{name:16} {found[name]:12,} instructions, {ratio:5.2f} of its budget: {said}")
        if ratio > OVER:
            failed.append(name)
    print(f"{len(set(budget) | set(found)) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
