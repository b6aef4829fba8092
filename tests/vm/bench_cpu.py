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

import dataclasses
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_rows  # noqa: E402
import bench_run  # noqa: E402
import bench_table  # noqa: E402
import boot  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
from bench_run import ALL, HERE, PATIENCE  # noqa: E402


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
    return bench_run.stamp(build, *sorted((HERE / "bench").glob("*.sh")), HERE / "guest" / "bench.sh",
                           *(HERE.parent / "tools" / name for name in ("cpu_load.c", "open_loop.c")))


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
    settings = bench_run.settings("BENCH_", {name: os.environ.get("BENCH_ROUNDS") or part.rounds
                                             for name, part in PARTS.items()})
    settings["BENCH_DONE"] = store.done(kernel)
    one = boot.Boot(kernel, profile, tests, args.out / f"{kernel}-{profile.name}", args.build, args.dest,
                    settings=settings, patience=PATIENCE)
    return bench_run.run(one, store, kernel)


def main():
    args = bench_run.arguments(__doc__)
    stamp = None if args.show or os.environ.get("BENCH_KEEP") == "1" else _stamp(args.build)
    store = bench_run.open_store(bench_rows.Store, args.out, stamp)
    if not args.show:
        args.build = bench_run.lean(args.build, args.out)
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
