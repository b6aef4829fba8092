#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make bench-cpu`: what offline work costs online work, and what becomes of it, measured in guests.

Parts (BENCH_ONLY="placement inversion" for some):

    placement    nginx under wrk and an open-loop probe beside saturating offline work, by where that is placed
    inversion    how long an online write waits for a kernel lock that offline work holds
    eight        8 CPUs: what one busy offline thread gets, and eight of them; and the same wait there
    starvation   a minute of full online load: what offline work gets, and what it costs

Each measurement is kept in OUT/rows as it comes. An interrupted run goes on from there, and a larger
BENCH_ROUNDS adds to it (BENCH_CASES_placement="mixed" and BENCH_ARMS_placement="idle colod": only those); a change of colod or of the measuring begins anew (BENCH_KEEP=1: goes on). KERNEL=6.12
asks one kernel only. The guest's time is counted in instructions, so compare numbers with each other,
never with a clock. Exit status: 0 all was measured, 1 something could not be, 2 no guest. A target that is
missed is said and is not an error: the numbers are what this is for.
"""

import argparse
import dataclasses
import hashlib
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_rows  # noqa: E402
import bench_table  # noqa: E402
import boot  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
import tap  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
# Only the guest's time counts, and the guest has limits of its own: beside other work this machine may be slow.
PATIENCE = 3
ALL = ("6.1", "6.12", "newest")


@dataclasses.dataclass(frozen=True)
class Part:
    script: str
    kernels: tuple
    rounds: int  # where BENCH_ROUNDS does not say


PARTS = {
    "inversion": Part("01-inversion", ALL, 2),
    "starvation": Part("02-starvation", ALL, 1),
    "eight": Part("03-eight", ("6.12", "newest"), 1),
    "placement": Part("04-placement", ("6.12",), 20),
}


def _stamp(build):
    """What was measured and how: rows of another stamp are not comparable."""
    digest = hashlib.sha256()
    for path in (build / "colod", *sorted((HERE / "bench").glob("*.sh")), HERE / "guest" / "bench.sh",
                 *(HERE.parent / "tools" / name for name in ("cpu_load.c", "open_loop.c"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _lean(build, out):
    """A build directory of what the guest needs; the unit tests would only be unpacked there."""
    lean = out / "lean"
    shutil.rmtree(lean, ignore_errors=True)
    (lean / "tests").mkdir(parents=True)
    for name in ("colod", "coloctl"):
        shutil.copy2(build / name, lean)
    shutil.copytree(build / "tests" / "tools", lean / "tests" / "tools", ignore=shutil.ignore_patterns("*.o", "*.d"))
    return lean


def _boots(parts, kernels):
    """(kernel, profile, tests): parts that need the same guest share a boot, which costs more than many a row."""
    tests = {name: profiles.load_test(HERE / "bench" / f"{PARTS[name].script}.sh") for name in parts}
    for kernel in kernels or ALL:
        for profile in profiles.PROFILES.values():
            group = [t for name, t in tests.items()
                     if t.profiles[0] == profile.name and (kernels or kernel in PARTS[name].kernels)]
            if group:
                yield kernel, profile, group


def _run(kernel, profile, tests, store, args):
    """One boot. Returns what went wrong."""
    settings = {k: v for k, v in os.environ.items() if k.startswith("BENCH_")}
    settings["BENCH_DONE"] = store.done(kernel)
    for name, part in PARTS.items():
        settings[f"BENCH_ROUNDS_{name}"] = os.environ.get("BENCH_ROUNDS") or str(part.rounds)

    found = []

    def on_line(raw):
        if raw.startswith(bench_rows.MARK):
            text = raw[len(bench_rows.MARK):]
            image.say(f"  {text}")
            if not store.add(kernel, text):
                found.append(("", f"a number is missing in: {text}"))

    one = boot.Boot(kernel, profile, tests, args.out / f"{kernel}-{profile.name}", args.build, args.dest,
                    settings=settings, patience=PATIENCE)
    session = boot.run(one, tap.load_skips(HERE / "skips"), on_line=on_line)
    found += [("", text) for text in session.faults]
    found += [(r.name, text) for r in session.results.values() for text in (*r.failed, *r.faults)]
    return [f"{kernel} {name} {text}" for name, text in found]


def _arguments():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--build", type=pathlib.Path, required=True)
    args.add_argument("--dest", type=pathlib.Path, required=True, help="DESTDIR tree with colod installed")
    args.add_argument("--out", type=pathlib.Path, required=True)
    args.add_argument("--show", action="store_true", help="only the tables of what was measured so far")
    args = args.parse_args()
    args.build, args.dest, args.out = (p.resolve() for p in (args.build, args.dest, args.out))
    return args


def main():
    args = _arguments()
    stamp = None if args.show or os.environ.get("BENCH_KEEP") == "1" else _stamp(args.build)
    store = bench_rows.Store(args.out / "rows", stamp)
    if store.put_aside:
        image.say(f"colod or the measuring has changed: begins anew, the rows before are in {store.put_aside}")
    if not args.show:
        args.build = _lean(args.build, args.out)
    wrong = []
    parts = os.environ.get("BENCH_ONLY", "").split() or list(PARTS)
    try:
        for kernel, profile, tests in _boots([] if args.show else parts, os.environ.get("KERNEL", "").split()):
            wrong += _run(kernel, profile, tests, store, args)
    except KeyError as error:
        print(f"bench-cpu: no part {error}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    except (image.ImageError, OSError) as error:
        print(f"bench-cpu: {error}", file=sys.stderr)
        return 2
    print(bench_table.report(store))
    for text in wrong:
        print(f"FAILED: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
