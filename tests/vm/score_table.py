# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make bench-score` say. Measures nothing.

A point is one strength of one kind of interference in one round: the score that colod showed at its end, and how long answers took
meanwhile, as the client outside saw it. Slow-down is the mean answer over that of strength 0, where nobody did anything
(the median of the rounds).
"""

import statistics

import bench_table

RANK_MIN = 0.8
POINTS_MIN = 30
FIRST_MIN = 0.9
# Of 1000: what two runs without interference may show.
CALM_MOST = 50
# A culprit is asked for where there is a score to explain.
ASKED_FROM = 50
# Of 1000: what a pod may show that hurts nobody but itself, or does more.
OWN_MOST = 100
BINS = ((0, 50), (50, 100), (100, 250), (250, 500), (500, 1001))


def ranks(values):
    """1 for the smallest; equal ones share the mean of their places."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for i in order[at:end]:
            found[i] = (at + 1 + end) / 2
        at = end
    return found


def rank_correlation(a, b):
    """Spearman's, with ties; None where all of one are equal, or there are fewer than three."""
    if len(a) < 3:
        return None
    x, y = ranks(a), ranks(b)
    mx, my = statistics.mean(x), statistics.mean(y)
    sx = sum((v - mx) ** 2 for v in x)
    sy = sum((v - my) ** 2 for v in y)
    if sx == 0 or sy == 0:
        return None
    return sum((v - mx) * (w - my) for v, w in zip(x, y)) / (sx * sy) ** 0.5


class Point:
    """A row, by what it is a point of."""

    def __init__(self, row):
        self.strength = int(row.arm[1:])
        self.score = row.numbers["score"]
        self.mean_us = row.numbers["web_mean_us"]
        self.p99_us = row.numbers["web_p99_us"]
        self.first = row.numbers["first"] == 1


def _bins(points, base_us):
    lines = ["    score       points  slow-down: median (least to most)"]
    for low, high in BINS:
        of = sorted(p.mean_us / base_us for p in points if low <= p.score < high)
        if of:
            lines.append(f"    {low / 10:4.0f} to {min(high, 1000) / 10:3.0f}  {len(of):6}  {statistics.median(of):9.2f} ({of[0]:.2f} to {of[-1]:.2f})")
    return lines


def _first(points):
    asked = [p for p in points if p.strength > 0 and p.score >= ASKED_FROM]
    if not asked:
        return ["  -       no point with a score to explain"]
    hits = sum(p.first for p in asked)
    return [bench_table.verdict(hits >= FIRST_MIN * len(asked), f"the true culprit first in {hits} of {len(asked)} points with a "
                                f"score of {ASKED_FROM / 10:.0f} or more, target {FIRST_MIN * 100:.0f} %")]


def _calm(points):
    calm = [p.score for p in points if p.strength == 0]
    if not calm:
        return []
    above = sum(score >= CALM_MOST for score in calm)
    return [bench_table.verdict(above == 0, f"without interference {above} of {len(calm)} points have a score of {CALM_MOST / 10:.0f} or more")]


def kind(name, rows):
    points = [Point(r) for r in rows if r.numbers["score"] >= 0]
    missing = len(rows) - len(points)
    lines = [f"{name}: {len(points)} points" + (f", and {missing} without a score" if missing else "")]
    calm = [p.mean_us for p in points if p.strength == 0]
    if not calm:
        return lines + ["  no point without interference yet"]
    base_us = max(statistics.median(calm), 1)
    for what, values in (("mean", [p.mean_us for p in points]), ("p99", [p.p99_us for p in points])):
        rho = rank_correlation([p.score for p in points], values)
        text = f"rank correlation of score and {what} answer: {'-' if rho is None else f'{rho:.2f}'}"
        if what == "mean":
            lines.append(bench_table.verdict(rho is not None and rho >= RANK_MIN, f"{text}, target {RANK_MIN}"))
        else:
            lines.append(f"  -       {text}")
    if len(points) < POINTS_MIN:
        lines.append(f"  (fewer than {POINTS_MIN} points, so none of this is sure)")
    return lines + _calm(points) + _first(points) + _bins(points, base_us)


def own(name, rows):
    """What a pod did to itself, and a start beside a hog: neither may look like harm by others."""
    lines = [f"{name}: no harm by others"]
    for arm in sorted({r.arm for r in rows} - {"first"}):
        scores = [r.numbers["score"] for r in rows if r.arm == arm]
        told = sorted(s for s in scores if s >= 0)
        most = f"scores {told[0] / 10:.1f} to {told[-1] / 10:.1f}" if told else "no score"
        lines.append(bench_table.verdict(not told or told[-1] < OWN_MOST, f"{arm}: {most} in {len(told)} of {len(scores)} points, "
                                         f"target less than {OWN_MOST / 10:.0f}"))
    for row in (r for r in rows if r.arm == "first"):
        calm = row.numbers["calm"]
        lines.append(bench_table.verdict(calm == 0, f"a start beside a hog: {calm} of 3 resources pass for calm after 70 windows"))
    return lines


def report(store):
    lines = []
    for kernel, case in sorted({(r.kernel, r.case) for r in store.of("score")}):
        lines += ["", *(own if case == "own" else kind)(f"{case}, kernel {kernel}", store.of("score", kernel, case))]
    return "\n".join(lines[1:]) if lines else "nothing was measured"
