# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench must be able to say that a target was missed, and never lose a row. Run by make check-selftest; prints TAP."""

import pathlib
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import bench_cpu  # noqa: E402  pylint: disable=wrong-import-position
import bench_io_table  # noqa: E402  pylint: disable=wrong-import-position
import bench_rows  # noqa: E402  pylint: disable=wrong-import-position
import bench_table  # noqa: E402  pylint: disable=wrong-import-position

P99 = {"alone": 600, "unmanaged": 5600, "idle": 1200, "colod": 1100, "again": 1110}
OFFLINE = {"alone": 0, "unmanaged": 1400, "idle": 1000, "colod": 950, "again": 950}


def placed(rounds=20, p99=None, offline=None):
    """A placement whose arms have these numbers, each round 10 us above the one before."""
    rows = []
    for arm, value in {**P99, **(p99 or {})}.items():
        for n in range(1, rounds + 1):
            numbers = {"wrk_n": 5000}
            for name in ("probe", "wrk"):
                numbers.update({f"{name}_p50_us": 400, f"{name}_p99_us": value + 10 * n,
                                f"{name}_offline_permille": {**OFFLINE, **(offline or {})}[arm]})
            rows.append(bench_rows.Row("placement", "6.12", "mixed", arm, n, numbers))
    return bench_table.Case(rows, bench_table.PLACEMENT_ARMS)


def shared(p99_us, hog_kib):
    """A disk, whose arms have these numbers; unmanaged it does 20000 KiB/s."""
    rows = [bench_rows.Row("io", "6.12", "none:read:read", arm, n, {
        "web_n": 500, "web_lost": 0, "web_p50_us": 200, "web_worst_us": 9, "web_p99_us": value, "web_kib": 200,
        "hog_kib": {"alone": 0, "unmanaged": 19800}.get(arm, hog_kib)}) for arm, value in p99_us.items() for n in (1, 2)]
    return bench_table.Case(rows)


def verdicts_of(p99_us, hog_kib):
    return [line[2:8].strip() for line in bench_io_table.verdicts(shared(p99_us, hog_kib))]


def rule_says(p99_us, hog_kib):
    lines = bench_io_table.table("t", shared({"alone": 400, "unmanaged": 90000, "colod": 9000, "again": 9000, **p99_us}, hog_kib))
    return [line[2:8].strip() for line in lines if "with a rule of 40 %" in line]


def locked(**worst_ms):
    rows = [bench_rows.Row("inversion", "6.1", "x", arm, n, {
        "write_worst_us": ms * 1000 - n, "write_p99_us": 7, "weight": 2, "offline_permille": 39})
            for arm, ms in worst_ms.items() for n in (1, 2)]
    return bench_table.Case(rows)


def uneven(paired):
    rows = (("colod", 1), ("colod", 2), ("idle", 1), ("quota", 1), ("quota", 2), ("quota", 3))
    case = bench_table.Case([bench_rows.Row("p", "k", "c", arm, n, {}) for arm, n in rows], paired)
    return case.rounds("colod"), case.rounds("idle"), case.rounds("quota")


def missed(lines):
    return [line for line in lines if line.startswith("  MISSED")]


def says(lines, text):
    return any(text in line for line in lines)


def store_keeps():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "rows"
        store = bench_rows.Store(path, "a")
        good = store.add("6.12", "inversion 100 idle 1 write_worst_us=5")
        bad = [store.add("6.12", text) for text in
               ("inversion 100 idle 2 write_worst_us=", "inversion 100 idle two x=1", "inversion 100 idle 2")]
        again = bench_rows.Store(path, "a")
        other = bench_rows.Store(path, None)
        changed = bench_rows.Store(path, "b")
        return (good and not any(bad) and again.done("6.12") == "inversion/100/idle/1" and again.done("6.1") == ""
                and other.rows == again.rows and not changed.rows and changed.put_aside.exists())


def store_gives_back():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "rows"
        store = bench_rows.Store(path, "a")
        good = [store.keep("6.12", text) for text in ("learned-cpu H4sI=", "learned-disk H4s/", "learned-cpu H4sJ=")]
        bad = store.keep("6.12", "learned-cpu")
        again = bench_rows.Store(path, "a")
        changed = bench_rows.Store(path, "b")
        return (all(good) and not bad and not again.rows and not changed.kept
                and again.kept == store.kept == {"6.12": {"learned-cpu": "H4sJ=", "learned-disk": "H4s/"}})


def resampled_together():
    """Columns that differ by 5 in each round differ by 5 in each resample."""
    one = list(range(20))
    other = [v + 5 for v in one]
    return bench_table.interval(lambda a, b: statistics.median(b) - statistics.median(a), one, other) == (5, 5)


def interval_covers():
    low, high = bench_table.interval(statistics.median, list(range(101)))
    return 30 < low < 50 < high < 70


