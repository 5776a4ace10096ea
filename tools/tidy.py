#!/usr/bin/env python3
"""Check size, layout and banned words of the files that git knows (or would add).

    tidy.py [--root DIR]

Errors: a file of src/ above 900 lines; a function above 100 lines that tools/tidy_allow.txt does
not name; a call of a banned function; a C file that no meson.build lists; trailing blanks, tabs,
lines above 100 columns, a missing line end at the end; words that mark unfinished work, and marks
of a merge; a name that two files of src/ give to types; a src/ in which fewer than 12 % of the
lines that are not blank carry a comment. Then the distribution of
lengths and the share of comments, for src/ also by room, are printed, so that a drift is seen.
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 900
FUNCTION_LINES_MAX = 100
COLUMNS_MAX = 100
COMMENTS_MIN = 12  # percent of the lines of src/ that are not blank
COMMENTS_LINES = 100  # a tree of fewer lines is a piece, not src/ as a whole

# Unsafe, process-wide, dependent on the host's locale, or not for a library to do.
BANNED_CALLS = set("""
    strcpy strcat sprintf vsprintf gets alloca strtok scanf sscanf
    atoi atol atoll atof strtod strtof strtold
    isalpha isalnum isdigit isspace isupper islower toupper tolower strcoll
    rand srand random srandom exit _exit abort atexit system signal longjmp setjmp
    printf fprintf vprintf vfprintf puts fputs putchar perror
    ctime asctime gmtime localtime mktime tzset strftime strerror setlocale
