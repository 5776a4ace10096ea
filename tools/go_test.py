#!/usr/bin/env python3
"""Check and test a Go module, and write down the result as meson does.

    go_test.py --log FILE FOLDER
    go_test.py --find             print the program go, if it is new enough

`go vet`, then `go test -race`. FILE gets a line for each package in the form of meson's
testlog.json, so that count_tests.py can count it. The module must need nothing from elsewhere: no
network is used. Without Go 1.24 (after tools/bootstrap-deps.sh --go had its chance) the module
counts as skipped.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

GO_MIN = (1, 24)


def find_go():
    """The program go, if it is new enough."""
    debian = sorted(str(path / "bin") for path in pathlib.Path("/usr/lib").glob("go-1.*"))
    places = os.pathsep.join([os.environ.get("PATH", ""), *reversed(debian)])
    for folder in places.split(os.pathsep):
        program = shutil.which("go", path=folder) if folder else None
        if not program:
            continue
        said = subprocess.run([program, "env", "GOVERSION"], capture_output=True, text=True,
                              check=False, env={**os.environ, "GOTOOLCHAIN": "local"}).stdout
        found = re.match(r"go(\d+)\.(\d+)", said)
        if found and tuple(map(int, found.groups())) >= GO_MIN:
            return program
    return None


def run(program, arguments, folder):
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-mod=mod",
           "CGO_ENABLED": "1"}
    return subprocess.run([program, *arguments], cwd=folder, env=env, capture_output=True,
                          text=True, check=False)


def count(events):
    """(passed, failed, what was said) of the lines of `go test -json`."""
    passed = failed = 0
    said = []
    parents = set()
    for event in events:
        if event.get("Test") and "/" in event["Test"]:
            parents.add((event["Package"], event["Test"].rsplit("/", 1)[0]))
    for event in events:
        if event.get("Output"):
            said.append(event["Output"])
        if not event.get("Test") or (event["Package"], event["Test"]) in parents:
            continue  # A package, or the sum of sub-tests, which count themselves.
        passed += event["Action"] == "pass"
        failed += event["Action"] == "fail"
    return passed, failed, "".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--find", action="store_true")
    parser.add_argument("--log", type=pathlib.Path)
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    options = parser.parse_args()
    if options.find:
        print(find_go() or "")
        return 0 if find_go() else 1
    if not options.log or not options.folder:
        parser.error("what to test, and where to write it down?")
    entry = {"name": "go", "stdout": "", "result": "OK"}
    status = 0
    go = find_go()
    if not go:
        print("go: skipped, there is no Go %d.%d or newer here" % GO_MIN)
        entry["result"] = "SKIP"
    else:
        vet = run(go, ["vet", "./..."], options.folder)
        print(vet.stdout + vet.stderr, end="")
        test = run(go, ["test", "-race", "-json", "./..."], options.folder)
        events = []
        for line in test.stdout.splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                print(line)
        passed, failed, said = count(events)
        if vet.returncode or test.returncode:
            status = 1
            failed = max(failed, 1)
            entry["result"] = "FAIL"
            print(said + test.stderr)
        entry["stdout"] = f"{passed} passed, {failed} failed\n"
        print(f"go: {entry['stdout']}", end="")
    options.log.parent.mkdir(parents=True, exist_ok=True)
    options.log.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    return status


sys.exit(main())
