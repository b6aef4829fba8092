#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a storm's rows and the witness's log say must be said as it is. Run by make check-selftest; prints TAP."""

import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import bench_rows  # noqa: E402  pylint: disable=wrong-import-position
import bench_table  # noqa: E402  pylint: disable=wrong-import-position
import storm_table  # noqa: E402  pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent
GOOD = {"first": "agent", "onset_ms": 100, "back_ms": 900, "stall_ms": 300, "online_p50_us": 9000, "online_p99_us": 20000,
        "online_max_us": 30000, "refaults": 0, "lost_ms": 1500, "died": "hog1:agent", "online_killed": 0, "calm_killed": 0,
        "calm_held": 0, "majflt": 0, "agent_died": 0, "undone": 1, "decided_free_ms": 200}


def case(*rounds, arm="colod"):
    return bench_table.Case([bench_rows.Row("none", "6.12", "hog-max", arm, n, {**GOOD, **numbers})
                             for n, numbers in enumerate(rounds, 1)])


def lost(arm):
    rows = [bench_rows.Row("none", "6.12", "tmpfs", arm, 1, {"lost": 1}), bench_rows.Row("none", "6.12", "tmpfs", arm, 2, GOOD)]
    return storm_table.storm("t", bench_table.Case(rows))


def says(lines, text):
    return any(text in line for line in lines)


def missed(lines):
    return [line for line in lines if line.startswith("  MISSED")]


