# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measurements of `make bench-cpu`, kept one by one as the guest prints them.

A row is one arm of one round: part, kernel, case, arm, round and numbers by name. A run that was
interrupted finds its rows again and asks only for the others; rows of another build are put aside.
"""

import dataclasses
import pathlib

MARK = "|# row: "


@dataclasses.dataclass(frozen=True)
class Row:
    part: str
    kernel: str
    case: str
    arm: str
    round: int
    numbers: dict

    def key(self):
        return (self.part, self.kernel, self.case, self.arm, self.round)


def parse(kernel, text):
    """A row from "PART CASE ARM ROUND KEY=N ..."; None where a number is missing: half a row is none."""
    words = text.split()
    if len(words) < 5 or not words[3].isdigit():
        return None
    numbers = {}
    for word in words[4:]:
        name, equals, value = word.partition("=")
        if not equals or not value.lstrip("-").isdigit():
            return None
        numbers[name] = int(value)
    return Row(words[0], kernel, words[1], words[2], int(words[3]), numbers)


class Store:
    """The rows in a file. STAMP says what was measured: with another one the file begins anew, with None it goes on."""

    def __init__(self, path, stamp):
        self.path = pathlib.Path(path)
        self.rows = {}
        self.put_aside = None
        first = f"# {stamp}"
        lines = self.path.read_text(encoding="ascii").splitlines() if self.path.exists() else []
        if lines and stamp and lines[0] != first:
            self.put_aside = self.path.with_suffix(".before")
            self.path.replace(self.put_aside)
            lines = []
        for line in lines[1:]:
            kernel, _, text = line.partition(" ")
            row = parse(kernel, text)
            if row:
                self.rows[row.key()] = row
        if not lines:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(first + "\n", encoding="ascii")

    def add(self, kernel, text):
        """Keeps a row that a guest printed; returns whether it was one."""
        row = parse(kernel, text)
        if not row:
            return False
        with open(self.path, "a", encoding="ascii") as f:
            f.write(f"{kernel} {text}\n")
        self.rows[row.key()] = row
        return True

    def of(self, part, kernel=None, case=None):
        return [r for r in self.rows.values()
                if r.part == part and kernel in (None, r.kernel) and case in (None, r.case)]

    def done(self, kernel):
        """What a guest needs not measure again, as it is told."""
        return " ".join(sorted(f"{r.part}/{r.case}/{r.arm}/{r.round}"
                               for r in self.rows.values() if r.kernel == kernel))
