# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make bench-cpu` say: tables, intervals, and which targets were met. Measures nothing.

The numbers of an arm are medians over its rounds; an interval in brackets holds the median of 95 % of 2000
resamples of the rounds, drawn with a fixed seed. What two equal arms (colod and again) differ by is what a
difference must exceed to be one.
"""

import random
import statistics

SEED = 20261126
RESAMPLES = 2000
GAP_MIN = 0.8
GAP_TWINS = 3
OFFLINE_MIN = 0.9
LOCK_PART_MAX = 0.25
LOCK_WORST_MAX_US = 1000000
ROUNDS_MIN = 20
INTERVAL_ROUNDS_MIN = 5
PLACEMENT_ARMS = ("alone", "unmanaged", "idle", "colod", "again")
MEASURES = (("probe", "probe"), ("wrk", "nginx"))


def interval(statistic, *columns, seed=SEED):
    """(low, high) of STATISTIC over resampled rounds; the columns are resampled together. None of too few rounds."""
    rng = random.Random(seed)
    n = len(columns[0])
    if n < INTERVAL_ROUNDS_MIN:
        return None
    found = []
    for _ in range(RESAMPLES):
        picked = [rng.randrange(n) for _ in range(n)]
        value = statistic(*[[column[i] for i in picked] for column in columns])
        if value is not None:
            found.append(value)
    found.sort()
    if not found:
        return None
    return found[int(len(found) * 0.025)], found[min(int(len(found) * 0.975), len(found) - 1)]


def gap(alone, unmanaged, colod):
    """The part of the delay by offline work that colod took away; None where there is none."""
    a, u, c = (statistics.median(v) for v in (alone, unmanaged, colod))
    return (u - c) / (u - a) if u > a else None


def twins(colod, again):
    """What two equal arms differ by: of the medians or in the median round, whichever is more."""
    return max(abs(statistics.median(colod) - statistics.median(again)),
               statistics.median([abs(c - a) for c, a in zip(colod, again)]))


class Case:
    """The rows of one case: of each arm, its numbers in the order of rounds. PAIRED arms are compared round by round,
    so of them only the rounds count that all of them have."""

    def __init__(self, rows, paired=()):
        by_arm = {}
        for row in sorted(rows, key=lambda row: row.round):
            by_arm.setdefault(row.arm, {})[row.round] = row.numbers
        common = set.intersection(*[set(by_arm.get(arm, ())) for arm in paired]) if paired else None
        self.arms = {arm: [n for r, n in rounds.items() if common is None or arm not in paired or r in common]
                     for arm, rounds in by_arm.items()}
        self.arms = {arm: rounds for arm, rounds in self.arms.items() if rounds}

    def rounds(self, arm=None):
        return len(self.arms.get(arm, ())) if arm else max(map(len, self.arms.values()), default=0)

    def column(self, arm, name):
        return [numbers[name] for numbers in self.arms[arm]]

    def median(self, arm, name):
        return statistics.median(self.column(arm, name))

    def has(self, *arms):
        return all(arm in self.arms for arm in arms)


def verdict(met, text):
    return f"  {'met   ' if met else 'MISSED'}  {text}"


def _ms(us):
    return f"{us / 1000:.1f}" if us < 100000 else f"{us / 1000:.0f}"


def _spread(values_us):
    found = interval(statistics.median, values_us)
    said = f" ({_ms(found[0])}-{_ms(found[1])})" if found else ""
    return _ms(statistics.median(values_us)) + said


def _placement_arms(case):
    lines = ["  arm          probe p50, ms       p99, ms             offline %   nginx p50, ms       p99, ms"
             "             requests  offline %"]
    for arm in (*PLACEMENT_ARMS, "sched", "quota"):
        if arm in case.arms:
            cells = [f"  {arm:11}"]
            for name, _ in MEASURES:
                cells += [f"{_spread(case.column(arm, f'{name}_{p}_us')):18}" for p in ("p50", "p99")]
                if name == "wrk":
                    cells.append(f"{case.median(arm, 'wrk_n'):8.0f}")
                cells.append(f"{case.median(arm, f'{name}_offline_permille') / 10:9.1f}")
            lines.append("  ".join(cells))
    return lines


def _gap_verdict(case, name, title, aa):
    p99 = {arm: case.column(arm, f"{name}_p99_us") for arm in ("alone", "unmanaged", "colod")}
    cost = statistics.median(p99["unmanaged"]) - statistics.median(p99["alone"])
    if cost <= GAP_TWINS * aa:
        return (f"  -       {title}: no gap to close: unmanaged adds {_ms(max(cost, 0))} ms to p99, "
                f"two equal arms differ by {_ms(aa)}")
    closed = gap(*p99.values())
    found = interval(gap, *p99.values())
    said = f" ({found[0]:.2f} to {found[1]:.2f})" if found else ""
    return verdict(closed >= GAP_MIN, f"{title}: gap of p99 closed {closed:.2f}{said}, target {GAP_MIN}")


def placement_verdicts(case):
    lines = []
    for name, title in MEASURES:
        p99 = f"{name}_p99_us"
        aa = twins(case.column("colod", p99), case.column("again", p99))
        lines.append(_gap_verdict(case, name, title, aa))
        worse = case.median("colod", p99) - case.median("idle", p99)
        lines.append(verdict(worse <= aa, f"{title}: p99 {_ms(abs(worse))} ms {'above' if worse > 0 else 'below'} "
                             f"that of plain cpu.idle, two equal arms differ by {_ms(aa)}"))
        left = case.median("idle", f"{name}_offline_permille")
        got = case.median("colod", f"{name}_offline_permille") / left if left else 1.0
        lines.append(verdict(got >= OFFLINE_MIN, f"{title}: offline work got {got * 100:.0f} % of what plain cpu.idle "
                             f"leaves it, target {OFFLINE_MIN * 100:.0f}"))
    return lines


def placement(title, case, _name):
    lines = [f"{title}: {case.rounds('colod')} rounds"]
    if not case.has(*PLACEMENT_ARMS):
        return lines + ["  no round with all arms yet"]
    lines += _placement_arms(case) + placement_verdicts(case)
    if case.rounds("colod") < ROUNDS_MIN:
        lines.append(f"  (fewer than {ROUNDS_MIN} rounds, so none of this is sure: BENCH_ROUNDS={ROUNDS_MIN} goes on from here)")
    return lines


def worst(case, arm):
    return max(case.column(arm, "write_worst_us"))


def inversion_verdicts(name, case):
    """The targets: a quarter of plain cpu.idle's worst wait beside weight 100, under a second beside 2500."""
    if not case.has("colod", "idle"):
        return []
    return [_inversion_verdict(name, arm, worst(case, arm), worst(case, "idle"))
            for arm in ("colod", "sched") if arm in case.arms]


