#!/usr/bin/env python3
"""Check that every #include and every call to the outside keeps to tools/layers.txt.

    check_layers.py [--root DIR]

Rules, for the rooms src/<room>/:
  door    from another room only its door <room>/<room>.h may be included; in base every header
          is a door
  edge    a room opens only the doors that the table grants it
  order   the table is a strict order, so that no circle hides between rooms
  cycle   no header includes itself by way of others
  only    some headers (CRoaring, xxHash, yyjson, the system's) belong to few files
  calls   memory, files, threads and the clock are reached through few files of base
  public  programs, benches and tests of the public interface include no header of src/
  free    single files of them may, to measure what lies inside or beside the library
  name    file names are unique within src/, whatever the room
That external symbols begin with seg_ or segi_ is checked by tools/check_symbols.py.
"""
import argparse
import collections
import fnmatch
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
CALL = re.compile(r"(?<![\w.>])([a-z_][a-z0-9_]*)\s*\(")
# A declaration such as `int open(` is not a call; what may stand before a call is.
BEFORE_CALL = {"return", "else", "do", "sizeof", "case"}


class Layers:
    """The table of layers.txt."""

    def __init__(self, path):
        self.rooms = {}
        self.only = []
        self.calls = []
        self.public = []
        self.free = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            word, _, rest = line.partition(" ")
            left, _, right = rest.partition(":")
            left, right = left.split(), right.split()
            if word == "room":
                unknown = [room for room in right if room not in self.rooms]
                if unknown:
                    sys.exit(f"{path.name}:{number}: {left[0]} names {unknown[0]}, which is not "
                             "above it")
                self.rooms[left[0]] = right
            elif word == "only":
                self.only += [(pattern, right) for pattern in left]
            elif word == "calls":
                self.calls += [(pattern, right) for pattern in left]
            elif word == "public":
                self.public += left
            elif word == "free":
                self.free += left
            else:
                sys.exit(f"{path.name}:{number}: what is '{word}'?")

    def allowed(self, table, name, place):
        """None if no rule names it, else whether the file `place` may use it."""
        rules = [files for pattern, files in table if fnmatch.fnmatchcase(name, pattern)]
        if not rules:
            return None
        return any(fnmatch.fnmatchcase(place, file) for files in rules for file in files)


class Checker:
    """Walks the tree and collects problems."""

    def __init__(self, root):
        self.root = root
        self.src = root / "src"
        self.layers = Layers(root / "tools" / "layers.txt")
        self.problems = []
        self.graph = collections.defaultdict(list)

    def report(self, path, text, position, message):
        line = text.count("\n", 0, position) + 1
        self.problems.append(f"{path.relative_to(self.root)}:{line}: {message}")

    def sources(self, folder):
        return sorted(path for path in folder.rglob("*.[ch]") if path.is_file())

    def run(self):
        by_name = collections.defaultdict(list)
        files = self.sources(self.src)
        for path in files:
            by_name[path.name].append(path.relative_to(self.root).as_posix())
            self.source(path)
        for name, places in by_name.items():
            if len(places) > 1:
                self.problems.append(f"{', '.join(places)}: the name {name} is not unique")
        self.cycles()
        for folder in self.layers.public:
            for path in self.sources(self.root / folder):
                files.append(path)
                self.user(path)
        return len(files)

    def source(self, path):
        """One file of a room."""
        place = path.relative_to(self.src).as_posix()
        room = place.split("/")[0] if "/" in place else ""
        text = path.read_text(encoding="utf-8")
        if room not in self.layers.rooms:
            self.problems.append(f"src/{place}: not in a room of layers.txt")
            return
        for match in INCLUDE.finditer(text):
            quoted, angled = match.groups()
            name = quoted or angled
            if self.layers.allowed(self.layers.only, name, place) is False:
                self.report(path, text, match.start(), f"only: {name} may not be included here")
            if quoted:
                self.inner_include(path, text, match.start(), room, quoted)
        self.check_calls(path, text, place)

    def inner_include(self, path, text, position, room, name):
        target = next((base / name for base in (path.parent, self.src)
                       if (base / name).is_file()), None)
        if target is None:
            self.report(path, text, position, f'"{name}" is not a file of src/')
            return
        target = target.resolve()
        if self.src not in target.parents or target.suffix != ".h":
            self.report(path, text, position, f'"{name}" is not a header of src/')
            return
        self.graph[path].append(target)
        other = target.relative_to(self.src).parts[0]
        if other == room:
            return
        if other not in self.layers.rooms[room]:
            self.report(path, text, position, f"edge: {room} may not open a door of {other}")
        elif other != "base" and target != self.src / other / f"{other}.h":
            self.report(path, text, position,
                        f"door: from outside only {other}/{other}.h may be included")

    def check_calls(self, path, text, place):
        # Comments and strings go, their line ends stay; directives stay, macros call too.
        code = NOISE.sub(lambda match: "\n" * match.group().count("\n"), text)
        for match in CALL.finditer(code):
            name = match.group(1)
            if self.layers.allowed(self.layers.calls, name, place) is not False:
                continue
            before = re.search(r"([\w*]+)[ \t*]*$", code[max(0, match.start() - 80):
                                                       match.start()])
            if before and before.group(1) not in BEFORE_CALL and \
                    re.fullmatch(r"[a-zA-Z_]\w*\*?", before.group(1)):
                continue
            self.report(path, code, match.start(), f"calls: {name}() may not be called here")

    def cycles(self):
        state = {}

        def visit(path, trail):
            state[path] = "open"
            for target in self.graph[path]:
                if state.get(target) == "open":
                    circle = trail[trail.index(target):] + [target]
                    self.problems.append("cycle: " + " -> ".join(
                        step.relative_to(self.src).as_posix() for step in circle))
                elif target not in state:
                    visit(target, trail + [target])
            state[path] = "done"

        for path in list(self.graph):
            if path not in state:
                visit(path, [path])

    def user(self, path):
        """One file of a program that uses the library."""
        place = path.relative_to(self.root).as_posix()
        if any(fnmatch.fnmatchcase(place, pattern) for pattern in self.layers.free):
            return
        text = path.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            quoted, angled = match.groups()
            if quoted:
                bases = (path.parent, self.root, self.root / "tests")
                target = next((base / quoted for base in bases if (base / quoted).is_file()), None)
                if target is None or self.src in target.resolve().parents:
                    self.report(path, text, match.start(),
                                f'public: "{quoted}" is not for users of the library')
            elif re.match(r"(roaring/|xxh|yyjson)", angled) and not self.layers.allowed(
                    self.layers.only, angled, path.relative_to(self.root).as_posix()):
                self.report(path, text, match.start(),
                            f"public: <{angled}> is not for users of the library")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    checker = Checker(parser.parse_args().root.resolve())
    count = checker.run()
    for problem in checker.problems:
        print(problem)
    print(f"{count} files, {len(checker.problems)} problems")
    return 1 if checker.problems else 0


sys.exit(main())
