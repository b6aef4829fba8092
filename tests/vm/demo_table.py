# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demo's measurements say: the table and the verdict. Reads numbers, decides nothing else.

Each arm has one value for a round; medians stand for the arm, and the spread is the smallest and the
largest. The verdict needs no judgement: colod's median p99 must close a quarter of the gap between
unmanaged and alone, four rounds of five must be better (of three: each), the service must have answered
more requests, and colod must have left no value behind. One of these alone can be chance: p99 of one round
differs by up to a third from that of the next, where nothing at all is written.
"""

import csv
import dataclasses
import statistics

ARMS = ("alone", "unmanaged", "colod")
GAP_CLOSED_MIN = 0.25
WORSE_PART_MAX = 5


@dataclasses.dataclass
class Arm:
    p50_us: list
    p99_us: list
    requests: list
    offline_permille: list


def read_rounds(path):
    arms = {name: Arm([], [], [], []) for name in ARMS}
    with open(path, newline="", encoding="ascii") as f:
        for row in csv.reader(f):
            _, name, *numbers = row
            p50, p99, requests, offline = (int(n) for n in numbers)
            arm = arms[name]
            arm.p50_us.append(p50)
            arm.p99_us.append(p99)
            arm.requests.append(requests)
            arm.offline_permille.append(offline)
    return arms


def complete(arms, rounds):
    return all(len(a.p99_us) == rounds for a in arms.values()) and rounds > 0


def _spread(values_us):
    low, middle, high = min(values_us), statistics.median(values_us), max(values_us)
    return f"{middle / 1000:6.1f}  ({low / 1000:.1f} to {high / 1000:.1f})"


def table(arms):
    lines = ["              online p50, ms            online p99, ms            requests  offline work got"]
    for name in ARMS:
        a = arms[name]
        lines.append(f"  {name:10}  {_spread(a.p50_us):24}  {_spread(a.p99_us):24}  "
                     f"{statistics.median(a.requests):8.0f}  "
                     f"{statistics.median(a.offline_permille) / 10:5.0f} % of one CPU")
    return "\n".join(lines)


def gap_closed(arms):
    """(unmanaged - colod) / (unmanaged - alone) of the median p99; None where there is no gap."""
    alone, unmanaged, colod = (statistics.median(arms[n].p99_us) for n in ARMS)
    if unmanaged <= alone:
        return None
    return (unmanaged - colod) / (unmanaged - alone)


def verdict(arms, differ):
    """(good, sentence)."""
    gap = gap_closed(arms)
    better = sum(c < u for c, u in zip(arms["colod"].p99_us, arms["unmanaged"].p99_us))
    rounds = len(arms["colod"].p99_us)
    answered, before = (statistics.median(arms[n].requests) for n in ("colod", "unmanaged"))
    if gap is None:
        return False, "no verdict: offline work did not slow the online service down, so there was nothing to win"
    said = (f"colod took away {gap * 100:.0f} % of the delay that offline work adds to p99; "
            f"better in {better} of {rounds} rounds, and {answered:.0f} requests answered instead of {before:.0f}")
    if gap < GAP_CLOSED_MIN or (rounds - better) * WORSE_PART_MAX > rounds or answered <= before:
        return False, said + (f": NOT good enough (needs {GAP_CLOSED_MIN * 100:.0f} %, "
                              f"{rounds - rounds // WORSE_PART_MAX} rounds and more requests)")
    if differ != 0:
        return False, said + f", but {differ} values were not given back"
    return True, said
