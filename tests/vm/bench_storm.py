#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`sudo make storm`: offline work that fills a small node beside an online pod, with colod, with others, with nothing.

    STORM_ROUNDS=30                    of each case and arm
    STORM_CASES="hog-max tmpfs"        hog-5 hog-20 hog-100 hog-max (MiB/s), hogs-20 (twenty), fork, tmpfs, flood, map; spin
    STORM_ARMS="none colod"            none colod squeeze kill evict systemd-oomd oomd (guest/storm.sh says how each is set)
    STORM_SWAP="none disk zram"        KERNEL="6.1 6.12 newest"

Each round is one line of JSON in OUT/rows as it comes. An interrupted run goes on from there, and more rounds, cases or arms
add to it; a change of colod or of the measuring begins anew (STORM_KEEP=1: goes on). Exit status: 0 all was
measured, 1 something could not be or colod broke an invariant, 2 no guest.
"""

import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# pylint: disable=wrong-import-position
import bench_rows  # noqa: E402
import bench_run  # noqa: E402
import boot  # noqa: E402
import image  # noqa: E402
import profiles  # noqa: E402
import storm_table  # noqa: E402
from bench_run import ALL, HERE, PATIENCE  # noqa: E402

ROUNDS = "30"
# Guest time is counted in instructions, so that what else this machine does is in no number; but not beside a real disk.
PROFILE = {"none": "storm", "disk": "swap", "zram": "storm"}


def _stamp(build):
    return bench_run.stamp(build, HERE / "storm" / "01-storm.sh", *(HERE / "guest" / f"storm.{e}" for e in ("sh", "awk")),
                           HERE / "guest" / "cluster.sh",
                           *(HERE.parent / "tools" / f"{name}.c" for name in ("open_loop", "storm_load", "storm_watch")))


def _lost(words, kernel, store):
    """The row of a round that began and never ended: the guest hung in it until its watchdog reset it."""
    part, case, arm, number = words
    if (part, kernel, case, arm, int(number)) in store.rows:
        return None
    return json.dumps({"part": part, "case": case, "arm": arm, "round": int(number), "lost": 1})


def _run(kernel, swap, test, store, args):
    settings = bench_run.settings("STORM_", {"storm": os.environ.get("STORM_ROUNDS") or ROUNDS})
    for name in ("CASES", "ARMS"):
        settings[f"BENCH_{name}_storm"] = os.environ.get(f"STORM_{name}", "")
    settings.update(STORM_SWAP=swap, BENCH_DONE=store.done(kernel))
    one = boot.Boot(kernel, profiles.PROFILES[PROFILE[swap]], [test], args.out / f"{kernel}-{swap}", args.build, args.dest,
                    settings=settings, patience=PATIENCE)
    begun = []
    wrong = bench_run.run(one, store, kernel, begun.append)
    # A reset ends QEMU well: its own crash, or this machine's end of patience, says nothing of the storm.
    if begun and any("QEMU ended with 0" in text for text in wrong) and (lost := _lost(begun[-1], kernel, store)):
        store.add(kernel, lost)
        image.say(f"the node was lost in {' '.join(begun[-1])}; the next guest goes on")
        return _run(kernel, swap, test, store, args)
    return wrong


def main():
    args = bench_run.arguments(__doc__)
    stamp = None if args.show or os.environ.get("STORM_KEEP") == "1" else _stamp(args.build)
    store = bench_run.open_store(bench_rows.JsonStore, args.out, stamp)
    wrong = []
    if not args.show:
        args.build = bench_run.lean(args.build, args.out)
        test = profiles.load_test(HERE / "storm" / "01-storm.sh")
        try:
            for kernel in os.environ.get("KERNEL", "").split() or ALL:
                for swap in os.environ.get("STORM_SWAP", "").split() or PROFILE:
                    wrong += _run(kernel, swap, test, store, args)
        except KeyError as error:
            print(f"storm: no swap {error}; there are: {', '.join(PROFILE)}", file=sys.stderr)
            return 2
        except (image.ImageError, OSError) as error:
            print(f"storm: {error}", file=sys.stderr)
            return 2
    report = storm_table.report(store)
    print(report)
    for text in wrong:
        print(f"FAILED: {text}")
    return 1 if wrong or "\n  MISSED" in report else 0


if __name__ == "__main__":
    sys.exit(main())
