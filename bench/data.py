"""Columns that bench_dump wrote, as numpy arrays, and in the forms the peers load from."""
import json
import pathlib

import numpy as np

MISSING = {1: 0xFF, 2: 0xFFFF, 4: 0xFFFFFFFF}


class Data:
    """One generated customer base on disk."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        meta = json.loads((self.folder / "meta.json").read_text())
        self.users = meta["users"]
        self.events = meta["events"]
        self.now = meta["now"]
        self.columns = {entry["file"]: entry for entry in meta["columns"]}

    def column(self, name):
        """Values of a column, mapped from its file."""
        entry = self.columns[name]
        dtype = np.float64 if entry["kind"] == "double" else np.dtype(f"<u{entry['width']}")
        return np.asarray(np.memmap(self.folder / name, dtype=dtype, mode="r"))

    def words(self, name):
        return self.columns[name]["words"]

    def missing(self, name):
        return MISSING[self.columns[name]["width"]]

    def segments(self):
        """The members of each stored segment, rising."""
        users = np.asarray(np.memmap(self.folder / "segments.user", dtype="<u4", mode="r"))
        ends = np.fromfile(self.folder / "segments.end", dtype="<u8").astype(np.int64)
        begins = np.concatenate(([0], ends[:-1]))
        return [users[b:e] for b, e in zip(begins, ends)]

    def member_bits(self):
        """Four columns of 64 bits per user: bit s % 64 of column s / 64 is segment s."""
        bits = [np.zeros(self.users, dtype=np.uint64) for _ in range(4)]
        for number, members in enumerate(self.segments()):
            bits[number // 64][members - 1] |= np.uint64(1 << (number % 64))
        return bits
