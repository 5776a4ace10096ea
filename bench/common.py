"""What the benchmarks share: where things lie, how large a scale is, what machine this is."""
import os
import pathlib
import platform
import re
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "release"
VENV = ROOT / "build" / "bench-venv"
SCALES = {"tiny": (10_000, 200_000), "small": (100_000, 2_000_000), "M": (1_000_000, 20_000_000),
          "L": (5_000_000, 100_000_000)}
SEED = 1


def enter_venv():
    """Go on under the Python that has the peers' packages."""
    wanted = (HERE / "requirements.txt").read_text(encoding="utf-8")
    stamp = VENV / "requirements.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print("making build/bench-venv", file=sys.stderr)
        venv.create(VENV, with_pip=True, clear=True)
        subprocess.run([VENV / "bin" / "pip", "install", "-q", "-r", HERE / "requirements.txt"],
                       check=True)
        stamp.write_text(wanted, encoding="utf-8")
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        python = str(VENV / "bin" / "python")
        os.execv(python, [python, *sys.argv])


def machine():
    def first(command, pattern):
        try:
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return "?"
        found = re.search(pattern, text, re.M)
        return found.group(1).strip() if found else "?"

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": first(["lscpu"], r"^Model name:(.*)$"),
            "cores": os.cpu_count(),
            "last-level cache": first(["lscpu"], r"^L3 cache:(.*)$"),
            "memory": f"{memory / 2**30:.0f} GiB",
            "system": f"{platform.system()} {platform.release()}",
            "compiler": first(["cc", "--version"], r"^(.*)$"),
            "load at the start": f"{os.getloadavg()[0]:.1f}"}


def commit():
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True,
                              check=False).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + (
        " with changes" if git("status", "--porcelain", "-uno") else "")


def peak_memory():
    """Bytes; not from getrusage(), whose peak is inherited by child processes."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s*(\d+)", status).group(1)) * 1024


def evict(path):
    """Take a file, or all of a folder, out of the page cache as far as the system lets us."""
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
