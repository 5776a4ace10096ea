#!/usr/bin/env bash
# docs/build.sh: the documentation is plain Markdown, read as it lies; building it means checking
# it. Examples of the language are compiled by the tests (tests/unit/lang/test_docs.c).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 tools/check_docs.py
