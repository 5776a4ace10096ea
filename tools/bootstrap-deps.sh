#!/usr/bin/env bash
# Install what the build and the tests need, and nothing that is there already.
#
#   tools/bootstrap-deps.sh [--check | --go]
#
# Made for Debian 12; --check only says what is missing. On another system install what it names
# in the usual way of that system. Debian 12 has no CRoaring >= 4.3 and no yyjson: those come as
# packages of a newer Debian (SEG_DEBIAN_SUITE), from the mirror that apt here already uses. The
# machine's own apt sources and lists stay as they are. --go does the same for Go >= 1.24, and for
# nothing else: only the tests of the Go binding need it.
set -euo pipefail

say() { printf 'bootstrap: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

have_fuzzer() {
    local runtime
    runtime=$(clang -print-runtime-dir 2>/dev/null) || return 1
    [[ -n $(find "$runtime" "$runtime/../linux" -name 'libclang_rt.fuzzer*.a' 2>/dev/null) ]]
}

have_python_headers() {
    python3 -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

# Debian packages of the tools and libraries that are missing, one per line.
missing_tools() {
    command -v cc >/dev/null && command -v g++ >/dev/null && command -v make >/dev/null ||
        echo build-essential
    command -v meson >/dev/null || echo meson
    command -v ninja >/dev/null || echo ninja-build
    command -v git >/dev/null || echo git
    command -v python3 >/dev/null || echo python3
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
    have_python_headers || echo python3-dev
    command -v valgrind >/dev/null || echo valgrind
    command -v clang >/dev/null || echo clang
    command -v clang-format >/dev/null || echo clang-format
    have_fuzzer || echo clang-runtime
    command -v spin >/dev/null || echo spin
    if ! command -v pkg-config >/dev/null; then
        printf '%s\n' pkg-config check libxxhash-dev libzstd-dev
        return
    fi
    pkg-config --atleast-version=0.15 check || echo check
    pkg-config --atleast-version=0.8 libxxhash || echo libxxhash-dev
    pkg-config --atleast-version=1.4 libzstd || echo libzstd-dev
}

# Libraries that must be newer than Debian 12's.
missing_newer() {
    command -v pkg-config >/dev/null || { echo libroaring-dev; echo libyyjson-dev; return; }
    pkg-config --atleast-version=4.3 roaring || echo libroaring-dev
    pkg-config --atleast-version=0.10 yyjson || echo libyyjson-dev
}

install_tools() {
    local packages=() name clang_major
    say "installing: $*"
    apt-get update -qq
    for name in "$@"; do
        if [[ $name == clang-runtime ]]; then
            # The sanitizer and fuzzer runtime is named after the compiler's version.
            clang_major=$(apt-cache depends clang | sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p')
            [[ -n $clang_major ]] || die "cannot tell the version of the package clang"
            name=libclang-rt-$clang_major-dev
        fi
        packages+=("$name")
    done
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${packages[@]}" >/dev/null
}

# The mirror of the installed Debian, asked from apt (reads .list and deb822 sources alike).
debian_mirror() {
    local codename
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' \
        'Component: main' |
        awk -v codename="$codename" '
            $1 == codename { print $2; found = 1; exit }
            $1 !~ /-/ && !other { other = $2 }  # sources that say "stable"
            END { if (!found && other) print other }'
}

# Refuse a package that needs a newer C library than this system has.
check_libc() {
    local deb=$1 need have
    have=$(dpkg-query -W -f '${Version}' libc6)
    need=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed -n 's/^ *libc6 (>= \([^)]*\)).*/\1/p')
    [[ -z $need ]] || dpkg --compare-versions "$have" ge "$need" ||
        die "$(basename "$deb") needs libc6 >= $need, here is $have; build that library instead"
}

# Fetch the lists of suite $1 into a folder of their own: sets `work`, the folder, and `options`,
# what apt needs to look there.
open_suite() {
    local suite=$1 mirror
    mirror=$(debian_mirror)
    if [[ -z $mirror ]]; then
        # apt names its targets only once it has fetched its lists.
        apt-get update -qq
        mirror=$(debian_mirror)
    fi
    [[ -n $mirror ]] || die "apt names no mirror for this Debian"
    work=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    chmod 755 "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$mirror" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg >"$work/parts/x.sources"
    options=(-qq -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache"
        -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/parts"
        -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
}

# Install the packages in `work`, and drop that folder.
close_suite() {
    local deb
    for deb in "$work"/*.deb; do
        check_libc "$deb"
    done
    # apt, not dpkg: it refuses as a whole, and leaves nothing half-configured, if something
    # does not fit this system.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$work"/*.deb >/dev/null
    rm -rf "$work"
    trap - EXIT
}

# Download -dev packages and the runtime packages of the same source from suite $1, and install.
install_newer() {
    local suite=$1 work options name runtime
    shift
    say "installing from $suite: $*"
    open_suite "$suite"
    for name in "$@"; do
        runtime=$(apt-cache "${options[@]}" show --no-all-versions "$name" |
            sed -n 's/^Depends: .*\b\(lib[a-z]*[0-9][0-9]*\) (= .*/\1/p')
        [[ -n $runtime ]] || die "$name of $suite does not name its runtime package"
        (cd "$work" && apt-get "${options[@]}" download "$name" "$runtime")
    done
    close_suite
}

# Go is a program of its own, which needs nothing of that suite but its sources.
install_go() {
    local suite=$1 work options version
    say "installing Go from $suite"
    open_suite "$suite"
    version=$(apt-cache "${options[@]}" show --no-all-versions golang-go |
        sed -n 's/^Depends: .*golang-\([0-9.]*\)-go.*/\1/p')
    [[ -n $version ]] || die "golang-go of $suite does not name its version"
    (cd "$work" && apt-get "${options[@]}" download "golang-$version-go" "golang-$version-src")
    close_suite
}

if [[ ${1:-} == --go ]]; then
    python3 tools/go_test.py --find >/dev/null && exit 0
    command -v apt-get >/dev/null || die "not a Debian; install Go 1.24 or newer yourself"
    [[ $(id -u) == 0 ]] || die "run tools/bootstrap-deps.sh --go as root for Go 1.24 or newer"
    install_go "${SEG_DEBIAN_SUITE:-forky}"
    exit 0
fi
mapfile -t tools < <(missing_tools)
mapfile -t newer < <(missing_newer)
if ((${#tools[@]} + ${#newer[@]} == 0)); then
    exit 0
fi
if [[ ${1:-} == --check ]]; then
    die "missing: ${tools[*]} ${newer[*]}"
fi
command -v apt-get >/dev/null || die "not a Debian; install these yourself: ${tools[*]} ${newer[*]}"
[[ $(id -u) == 0 ]] || die "run tools/bootstrap-deps.sh as root for: ${tools[*]} ${newer[*]}"
((${#tools[@]} == 0)) || install_tools "${tools[@]}"
((${#newer[@]} == 0)) || install_newer "${SEG_DEBIAN_SUITE:-forky}" "${newer[@]}"

mapfile -t left < <(missing_tools; missing_newer)
((${#left[@]} == 0)) || die "still missing: ${left[*]}"
say "done"
