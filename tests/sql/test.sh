#!/usr/bin/env bash
# Compare libseg with DuckDB and ClickHouse (run.py), in an environment below build/sql:
#
#   test.sh [ARGUMENT-OF-RUN.PY...]
#
# build/release has been built. How it went is written for tools/count_tests.py to
# build/sql/meson-logs/sql.json; without the engines' packages (no network, say) it counts as
# skipped.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/build/sql
LOG=$BUILD/meson-logs/sql.json
WISHES=$ROOT/bench/requirements.txt
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

mkdir -p "$BUILD/meson-logs"
rm -f "$LOG"
if ! cmp -s "$WISHES" "$BUILD/venv/wishes"; then
    rm -rf "$BUILD/venv"
    if ! { python3 -m venv "$BUILD/venv" &&
        "$BUILD/venv/bin/pip" install -q --no-compile --only-binary :all: -r "$WISHES"; }; then
        printf 'sql: skipped, the engines cannot be had\n'
        printf '{"name": "sql", "result": "SKIP", "stdout": ""}\n' >"$LOG"
        exit 0
    fi
    cp "$WISHES" "$BUILD/venv/wishes"
fi
ninja -C "$ROOT/build/release" tests/model/model_export_sql >"$BUILD/build.log"
"$BUILD/venv/bin/python" "$ROOT/tests/sql/run.py" --log "$LOG" \
    --seg-export "$ROOT/build/release/tests/model/model_export_sql" \
    --seg "$ROOT/build/release/cli/seg" "$@"