def _inversion_verdict(name, arm, wait, idle):
    if name == "100":
        return verdict(wait <= LOCK_PART_MAX * idle, f"{arm}: worst wait is {wait / idle:.2f} of plain cpu.idle's, "
                       f"target {LOCK_PART_MAX}")
    return verdict(wait < LOCK_WORST_MAX_US, f"{arm}: worst wait {_ms(wait)} ms, target under "
                   f"{_ms(LOCK_WORST_MAX_US)}; plain cpu.idle {_ms(idle)}")


def _by_wait(case):
    return sorted(case.arms, key=lambda arm: worst(case, arm))


def inversion(title, case, name):
    lines = [f"{title}: at most {case.rounds()} rounds",
             "  arm            weight  worst wait, ms  p99, ms  offline %"]
    for arm in _by_wait(case):
        lines.append(f"  {arm:14} {case.median(arm, 'weight'):6.0f}  {_ms(worst(case, arm)):>14}  "
                     f"{_ms(case.median(arm, 'write_p99_us')):>7}  {case.median(arm, 'offline_permille') / 10:9.1f}")
    return lines + inversion_verdicts(name, case)


def eight(title, case, _name):
    lines = [f"{title}: at most {case.rounds()} rounds",
             "  arm            weight  offline %  slowest online loop %  worst wait, ms  p99, ms"]
    for arm in _by_wait(case):
        lines.append(f"  {arm:14} {case.median(arm, 'weight'):6.0f}  {case.median(arm, 'offline_permille') / 10:9.1f}"
                     f"  {case.median(arm, 'slowest_permille') / 10:21.1f}  {_ms(worst(case, arm)):>14}"
                     f"  {_ms(case.median(arm, 'write_p99_us')):>7}")
    return lines


def starvation(title, case, _name):
    lines = [f"{title}: at most {case.rounds()} rounds",
             "  arm         weight  promised %  offline got %  probe p50, ms  p99, ms  worst, ms"]
    for arm in ("alone", "unmanaged", "idle", "quota", "sched", "colod", "again"):
        if arm in case.arms:
            promise = case.median(arm, "promise_permille") / 10 if arm not in ("alone", "idle") else None
            lines.append(f"  {arm:10} {case.median(arm, 'weight'):7.0f}  {f'{promise:.1f}' if promise else '-':>10}  "
                         f"{case.median(arm, 'offline_permille') / 10:13.1f}  {_ms(case.median(arm, 'probe_p50_us')):>13}"
                         f"  {_ms(case.median(arm, 'probe_p99_us')):>7}  {_ms(case.median(arm, 'probe_worst_us')):>9}")
    return lines


PARTS = {
    "inversion": (inversion, "waits for a lock that offline work holds, online class of weight {case}, kernel {kernel}", ()),
    "starvation": (starvation, "full online load, kernel {kernel}", ()),
    "eight": (eight, "8 CPUs full of online work, offline threads: {case}, kernel {kernel}", ()),
    "placement": (placement, "placement {case}, kernel {kernel}", PLACEMENT_ARMS),
}
NOTE = "(% is of one CPU; guest time counted in instructions: compare the numbers, they are no clock's)"


def report(store):
    """All tables of what was measured."""
    lines = []
    for part, (show, title, paired) in PARTS.items():
        for kernel, name in sorted({(r.kernel, r.case) for r in store.of(part)}):
            case = Case(store.of(part, kernel, name), paired)
            lines += ["", *show(title.format(case=name, kernel=kernel), case, name)]
    return "\n".join(lines[1:] + ["", NOTE]) if lines else "nothing was measured"


def tap(cases):
    """Runs (name, whether it holds) of a test of tables; prints TAP and returns whether one failed."""
    failed = 0
    for count, (name, holds) in enumerate(cases, 1):
        good = holds()
        failed += not good
        print(f"{'ok' if good else 'not ok'} {count} - {name}")
    print(f"1..{len(cases)}")
    return failed > 0
