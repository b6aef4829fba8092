# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measurements of `make bench-cpu` and `make storm`, kept one by one as the guest prints them.

A row is one arm of one round: part, kernel, case, arm, round and numbers by name. A run that was
interrupted finds its rows again and asks only for the others; rows of another build are put aside.
"""

import dataclasses
import json
import pathlib

MARK = "|# row: "
BEGINS = "|# begins: "
# "|# kept: NAME TEXT": what a later boot is given back, so that it need not find it out again.
KEPT = "|# kept: "


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


def parse(line):
    """A row from "KERNEL PART CASE ARM ROUND KEY=N ..."; None where a number is missing: half a row is none."""
    words = line.split()
    if len(words) < 6 or not words[4].isdigit():
        return None
    numbers = {}
    for word in words[5:]:
        name, equals, value = word.partition("=")
        if not equals or not value.lstrip("-").isdigit():
            return None
        numbers[name] = int(value)
    return Row(words[1], words[0], words[2], words[3], int(words[4]), numbers)


def parse_json(line):
    """A row from one JSON object; None where it is none or does not say of which round."""
    try:
        numbers = json.loads(line)
        part, kernel, case, arm, number = (numbers.pop(name) for name in ("part", "kernel", "case", "arm", "round"))
    except (ValueError, AttributeError, KeyError):
        return None
    return Row(part, kernel, case, arm, number, numbers) if isinstance(number, int) and numbers else None


class Store:
    """The rows in a file. STAMP says what was measured: with another one the file begins anew, with None it goes on."""

    @staticmethod
    def _line(kernel, text):
        return f"{kernel} {text}"

    @staticmethod
    def _parse(line):
        return parse(line)

    def __init__(self, path, stamp):
        self.path = pathlib.Path(path)
        self.rows = {}
        self.kept = {}
        self.put_aside = None
        first = f"# {stamp}"
        lines = self.path.read_text(encoding="ascii").splitlines() if self.path.exists() else []
        if lines and stamp and lines[0] != first:
            self.put_aside = self.path.with_suffix(".before")
            self.path.replace(self.put_aside)
            lines = []
        for line in lines[1:]:
            row = self._parse(line)
            if row:
                self.rows[row.key()] = row
            elif line.startswith("# kept ") and len(line.split()) == 5:
                self.kept.setdefault(line.split()[2], {})[line.split()[3]] = line.split()[4]
        if not lines:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(first + "\n", encoding="ascii")

    def add(self, kernel, text):
        """Keeps a row that a guest printed; returns whether it was one."""
        line = self._line(kernel, text)
        row = self._parse(line)
        if not row:
            return False
        with open(self.path, "a", encoding="ascii") as f:
            f.write(line + "\n")
        self.rows[row.key()] = row
        return True

    def keep(self, kernel, text):
        """Keeps "NAME TEXT" for a later boot; returns whether it was that."""
        if len(text.split()) != 2:
            return False
        name, value = text.split()
        with open(self.path, "a", encoding="ascii") as f:
            f.write(f"# kept {kernel} {name} {value}\n")
        self.kept.setdefault(kernel, {})[name] = value
        return True

    def of(self, part, kernel=None, case=None):
        return [r for r in self.rows.values()
                if r.part == part and kernel in (None, r.kernel) and case in (None, r.case)]

    def done(self, kernel):
        """What a guest needs not measure again, as it is told."""
        return " ".join(sorted(f"{r.part}/{r.case}/{r.arm}/{r.round}"
                               for r in self.rows.values() if r.kernel == kernel))


class JsonStore(Store):
    """One JSON object a round."""

    @staticmethod
    def _line(kernel, text):
        return text.replace("{", f'{{"kernel": "{kernel}", ', 1)

    @staticmethod
    def _parse(line):
        return parse_json(line)
