"""libseg: a process of seg_bench, which holds the same rows and answers commands."""
import json
import pathlib
import statistics
import subprocess
import tempfile


class Failed(Exception):
    """The engine said no."""


class Engine:
    """One store in a process of its own."""
    name = "libseg"

    def __init__(self, program, users, events, seed, *flags):
        command = [str(program), str(users), str(events), str(seed), *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.loaded = self.answer()
        self.version = self.say("info")["version"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"seg_bench ended with {self.process.wait()}")
        answer = json.loads(line)
        if not answer["ok"]:
            raise Failed(answer["error"])
        return answer

    def say(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.write("quit\n")
            self.process.stdin.close()
        return self.process.wait()

    def compile(self, name, predicate):
        return self.say("compile", name, predicate)["ns"][0] / 1e9

    def time(self, verb, name, threads, budget=0.004):
        """Seconds of one run: the median of several that fit the budget, after a first one."""
        first = self.say(verb, name, threads, 1)
        runs = int(min(max(budget * 1e9 / max(first["ns"][0], 1), 3), 200))
        again = self.say(verb, name, threads, runs)
        return statistics.median(again["ns"]) / 1e9, again["count"]

    def least(self, verb, name, threads, budget):
        """Seconds of the quickest of several runs that fit the budget."""
        first = self.say(verb, name, threads, 1)
        runs = int(min(max(budget * 1e9 / max(first["ns"][0], 1), 3), 200))
        return min(self.say(verb, name, threads, runs)["ns"]) / 1e9

    def users(self, name, threads=2):
        """The numbers of the members, rising."""
        import numpy as np
        with tempfile.NamedTemporaryFile(suffix=".ids") as file:
            self.say("write", name, threads, file.name)
            return np.sort(np.fromfile(file.name, dtype="<u4"))

    def stored_users(self, expression):
        import numpy as np
        with tempfile.NamedTemporaryFile(suffix=".ids") as file:
            self.say("algebra_write", file.name, *expression.split())
            return np.sort(np.fromfile(file.name, dtype="<u4"))

    def explain(self, name, threads=1):
        return self.say("explain", name, threads)["text"]


def program(build, name="seg_bench"):
    return pathlib.Path(build) / "bench" / name
