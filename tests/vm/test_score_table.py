# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make bench-score` must be able to say that a score follows nothing, and that it names the wrong one. Prints TAP."""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import bench_rows  # noqa: E402  pylint: disable=wrong-import-position
import score_table as table  # noqa: E402  pylint: disable=wrong-import-position
import bench_table  # noqa: E402  pylint: disable=wrong-import-position


def rows(score, rounds=5, first=1, calm=10):
    """Points whose answers take 1 ms and 0.2 more with each strength; SCORE gives what was shown of a strength."""
    return [bench_rows.Row("score", "6.12", "cpu", f"s{s}", n, {
        "score": calm if s == 0 else score(s), "web_mean_us": 1000 + 200 * s + n, "web_p99_us": 5000 + 300 * s + n, "first": first})
            for n in range(1, rounds + 1) for s in range(8)]


def verdicts(points):
    return [line[2:8].strip() for line in table.kind("cpu", points) if line[2:8].strip() in ("met", "MISSED")]


def says(points, text):
    return any(text in line for line in table.kind("cpu", points))


def own(**told):
    """Rows of the case "own": SCORES by arm, and of `first` how many resources pass for calm."""
    return [bench_rows.Row("score", "6.12", "own", arm, n, {"calm": score} if arm == "first" else {"score": score})
            for arm, scores in told.items() for n, score in enumerate(scores, 1)]


def own_verdicts(points):
    return [line[2:8].strip() for line in table.own("own", points) if line[2:8].strip() in ("met", "MISSED")]


CASES = (
    ("a score that follows the answers, with the true culprit first, meets all", lambda: verdicts(rows(lambda s: 60 * s + 20)) == ["met"] * 3),
    ("one that falls as they rise is missed", lambda: verdicts(rows(lambda s: 900 - 100 * s))[0] == "MISSED"),
    ("one that is always the same follows nothing", lambda: verdicts(rows(lambda s: 300, calm=300))[0] == "MISSED"),
    ("another culprit is missed", lambda: verdicts(rows(lambda s: 60 * s + 20, first=0))[2] == "MISSED"),
    ("a score without interference is missed", lambda: verdicts(rows(lambda s: 60 * s + 20, calm=50))[1] == "MISSED"),
    ("who scores next to nothing needs no culprit", lambda: says(rows(lambda s: 5 * s, first=0), "no point with a score to explain")),
    ("points without a score are counted and left out", lambda: says(rows(lambda s: -1 if s == 3 else 60 * s), "35 points, and 5 without a score")),
    ("few points are said", lambda: says(rows(lambda s: 60 * s, rounds=2), "fewer than 30 points")),
    ("a pod that throttles itself, and has no score for it, is no alarm", lambda: own_verdicts(own(throttle=[-1, -1], step=[0, 99])) == ["met"] * 2),
    ("one score of ten is", lambda: own_verdicts(own(throttle=[-1, -1], step=[0, 100])) == ["MISSED", "met"]),
    ("a baseline that passes for calm beside a hog is missed", lambda: own_verdicts(own(first=[1])) == ["MISSED"]),
    ("and none that does is met", lambda: own_verdicts(own(first=[0])) == ["met"]),
    ("equal numbers share a rank", lambda: table.ranks([5, 1, 5, 9]) == [2.5, 1.0, 2.5, 4.0]),
    ("ranks, not sizes, are compared", lambda: table.rank_correlation([1, 2, 3, 4], [1, 10, 100, 1000]) == 1.0),
    ("of what does not change there is no correlation", lambda: table.rank_correlation([1, 2, 3], [4, 4, 4]) is None),
)


if __name__ == "__main__":
    sys.exit(bench_table.tap(CASES))
