#!/usr/bin/env bash
# Compare libseg with DuckDB and ClickHouse (run.py), in an environment below build/sql:
#
#   test.sh [ARGUMENT-OF-RUN.PY...]
#
# build/release has been built. How it went is written for tools/count_tests.py to
# build/sql/meson-logs/sql.json; without the engines' packages (no network, say) it counts as
# skipped. Nothing here waits for ever: not the download, not a statement (run.py), not the whole.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$ROOT/build/sql
LOG=$BUILD/meson-logs/sql.json
WISHES=$ROOT/bench/requirements.txt
DOWNLOAD_SECONDS=600
RUN_SECONDS=${SEG_SQL_SECONDS:-1200}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1
exec </dev/null

mkdir -p "$BUILD/meson-logs"
rm -f "$LOG"
if ! cmp -s "$WISHES" "$BUILD/venv/wishes"; then
    rm -rf "$BUILD/venv"
    if ! { python3 -m venv "$BUILD/venv" &&
        timeout --kill-after=10 "$DOWNLOAD_SECONDS" \
            "$BUILD/venv/bin/pip" install -q --no-compile --only-binary :all: -r "$WISHES"; }; then
        printf 'sql: skipped, the engines cannot be had\n'
        printf '{"name": "sql", "result": "SKIP", "stdout": ""}\n' >"$LOG"
        exit 0
    fi
    cp "$WISHES" "$BUILD/venv/wishes"
fi
USE_CASES=(tests/api/api_use_cases tests/api/api_use_cases_shapes)
ninja -C "$ROOT/build/release" tests/model/model_export_sql "${USE_CASES[@]}" >"$BUILD/build.log"
status=0
timeout --kill-after=10 "$RUN_SECONDS" \
    "$BUILD/venv/bin/python" "$ROOT/tests/sql/run.py" --log "$LOG" \
    --seg-export "$ROOT/build/release/tests/model/model_export_sql" \
    --use-cases "${USE_CASES[@]/#/$ROOT/build/release/}" \
    --seg "$ROOT/build/release/cli/seg" "$@" || status=$?
((status != 124 && status != 137)) || printf 'sql: stopped after %d s\n' "$RUN_SECONDS"
exit "$status"
