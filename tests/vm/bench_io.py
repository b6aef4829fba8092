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
from bench_run import HERE  # noqa: E402

SCRIPT = HERE / "bench-io" / "01-io.sh"
ROUNDS = 3
MEASURES = (SCRIPT, HERE / "guest" / "bench.sh", HERE / "guest" / "disks.sh",
            *(HERE.parent / "tools" / name for name in ("io_load.c", "open_loop.c")))


if __name__ == "__main__":
    sys.exit(bench_run.main("io", __doc__, SCRIPT, MEASURES, os.environ.get("BENCH_ROUNDS") or ROUNDS,
                            bench_rows.Store, bench_io_table.report))