def boots(kernels=(), parts=tuple(bench_cpu.PARTS)):
    """(kernel, profile, parts) of each boot."""
    return [(kernel, profile.name, [t.name[3:] for t in tests])
            for kernel, profile, tests in bench_cpu._boots(parts, kernels)]  # pylint: disable=protected-access


CASES = (
    ("all targets met", lambda: missed(bench_table.placement("t", placed(), "mixed")) == []),
    ("a gap closed by half is missed, and said",
     lambda: says(missed(bench_table.placement_verdicts(placed(p99={"colod": 3100, "again": 3110}))), "closed 0.50")),
    ("worse than plain cpu.idle is missed",
     lambda: says(missed(bench_table.placement_verdicts(placed(p99={"idle": 900}))), "above that of plain cpu.idle")),
    ("worse by less than two equal arms differ by is not",
     lambda: not says(missed(bench_table.placement_verdicts(placed(p99={"idle": 1095}))), "plain cpu.idle, two")),
    ("offline work held more than plain cpu.idle would is missed",
     lambda: len(missed(bench_table.placement_verdicts(placed(offline={"colod": 600})))) == 2),
    ("a gap within three times the noise is no gap",
     lambda: says(bench_table.placement_verdicts(placed(p99={"again": 2900})), "no gap to close")),
    ("no gap is not a gap closed", lambda: bench_table.gap([5, 6], [5, 6], [5, 6]) is None),
    ("two equal arms differ by their median round where their medians agree",
     lambda: bench_table.twins([1, 2, 3], [3, 2, 1]) == 2),
    ("few rounds are said", lambda: says(bench_table.placement("t", placed(rounds=3), "mixed"), "fewer than 20 rounds")),
    ("of arms that are compared round by round, a round that not all have does not count",
     lambda: uneven(("colod", "idle")) == (1, 1, 3) and uneven(()) == (2, 1, 3)),
    ("an arm that was not measured at all is no round of any", lambda: uneven(("colod", "alone")) == (0, 1, 3)),
    ("a quarter of plain cpu.idle's wait is met, more is missed",
     lambda: not missed(bench_table.inversion_verdicts("100", locked(idle=1000, colod=250)))
     and missed(bench_table.inversion_verdicts("100", locked(idle=1000, colod=260)))),
    ("a wait of a second beside a heavy class is missed",
     lambda: not missed(bench_table.inversion_verdicts("2500", locked(idle=20000, colod=999)))
     and missed(bench_table.inversion_verdicts("2500", locked(idle=20000, colod=1001)))),
    ("the worst of all rounds is the worst", lambda: bench_table.worst(locked(colod=250), "colod") == 249999),
    ("the interval holds the median", interval_covers),
    ("arms of one round stay together in a resample", resampled_together),
    ("the same rows give the same interval",
     lambda: bench_table.interval(statistics.mean, [1, 5, 9, 2, 4]) ==
     bench_table.interval(statistics.mean, [1, 5, 9, 2, 4]) is not None),
    ("few rounds have no interval, and none is shown",
     lambda: bench_table.interval(statistics.median, [1, 2, 3, 4]) is None
     and says(bench_table.placement("t", placed(rounds=3), "mixed"), "closed 0.90, target")),
    ("parts of one guest share a boot, and each has its kernels",
     lambda: boots() == [("6.1", "bench", ["inversion", "starvation"]),
                         ("6.12", "bench", ["inversion", "starvation", "placement"]), ("6.12", "bench8", ["eight"]),
                         ("newest", "bench", ["inversion", "starvation"]), ("newest", "bench8", ["eight"])]),
    ("a kernel that is asked for gets every part that is",
     lambda: boots(["6.1"], ["placement"]) == [("6.1", "bench", ["placement"])]),
    ("on a disk a gap that is closed is met, and what offline work leaves unused is missed",
     lambda: verdicts_of({"alone": 400, "unmanaged": 90000, "colod": 9000, "again": 9100}, 2000) == ["met", "met", "MISSED"]),
    ("worse than unmanaged on a disk is missed",
     lambda: verdicts_of({"alone": 400, "unmanaged": 9000, "colod": 90000, "again": 90100}, 19000) ==
     ["MISSED", "MISSED", "met"]),
    ("another rule is judged by both at once", lambda: [rule_says({"some40": p99}, hog) for p99, hog in ((9000, 19000), (9000, 9000), (80000, 19000))] ==
     [["met"], ["MISSED"], ["MISSED"]]),
    ("and only where it was measured", lambda: rule_says({}, 19000) == []),
    ("rows are kept, half a row is not, another build begins anew", store_keeps),
    ("what a later boot needs is kept with the rows, the newest of a name", store_gives_back),
)


if __name__ == "__main__":
    sys.exit(bench_table.tap(CASES))
