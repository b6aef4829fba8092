#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make bench-io`: what offline work on a disk costs online work there, and what becomes of it, measured in guests.

BENCH_CASES_io="none:read:read" (scheduler, online, offline) and BENCH_ARMS_io="unmanaged colod" for some; what
there is: bench-io/01-io.sh. Each measurement is kept in OUT/rows as it comes: an interrupted run goes on from
there, a larger BENCH_ROUNDS adds to it, and a change of colod or of the measuring begins anew (BENCH_KEEP=1:
goes on). KERNEL=6.12 asks one kernel only. Exit status: 0 all was measured, 1 something could not be, 2 no guest.
A target that is missed is said and is not an error.
"""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_io_table  # noqa: E402
import bench_rows  # noqa: E402
import bench_run  # noqa: E402
import boot  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
from bench_run import HERE, PATIENCE  # noqa: E402

SCRIPT = HERE / "bench-io" / "01-io.sh"
ROUNDS = 3


def _stamp(build):
    return bench_run.stamp(build, SCRIPT, HERE / "guest" / "bench.sh", HERE / "guest" / "disks.sh",
                           *(HERE.parent / "tools" / name for name in ("io_load.c", "open_loop.c")))


def _run(kernel, store, args):
    test = profiles.load_test(SCRIPT)
    settings = bench_run.settings("BENCH_", {"io": os.environ.get("BENCH_ROUNDS") or ROUNDS})
    settings["BENCH_DONE"] = store.done(kernel)
    one = boot.Boot(kernel, profiles.PROFILES[test.profiles[0]], [test], args.out / kernel, args.build, args.dest,
                    settings=settings, patience=PATIENCE)
    return bench_run.run(one, store, kernel)


def main():
    args = bench_run.arguments(__doc__)
    stamp = None if args.show or os.environ.get("BENCH_KEEP") == "1" else _stamp(args.build)
    store = bench_run.open_store(bench_rows.Store, args.out, stamp)
    wrong = []
    try:
        if not args.show:
            args.build = bench_run.lean(args.build, args.out)
            for kernel in os.environ.get("KERNEL", "").split() or ["6.12"]:
                wrong += _run(kernel, store, args)
    except (image.ImageError, OSError) as error:
        print(f"bench-io: {error}", file=sys.stderr)
        return 2
    print(bench_io_table.report(store))
    for text in wrong:
        print(f"FAILED: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
