#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes one line of the product at a time and requires that a named test notices.

    run.py RESULT MAKE [NAME...]     (run from the top; NAMEs limit it to these mutants)
    run.py --list                    (prints the entries whose text is not there once; runs nothing)

tests/mutants/list says what to change. Works in a copy of the tree. An entry fails when its text is not
found exactly once, when the changed program does not compile, when its test does not pass before the
change, or when the test still passes after it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FIELDS = ("name", "file", "test", "text", "with")
LIMIT_S = 300


class Broken(Exception):
    """An entry, or the list, that cannot be used: the text says why."""


def read_list(path):
    entries, entry = [], {}
    for number, line in enumerate(path.read_text().split("\n") + [""], 1):
        if line.startswith("#"):
            continue
        if not line:
            if entry and tuple(entry) != FIELDS:
                raise Broken(f"{path}:{number}: needs the lines {', '.join(FIELDS)} in this order")
            if entry:
                entries.append(entry)
            entry = {}
            continue
        key, colon, value = line.partition(":")
        if not colon or key not in FIELDS or key in entry:
            raise Broken(f"{path}:{number}: unexpected line: {line}")
        # One blank after the colon is not part of the text; further ones and tabs are.
        entry[key] = value[1:] if value.startswith(" ") else value
    names = [e["name"] for e in entries]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise Broken(f"{path}: two mutants are called {', '.join(sorted(twice))}")
    return entries


class Tree:
    """The copy that is changed."""

    def __init__(self, top, make):
        self.top = top
        self.out = top / "out"
        self.make = make
        self.known_good = {}

    def program(self, test):
        kind, _, name = test.partition(" ")
        if kind in ("unit", "prop"):
            return self.out / "tests" / kind / name
        if kind in ("golden", "replay"):
            return self.out / "colod"
        raise Broken(f"test '{test}': must begin with unit, prop, golden or replay")

    def build(self, test):
        return subprocess.run(self.make + ["--no-print-directory", f"O={self.out}", str(self.program(test))],
                              cwd=self.top, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)

    def run(self, test):
        """Whether the test passes, and what it printed."""
        result = str(self.out / "result")
        if test.startswith(("golden ", "replay ")):
            words = [f"tests/{test.split()[0]}/run.sh", result, str(self.out / "colod"), *test.split()[1:]]
        else:
            words = ["tests/run-tap.sh", result, str(self.program(test))]
        done = subprocess.run(words, cwd=self.top, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False,
                              env={**os.environ, "TEST_LIMIT_S": "60"}, timeout=LIMIT_S)
        return done.returncode == 0, done.stdout

    def require_good(self, test):
        if test not in self.known_good:
            built = self.build(test)
            if built.returncode:
                raise Broken(f"'{test}' does not build unchanged:\n{built.stdout[-2000:]}")
            self.known_good[test] = self.run(test)
        passes, said = self.known_good[test]
        if not passes:
            raise Broken(f"'{test}' does not pass unchanged:\n{said[-2000:]}")

    def try_mutant(self, entry):
        """Returns the lines of the test that noticed."""
        self.require_good(entry["test"])
        path = self.top / entry["file"]
        if not path.is_file():
            raise Broken(f"{entry['file']} is not there any more")
        original = path.read_text()
        count = original.count(entry["text"])
        if count != 1:
            raise Broken(f"found {count} times in {entry['file']}: {entry['text']}")
        path.write_text(original.replace(entry["text"], entry["with"]))
        try:
            built = self.build(entry["test"])
            if built.returncode:
                raise Broken(f"does not compile:\n{built.stdout[-2000:]}")
            passes, said = self.run(entry["test"])
        finally:
            path.write_text(original)
        if passes:
            raise Broken(f"{entry['test']} did not notice: {entry['text']} -> {entry['with']}")
        return [line[10:] for line in said.split("\n") if line.startswith("not ok    ")]


def misplaced(top, path):
    """Where the entries do not fit the sources any more, a line each."""
    try:
        entries = read_list(path)
    except Broken as error:
        return [str(error)]
    texts = {f: (top / f).read_text() if (top / f).is_file() else "" for f in {e["file"] for e in entries}}
    counts = [(e, texts[e["file"]].count(e["text"])) for e in entries]
    return [f"tests/mutants/list: {e['name']}: found {n} times in {e['file']}" for e, n in counts if n != 1]


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(misplaced(pathlib.Path.cwd(), pathlib.Path("tests/mutants/list"))), end="")
        return 0
    result, make, only = sys.argv[1], sys.argv[2].split(), sys.argv[3:]
    here = pathlib.Path(__file__).resolve().parent
    passed, lines = 0, []
    with tempfile.TemporaryDirectory(prefix="colod-mutants-") as tmp:
        top = pathlib.Path(tmp) / "tree"
        shutil.copytree(here.parent.parent, top, symlinks=True,
                        ignore=shutil.ignore_patterns(".git", "build", "__pycache__", "vm"))
        tree = Tree(top, make)
        try:
            entries = read_list(here / "list")
        except Broken as error:
            entries = []
            lines.append(f"fail: {error}")
        for entry in entries:
            if only and entry["name"] not in only:
                continue
            try:
                noticed = tree.try_mutant(entry)
                passed += 1
                print(f"ok        {entry['name']}: noticed by {'; '.join(noticed[:2])}", flush=True)
            except Broken as error:
                lines.append(f"fail: {entry['name']}: {str(error).splitlines()[0]}")
                print(f"not ok    {entry['name']}: {error}", flush=True)
    summary = [str(here.parent / "summary"), "write", result, str(passed), str(len(lines)), "0", *lines]
    return subprocess.run(summary, check=False).returncode or (0 if passed else 1)


if __name__ == "__main__":
    sys.exit(main())
