#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make bench-score`: whether the score says what a client sees: services beside one kind of interference at a time.

BENCH_CASES_score="cpu disk" (of cpu cache memory disk), BENCH_STRENGTHS="0 4 7" and BENCH_ROUNDS for some; what there is:
bench-score/01-score.sh. A guest learns what is usual for half an hour of its time before it measures anything; what it has
learned is kept with the rows, and given to the next one with the same services. Each point is kept in OUT/rows as it comes:
an interrupted run goes on from there, a larger BENCH_ROUNDS adds to it, and a change of colod or of the measuring begins
anew (BENCH_KEEP=1: goes on). KERNEL=6.12 asks one kernel only. Exit status: 0 all was
measured, 1 something could not be, 2 no guest. A target that is missed is said and is not an error.
"""

import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_rows  # noqa: E402
import bench_run  # noqa: E402
import score_table  # noqa: E402
from bench_run import HERE  # noqa: E402

SCRIPT = HERE / "bench-score" / "01-score.sh"
ROUNDS = 5
MEASURES = (SCRIPT, HERE / "guest" / "bench.sh", HERE / "guest" / "disks.sh",
            *(HERE.parent / "tools" / name for name in ("cpu_load.c", "io_load.c", "open_loop.c", "storm_load.c")))


if __name__ == "__main__":
    sys.exit(bench_run.main("score", __doc__, SCRIPT, MEASURES, os.environ.get("BENCH_ROUNDS") or ROUNDS,
                            bench_rows.Store, score_table.report))
