#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make bench-net`: what offline work on an uplink costs online work there, and what becomes of it, measured in guests.

BENCH_CASES_net="rr:tcp" (online, offline) and BENCH_ARMS_net="unmanaged colod" for some; what there is: bench-net/01-net.sh.
Each measurement is kept in OUT/rows as it comes: an interrupted run goes on from there, a larger BENCH_ROUNDS adds to it,
and a change of colod or of the measuring begins anew (BENCH_KEEP=1: goes on). KERNEL=6.12 asks one kernel only.
Exit status: 0 all was measured, 1 something could not be, 2 no guest. A target that is missed is said and is not an error.
"""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_net_table  # noqa: E402
import bench_rows  # noqa: E402
import bench_run  # noqa: E402
from bench_run import HERE  # noqa: E402

SCRIPT = HERE / "bench-net" / "01-net.sh"
ROUNDS = 3
MEASURES = (SCRIPT, HERE / "guest" / "bench.sh", HERE / "guest" / "net.sh", HERE.parent / "tools" / "open_loop.c")


if __name__ == "__main__":
    sys.exit(bench_run.main("net", __doc__, SCRIPT, MEASURES, os.environ.get("BENCH_ROUNDS") or ROUNDS,
                            bench_rows.Store, bench_net_table.report))