""".split())
# Written in pieces, so that this file may be checked too.
BANNED_WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|st" r"ubs?)\b")
# Lines that git leaves behind where it could not merge.
MERGE_MARK = re.compile(r"[<>]{7} ")
# The end of a definition whose name is known to all of src/.
TYPE = re.compile(r"^\} (segi?_\w+);", re.MULTILINE)

CODE = {".c", ".h", ".py", ".sh", ".build", ".map", ".cmake", ".in"}
TEXT = CODE | {".md", ".txt", ".yml", ".yaml", ".toml", ".go", ".mod", ".seg", ""}
TABS_ALLOWED = {".go", ".mod"}
NOT_OURS = re.compile(r"^(LICENSE$|tests/data/.*(?<!\.[ch])$|tests/fuzz/corpus/|bench/results/|"
                      r"docs/assets/)")

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
CALL = re.compile(r"(?<![\w.>])([a-z_][a-z0-9_]*)\s*\(")


def blank(match):
    """What is cut out leaves its line ends behind, so that line numbers stay."""
    return "\n" * match.group().count("\n")


def functions(code):
    """Yield (name, first line, lines) of each function defined in the stripped text."""
    depth = 0
    start = 0
    for match in re.finditer(r"[{};]", code):
        char = match.group()
        if char == "{":
            if depth == 0:
                head = code[start:match.start()]
                found = re.search(r"(\w+)\s*\(", head)
                if found and "=" not in head and head.rstrip().endswith(")"):
                    name = found.group(1)
                    first = code.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
                else:
                    name = None
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                if name:
                    yield name, first, code.count("\n", 0, match.start()) + 2 - first
                start = match.end()
        elif depth == 0:
            start = match.end()


def comment_share(text):
    """(lines with a comment, lines that are not blank)."""
    commented = set()
    for match in NOISE.finditer(text):
        if match.group().startswith(("/*", "//")):
            first = text.count("\n", 0, match.start())
            commented.update(range(first, first + match.group().count("\n") + 1))
    lines = text.splitlines()
    filled = {number for number, line in enumerate(lines) if line.strip()}
    return len(commented & filled), len(filled)


class Tidy:
    """Collects problems and figures over the tree."""

    def __init__(self, root):
        self.root = root
        self.problems = []
        self.allow = {}
        self.used = set()
        self.function_lines = []
        self.file_lines = []
        self.comments = {"src": [0, 0], "include/seg": [0, 0]}
        self.rooms = {}  # of src/: the same two figures
        self.types = {}  # of src/: the file that defines it
        allow = root / "tools" / "tidy_allow.txt"
        for line in allow.read_text(encoding="utf-8").splitlines() if allow.exists() else []:
            words = line.split("#")[0].split()
            if words:
                self.allow[tuple(words[:3])] = int(words[3]) if words[0] == "function" else 0

    def report(self, path, line, message):
        self.problems.append(f"{path}:{line}: {message}")

    def files(self):
        listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others",
                                  "--exclude-standard"], cwd=self.root, capture_output=True,
                                 check=True).stdout.decode()
        return sorted({name for name in listing.split("\0")
                       if name and (self.root / name).is_file()
                       and not (self.root / name).is_symlink()})

    def run(self):
        names = self.files()
        for name in names:
            suffix = pathlib.PurePath(name).suffix
            if NOT_OURS.match(name) or suffix not in TEXT:
                continue
            try:
                text = (self.root / name).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                self.report(name, 1, "not UTF-8")
                continue
            self.layout(name, suffix, text)
            if suffix in (".c", ".h"):
                self.c_file(name, text)
        self.listed(names)
        self.commented()
        for key in sorted(set(self.allow) - self.used):
            self.report("tools/tidy_allow.txt", 1, f"no longer needed: {' '.join(key)}")
        return len(names)

    def layout(self, name, suffix, text):
        if text and not text.endswith("\n"):
            self.report(name, text.count("\n") + 1, "no line end at the end of the file")
        if "\r" in text:
            self.report(name, 1, "carriage return")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and suffix != ".md":
                self.report(name, number, "blanks at the end of the line")
            if "\t" in line and suffix not in TABS_ALLOWED:
                self.report(name, number, "tab")
            if len(line) > COLUMNS_MAX and (suffix in CODE or name in ("dev", ".ci/run")):
                self.report(name, number, f"{len(line)} columns, at most {COLUMNS_MAX}")
            if MERGE_MARK.match(line):
                self.report(name, number, "a merge left this behind")
            found = BANNED_WORDS.search(line)
            if found:
                self.report(name, number, f"the word {found.group()}: finish it, or say what is")

    def c_file(self, name, text):
        code = DIRECTIVE.sub(blank, NOISE.sub(blank, text))
        in_src = name.startswith("src/")
        lines = text.count("\n")
        for name_function, first, length in functions(code):
            if in_src:
                self.function_lines.append(length)
            if length > FUNCTION_LINES_MAX and not self.allowed("function", name, name_function,
                                                                length):
                self.report(name, first, f"{name_function}() has {length} lines, at most "
                            f"{FUNCTION_LINES_MAX}")
        for folder, share in self.comments.items():
            if name.startswith(folder + "/"):
                commented, filled = comment_share(text)
                share[0] += commented
                share[1] += filled
                if in_src:
                    room = self.rooms.setdefault(name.split("/")[1], [0, 0])
                    room[0] += commented
                    room[1] += filled
        if not in_src:
            return
        for match in TYPE.finditer(code):
            first = self.types.setdefault(match.group(1), name)
            if first != name:
                self.report(name, code.count("\n", 0, match.start()) + 1,
                            f"{match.group(1)} is the name of a type in {first} already")
        self.file_lines.append(lines)
        if lines > FILE_LINES_MAX:
            self.report(name, lines, f"{lines} lines, at most {FILE_LINES_MAX}")
        for match in CALL.finditer(code):
            if match.group(1) in BANNED_CALLS and not self.allowed("call", name, match.group(1)):
                self.report(name, code.count("\n", 0, match.start()) + 1,
                            f"{match.group(1)}() is banned")

    def allowed(self, kind, name, what, length=0):
        key = (kind, name, what)
        if key not in self.allow or length > self.allow[key]:
            return False
        self.used.add(key)
        return True

    def listed(self, names):
        """Every C file of src/ and every test is named in the meson.build that builds it."""
        texts = {}

        def mentions(build, text):
            if build not in texts:
                path = self.root / build
                texts[build] = path.read_text(encoding="utf-8") if path.exists() else ""
            return text in texts[build]

        for name in names:
            if name.startswith("src/") and name.endswith(".c"):
                if not mentions("src/meson.build", f"'{name[4:]}'"):
                    self.report(name, 1, "not listed in src/meson.build")
            test = re.fullmatch(r"tests/unit/(\w+)/test_(\w+)\.c", name)
            if test and not mentions("tests/unit/meson.build",
                                     f"'{test.group(1)}', '{test.group(2)}'"):
                self.report(name, 1, "not listed in tests/unit/meson.build")
            test = re.fullmatch(r"tests/(api|model|fault|fuzz|data)/(?:test|fuzz)_(\w+)\.c", name)
            if test and not mentions(f"tests/{test.group(1)}/meson.build", f"'{test.group(2)}'"):
                self.report(name, 1, f"not listed in tests/{test.group(1)}/meson.build")

    def commented(self):
        """The floor holds for the whole: a room may need fewer words than another."""
        commented, filled = self.comments["src"]
        if filled >= COMMENTS_LINES and 100 * commented < COMMENTS_MIN * filled:
            missing = (COMMENTS_MIN * filled + 99) // 100 - commented
            self.report("src", 1, f"{100 * commented / filled:.2f} % of lines carry a comment, at "
                        f"least {COMMENTS_MIN} %: {missing} lines of comment are missing")

    def print_figures(self):
        for label, values in (("functions", self.function_lines), ("files", self.file_lines)):
            if values:
                values.sort()
                p95 = values[min(len(values) - 1, len(values) * 95 // 100)]
                print(f"src {label}: {len(values)}, lines median "
                      f"{statistics.median_low(values)}, p95 {p95}, longest {values[-1]}")
        for folder, (commented, filled) in self.comments.items():
            if filled:
                print(f"{folder}: {100 * commented / filled:.1f} % of lines carry a comment")
        if self.rooms:
            print("by room: " + ", ".join(f"{room} {100 * commented / filled:.1f}"
                                          for room, (commented, filled)
                                          in sorted(self.rooms.items()) if filled))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    root = parser.parse_args().root.resolve()
    inside = subprocess.run(["git", "rev-parse", "--is-inside-work-tree"], cwd=root,
                            capture_output=True, check=False)
    if inside.returncode != 0:
        print("not a git work tree: nothing to check")
        return 77  # "skipped" for meson
    tidy = Tidy(root)
    count = tidy.run()
    for problem in tidy.problems:
        print(problem)
    tidy.print_figures()
    print(f"{count} files, {len(tidy.problems)} problems")
    return 1 if tidy.problems else 0


sys.exit(main())