def seen(*lines, arm="colod"):
    """What storm.awk makes of a log: a sample each 100 ms is s, MS STALL; other lines as they are."""
    out = subprocess.run(["awk", "-f", HERE / "guest" / "storm.awk", "-v", "online=web", "-v", f"arm={arm}"],
                         input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout
    return dict(word.split("=") for word in out.split())


def samples(*stalls):
    """Samples each 100 ms from 5000, stalled so many ms in each step."""
    total, lines = 7000000, []
    for n, stall in enumerate(stalls):
        total += stall * 1000
        lines.append(f"s {5000 + n * 100} {total} 400000")
    return lines


def store_keeps():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "rows"
        store = bench_rows.JsonStore(path, "a")
        good = store.add("6.12", '{"part": "none", "case": "hog-max", "arm": "none", "round": 1, "died": "-"}')
        bad = [store.add("6.12", text) for text in
               ("", '{"part": "none"}', '{"part": "none", "case": "c", "arm": "a", "round": "x", "n": 1}', '{"part": "none", "case"')]
        again = bench_rows.JsonStore(path, "a")
        return (good and not any(bad) and again.rows == store.rows and again.done("6.12") == "none/hog-max/none/1"
                and path.read_text(encoding="ascii").splitlines()[1].startswith('{"kernel": "6.12", '))


STALLED = samples(*[0] * 20, *[50] * 10, *[0] * 30)
CASES = (
    ("all well is met", lambda: not missed(storm_table.storm("t", case({}, {})))),
    ("one online process killed is missed", lambda: says(missed(storm_table.storm("t", case({}, {"online_killed": 1}))),
                                                         "an online process was killed in 1 of 2")),
    ("so are a major fault, a pod that did no harm, something left, an agent that died",
     lambda: all(missed(storm_table.storm("t", case({name: value}))) for name, value in
                 (("majflt", 3), ("calm_killed", 1), ("calm_held", 2), ("undone", 0), ("agent_died", 1)))),
    ("so are more evictions than an hour may have", lambda: not missed(storm_table.storm("t", case({"evictions": 6}, arm="evict")))
     and says(missed(storm_table.storm("t", case({"evictions": 7}, arm="evict"))), "more than 6 evictions")),
    ("others' victims are said, and are no target",
     lambda: not missed(lines := storm_table.storm("t", case({"online_killed": 1}, arm="oomd"))) and
     says(lines, "online processes killed in 1 of 1")),
    ("what never came back is longer than what did, and counted",
     lambda: storm_table.back([{"onset_ms": 5, "back_ms": -1}, {"onset_ms": -1, "back_ms": -1}]) == [storm_table.NEVER]
     and says(storm_table.storm("t", case({"back_ms": -1}, {"back_ms": -1}, {})), "never")),
    ("no onset is no time", lambda: storm_table.median(storm_table.back([{"onset_ms": -1, "back_ms": -1}])) == "-"),
    ("a node that was lost is said, and of colod's it is missed",
     lambda: says(lost("none"), "1/2  ") and not missed(lost("none")) and says(missed(lost("colod")), "the node was lost in 1 of 2")),
    ("Wilson's interval of none and all of 30", lambda: [round(v, 2) for v in (*storm_table.wilson(0, 30), *storm_table.wilson(30, 30))]
     == [0.0, 0.11, 0.89, 1.0]),
    ("a rate is of all rounds", lambda: storm_table.rate(1, 4).startswith("1/4 (5-70 %)")),
    ("deaths in a row by the same hand are counted",
     lambda: storm_table.victims([{"died": "hog3:agent,hog1:agent,calm:kernel"}]) == "1x 2 hog by the agent then calm by the kernel"),
    ("nobody died", lambda: storm_table.victims([{"died": "-"}]) == "1x nobody"),
    ("few rounds are said", lambda: says(storm_table.storm("t", case({})), "fewer than 30 rounds")),
    ("a stall has its onset and its end", lambda: (found := seen(*STALLED))["onset_ms"] == "2100"
     and found["back_ms"] == "1600" and found["stall_ms"] == "500"),
    ("a stall that is there at the end is not over", lambda: seen(*STALLED[:35])["back_ms"] == "-1"),
    ("who is dead did not get over it", lambda: seen(*STALLED, "k 9000 web 2", "d 9100 web 7")["back_ms"] == "-1"),
    ("less than a tenth is no stall", lambda: seen(*samples(*[0] * 20, *[9] * 40))["onset_ms"] == "-1"),
    ("the kernel was first", lambda: (found := seen("s 0 0 1", "k 400 hog1 2", "d 1900 hog1 5000", "d 2000 hog2 1000"))["first"] == "kernel"
     and found["died"] == "hog1:kernel,hog2:agent" and found["agent_ms"] == "2000" and found["lost_ms"] == "6"),
    ("the agent was first", lambda: (found := seen("s 0 0 1", "d 300 hog2 1000", "f 350 hog2", "k 400 hog1 2"))["first"] == "agent"
     and found["free_ms"] == "50" and found["kernel_kills"] == "2"),
    ("victims are held against the fewest that would have done",
     lambda: ((found := seen("s 0 0 1", "d 300 a 1000 90", "l 300 web 900", "l 300 b 60", "l 300 c 30", "d 2300 b 1000 60", "l 2300 c 30",
                             "d 4300 c 10 30", "d 5300 web 10 900"))["victims"], found["victims_least"]) == ("3", "3")
     and ((found := seen("s 0 0 1", "d 300 a 1000 20", "l 300 b 60", "l 300 c 30", "d 2300 c 1000 30", "l 2300 b 60", "d 4300 b 10 60"))["victims"],
          found["victims_least"]) == ("3", "1")
     and ((found := seen("s 0 0 1", "d 300 a 1000 20", "l 300 b 60"))["victims"], found["victims_least"]) == ("1", "1")
     and seen("s 0 0 1")["victims_least"] == "0"
     and seen("s 0 0 1", "d 300 a 1000 20", arm="none")["victims"] == "0"),
    ("so does the table say", lambda: says(storm_table.storm("t", case({"victims": 3, "victims_least": 1}, {"victims": 2, "victims_least": 2})), " 5/3 ")
     and says(storm_table.storm("t", case({"victims": 0, "victims_least": 0})), " 0/0 ")),
    ("without an agent nobody is its victim", lambda: seen("s 0 0 1", "d 300 hog2 1000", arm="none")["died"] == "hog2:itself"),
    ("rows are kept as JSON, half a row is not", store_keeps),
)


if __name__ == "__main__":
    sys.exit(bench_table.tap(CASES))
