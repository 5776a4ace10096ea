#!/usr/bin/env python3
"""Install into an empty folder and build a small program against that, as users would.

    check_install.py BUILD_DIR

With pkg-config as C and C++, shared and static, and with CMake where cmake is there. The program
prints the version at run time, which must be the one of the installed header and of libseg.pc.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM = """#include <seg/seg.h>
#include <stdio.h>
int main(void)
{
    printf("%s %u %d.%d.%d %d\\n", seg_version(), (unsigned)seg_abi_version(), SEG_VERSION_MAJOR,
           SEG_VERSION_MINOR, SEG_VERSION_PATCH, SEG_ABI_MAJOR);
    return 0;
}
"""
CMAKE = """cmake_minimum_required(VERSION 3.13)
project(user C)
find_package(Seg 0.1 REQUIRED)
add_executable(user user.c)
target_link_libraries(user Seg::seg)
"""


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return result.stdout.strip()


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        run("meson", "install", "-C", str(build), "--no-rebuild", "--quiet", "--destdir",
            str(work / "root"))
        config = next((work / "root").rglob("libseg.pc"))
        libdir = config.parent.parent
        prefix = libdir
        while not (prefix / "include").is_dir():
            prefix = prefix.parent
        env = dict(os.environ, PKG_CONFIG_PATH=str(config.parent), LD_LIBRARY_PATH=str(libdir))
        env.pop("DESTDIR", None)
        pkg = ["pkg-config", f"--define-variable=prefix={prefix}"]
        version = run(*pkg, "--modversion", "libseg", env=env)
        (work / "user.c").write_text(PROGRAM, encoding="utf-8")
        (work / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")

        programs = []
        flags = run(*pkg, "--cflags", "libseg", env=env).split()
        for compiler, language in (("cc", "c"), ("c++", "c++")):
            shared = run(*pkg, "--libs", "libseg", env=env).split()
            static = run(*pkg, "--libs", "--static", "libseg", env=env).split()
            # Only libseg itself: Debian has no static CRoaring.
            static = ["-l:libseg.a" if flag == "-lseg" else flag for flag in static]
            for label, libraries in (("shared", shared), ("static", static)):
                program = work / f"{compiler}-{label}"
                run(compiler, "-x", language, str(work / "user.c"), "-x", "none", *flags,
                    "-o", str(program), *libraries)
                programs.append(program)
        if shutil.which("cmake"):
            run("cmake", "-S", str(work), "-B", str(work / "cmake"),
                f"-DCMAKE_PREFIX_PATH={prefix}")
            run("cmake", "--build", str(work / "cmake"))
            programs.append(work / "cmake" / "user")

        for program in programs:
            words = run(str(program), env=env).split()
            good = words[0] == words[2] == version and words[1] == words[3]
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"{program.name}: {' '.join(words)}, libseg.pc says {version}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
