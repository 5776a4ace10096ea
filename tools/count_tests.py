#!/usr/bin/env python3
"""Sum up the results of several meson test runs.

    count_tests.py STAGE:STATUS:LOG...

LOG is a testlog.json of meson, STATUS the exit status of the stage. A program with Check counts as
many tests as it says ("100%: Checks: 12, Failures: 0, Errors: 0"), one that prints the plain line
"12 passed, 0 failed" as many as that, any other program as one. The last line is the sum, and the
exit status is 0 if nothing failed.
"""
import json
import pathlib
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.MULTILINE)
PLAIN = re.compile(r"^(\d+) passed, (\d+) failed\b", re.MULTILINE)


def count(entry):
    """(passed, failed, skipped) of one program."""
    text = entry.get("stdout") or ""
    passed = failed = 0
    for checks, failures, errors in CHECK.findall(text):
        failed += int(failures) + int(errors)
        passed += int(checks) - int(failures) - int(errors)
    for good, bad in PLAIN.findall(text):
        passed += int(good)
        failed += int(bad)
    result = entry["result"]
    if result == "SKIP":
        return passed, failed, 1
    if result not in ("OK", "EXPECTEDFAIL"):
        return passed, max(failed, 1), 0
    if passed + failed == 0:
        passed = 1
    return passed, failed, 0


def main():
    sums = [0, 0, 0]
    for argument in sys.argv[1:]:
        stage, status, log = argument.split(":", 2)
        totals = [0, 0, 0]
        programs = 0
        if log and pathlib.Path(log).exists():
            for line in pathlib.Path(log).read_text(encoding="utf-8").splitlines():
                totals = [a + b for a, b in zip(totals, count(json.loads(line)))]
                programs += 1
        if status != "0" and totals[1] == 0:
            totals[1] = 1  # it did not build, or the runner itself failed
        print(f"{stage:10} {programs:4} programs {totals[0]:6} passed {totals[1]:4} failed "
              f"{totals[2]:3} skipped")
        sums = [a + b for a, b in zip(sums, totals)]
    skipped = f", {sums[2]} skipped" if sums[2] else ""
    print(f"{sums[0]} passed, {sums[1]} failed{skipped}")
    return 1 if sums[1] else 0


sys.exit(main())
