#!/usr/bin/env bash
# Build the wheel, install it in clean environments and run its tests there:
#
#   test.sh [PYTEST-ARGUMENT...]
#
# Environments are made below build/python, one for python3 and one for the newest Python that this
# machine has, since one wheel has to serve both. How it went is written for tools/count_tests.py
# to build/python/meson-logs/python.json.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BUILD=$ROOT/build/python
LOG=$BUILD/meson-logs/python.json
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

die() { printf 'test.sh: %s\n' "$*" >&2; exit 1; }

# Without the packages that build and test a wheel (no network, say) this counts as skipped.
leave_out() {
    printf 'python: skipped, %s\n' "$*"
    printf '{"name": "python", "result": "SKIP", "stdout": ""}\n' >"$LOG"
    exit 0
}

# environment FOLDER PYTHON REQUIREMENTS...: a virtual environment with exactly these packages. A
# second run keeps one whose wishes are the same.
environment() {
    local folder=$1 python=$2 wishes
    shift 2
    wishes=$("$python" --version; cat "$@")
    [[ ! -f $folder/wishes || $(<"$folder/wishes") != "$wishes" ]] || return 0
    rm -rf "$folder"
    "$python" -m venv "$folder" || return 1
    for file in "$@"; do
        if [[ $file == *-peers.txt ]]; then
            install_peers "$folder" "$file"
        else
            "$folder/bin/pip" install -q --no-compile -r "$file" || return 1
        fi
    done
    printf '%s' "$wishes" >"$folder/wishes"
}

# All at once is fast; one by one leaves out only what cannot be had.
install_peers() {
    local folder=$1 file=$2 name
    "$folder/bin/pip" install -q --no-compile --only-binary :all: -r "$file" 2>/dev/null && return 0
    grep -v '^#' "$file" | while read -r name; do
        "$folder/bin/pip" install -q --no-compile --only-binary :all: "$name" 2>/dev/null ||
            printf 'left out, cannot be had for this Python: %s\n' "$name"
    done
}

# The newest Python 3 that can make environments: on the path, or kept by pyenv.
newest_python() {
    local candidate
    {
        compgen -c python3. | grep -xE 'python3\.[0-9]+' || true
        if command -v pyenv >/dev/null; then
            ls -d "$(pyenv root)"/versions/3.*/bin/python 2>/dev/null || true
        fi
    } | while read -r candidate; do
        "$candidate" -c 'import ensurepip, sys, venv
print("%d.%d.%d" % sys.version_info[:3], sys.executable)' 2>/dev/null || true
    done | sort -V | tail -n 1
}

# run_tests NAME [ARGUMENT...]: the wheel in its environment, and one line in the log.
run_tests() {
    local name=$1 status=0
    shift
    "$BUILD/$name/bin/pip" install -q --force-reinstall --no-deps "$BUILD"/wheel/*.whl
    printf '%s: ' "$("$BUILD/$name/bin/python" --version)"
    # Away from the tree, so that only the installed package can be imported.
    (cd "$HERE/tests" && "$BUILD/$name/bin/python" -m pytest -q --no-header -p no:cacheprovider \
        --junitxml "$BUILD/$name.xml" "$@") || status=$?
    python3 - "$name" "$status" "$BUILD/$name.xml" >>"$LOG" <<'END'
import json
import sys
import xml.etree.ElementTree as tree

name, status, report = sys.argv[1:]
passed = failed = 0
try:
    for suite in tree.parse(report).iter("testsuite"):
        wrong = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += wrong
        passed += int(suite.get("tests", 0)) - wrong - int(suite.get("skipped", 0))
except (OSError, tree.ParseError):
    failed = 1
print(json.dumps({"name": name, "result": "OK" if status == "0" else "FAIL",
                  "stdout": f"{passed} passed, {failed} failed\n"}))
END
    return "$status"
}

command -v python3 >/dev/null || die "there is no python3"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "python3 is older than 3.11"
mkdir -p "$BUILD/meson-logs"
rm -f "$LOG"
read -r version newest < <(newest_python)
if [[ ${version%.*} == "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" ]]; then
    newest=
fi

# The environments are downloaded while the library is compiled.
wanted=("$HERE/requirements-test.txt" "$HERE/requirements-peers.txt")
environment "$BUILD/python" python3 "${wanted[@]}" &
jobs=($!)
if [[ -n $newest ]]; then
    environment "$BUILD/newest" "$newest" "${wanted[@]}" &
    jobs+=($!)
fi
environment "$BUILD/tools" python3 "$HERE/requirements-build.txt" ||
    leave_out "the packages that build the wheel cannot be had"
"$HERE/wheel.sh" "$BUILD/tools/bin/python" "$BUILD"
for job in "${jobs[@]}"; do
    wait "$job" || leave_out "the packages that test the wheel cannot be had"
done

failed=0
run_tests python "$@" || failed=1
[[ -z $newest ]] || run_tests newest "$@" || failed=1
exit "$failed"
