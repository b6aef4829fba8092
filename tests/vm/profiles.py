# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shapes of guest that tests ask for, and the header lines of test files.

A profile is one boot. A test names the profiles it runs in; most need only `default`.
"""

import dataclasses
import fnmatch
import pathlib
import re

import image

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE / "tests"


@dataclasses.dataclass(frozen=True)
class Profile:
    name: str
    cpus: int = 2
    memory_mib: int = 1536
    smt: bool = False
    numa: int = 0  # memory nodes, with as much memory and as many CPUs each; 0: one
    swap_mib: int = 0
    disk_mib: int = 0
    icount: bool = False
    shift: int = 2  # of icount: an instruction takes 2^shift ns
    turn_us: int = 0  # of icount: the longest turn of one CPU


PROFILES = {p.name: p for p in (
    Profile("default"),
    Profile("smt", cpus=4, smt=True),
    Profile("numa", memory_mib=2560, numa=2),
    Profile("swap", memory_mib=768, swap_mib=512),
    Profile("small", memory_mib=768),
    Profile("disk", disk_mib=1024),
    Profile("icount", icount=True),
    Profile("storm", memory_mib=768, icount=True, shift=0),
    Profile("bench", icount=True, shift=3, turn_us=100),
    # Without a second CPU that takes turns on the same thread, a disturbed service uses no more CPU time for its work than it needs.
    Profile("bench1", cpus=1, icount=True),
    Profile("bench8", cpus=8, icount=True, shift=2, turn_us=100),
)}


CORE = ("yes", "oldest", "late", "no")


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    path: pathlib.Path
    budget_s: int
    profiles: tuple
    # yes: on each kernel; oldest: on the newest in make check-all only, as it would repeat 6.12; late: on both there only; no
    core: str
    title: str
    expect: str = ""
    long_budget_s: int = 0
    reboots: int = 0  # how often it cuts the power


def _header(path):
    fields = {}
    for line in path.read_text().splitlines():
        if not line.startswith("#"):
            break
        match = re.match(r"# (budget|long-budget|profile|core|title|expect|reboots): (.*)", line)
        if match:
            fields[match[1]] = match[2].strip()
    return fields


def load_test(path):
    fields = _header(path)
    # Without a budget it has a long form only.
    for key in ("profile", "title") + (() if "long-budget" in fields else ("budget",)):
        if key not in fields:
            raise image.ImageError(f"{path}: no '# {key}:' line")
    for key in ("budget", "long-budget"):
        if not re.fullmatch(r"\d+s", fields.get(key, "0s")):
            raise image.ImageError(f"{path}: {key} {fields[key]!r} is not like 40s")
    if fields.get("core", "no") not in CORE:
        raise image.ImageError(f"{path}: core {fields['core']!r} is none of {', '.join(CORE)}")
    names = tuple(fields["profile"].split())
    for name in names:
        if name not in PROFILES:
            raise image.ImageError(f"{path}: unknown profile {name!r}; known: {', '.join(PROFILES)}")
    return Test(path.stem, path, int(fields.get("budget", "0s")[:-1]), names, fields.get("core", "no"),
                fields["title"], fields.get("expect", ""), int(fields.get("long-budget", "0s")[:-1]),
                int(fields.get("reboots", "0")))


def load_tests(directory=TESTS):
    paths = sorted(p for p in directory.glob("*.sh") if re.match(r"\d\d-", p.name))
    return [load_test(p) for p in paths]


def select(tests, core=(), only=None):
    """Those whose core is one of CORE (all if it is empty) and whose name matches one of ONLY."""
    return [t for t in tests
            if (not core or t.core in core) and (not only or any(fnmatch.fnmatch(t.name, g) for g in only))]


def short(tests):
    """The tests that have a short form."""
    return [t for t in tests if t.budget_s]


def long(tests):
    """The tests that have a long form, with the budget of that."""
    return [dataclasses.replace(t, budget_s=t.long_budget_s) for t in tests if t.long_budget_s]


def boots(tests, profile_names=None):
    """Groups tests into (profile, tests), one boot each, in the table's order."""
    for name, profile in PROFILES.items():
        if profile_names and name not in profile_names:
            continue
        group = [t for t in tests if name in t.profiles]
        if group:
            yield profile, group
