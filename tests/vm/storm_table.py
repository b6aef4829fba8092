# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make storm` say: a table per case, and the invariants. Measures nothing.

Numbers are medians over the rounds of an arm; brackets hold 95 % intervals: of the median as in bench_table.py, of a rate
Wilson's. A round in which the online pod's stall never came back under the threshold is longer than any other.
"""

import math
import statistics

import bench_table

Z = 1.959964
NEVER = math.inf
ROUNDS_MIN = 30
# The default of evict.per-hour.
EVICTIONS_MOST = 6
ARMS = ("none", "squeeze", "colod", "evict", "systemd-oomd", "oomd")
OURS = ("squeeze", "colod", "evict")
SWAPS = {"none": "no swap", "disk": "swap on a disk", "zram": "swap in zram"}


def wilson(hits, n):
    """(low, high) of a rate."""
    rate = hits / n
    middle = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def rate(hits, n):
    low, high = wilson(hits, n)
    return f"{hits}/{n} ({low * 100:.0f}-{high * 100:.0f} %)"


def number(value, scale=1, digits=0):
    if value is None:
        return "-"
    return "never" if value == NEVER else f"{value / scale:.{digits}f}"


def median(values, scale=1, digits=0):
    """With its interval, where there are rounds enough; a value that is not known (-1) is left out."""
    if not values:
        return "-"
    found = bench_table.interval(statistics.median_low, values)
    said = f" ({number(found[0], scale, digits)}-{number(found[1], scale, digits)})" if found else ""
    return number(statistics.median_low(values), scale, digits) + said


def back(rounds):
    """How long each onset lasted; one that was not seen to end lasted for ever."""
    return [NEVER if n["back_ms"] < 0 else n["back_ms"] for n in rounds if n["onset_ms"] >= 0]


def known(rounds, name):
    return [n[name] for n in rounds if n.get(name, -1) >= 0]


def victims(rounds):
    """The orders of death that were seen, the usual one first."""
    seen = {}
    for n in rounds:
        seen[n["died"]] = seen.get(n["died"], 0) + 1
    told = [f"{count}x {_short(died)}" for died, count in sorted(seen.items(), key=lambda item: -item[1])]
    return ", ".join(told[:2]) + (f", {len(told) - 2} other orders" if len(told) > 2 else "")


def against_fewest(rounds):
    """Of all rounds together."""
    told = [(n["victims"], n["victims_least"]) for n in rounds if "victims" in n]
    return "/".join(str(sum(of)) for of in zip(*told)) or "-"


def _short(died):
    """Hogs that died one after another by the same hand are counted."""
    if died == "-":
        return "nobody"
    told = []
    for word in died.split(","):
        name, by = word.split(":")
        name = "hog" if name.startswith("hog") else name
        if told and told[-1][:2] == [name, by]:
            told[-1][2] += 1
        else:
            told.append([name, by, 1])
    return " then ".join(f"{count if count > 1 else ''}{' ' if count > 1 else ''}{name} by {'the ' if by != 'itself' else ''}{by}"
                         for name, by, count in told)


HEAD = ("arm", "node lost", "kernel first", "stalled", "until back, ms", "censored", "stall, ms", "p50, ms", "p99, ms", "max, ms",
        "refaults", "CPU lost, s", "free, ms", "evicted", "victims/fewest", "who died")


def _cells(arm, every):
    rounds = [n for n in every if "lost" not in n]
    lasted = back(rounds)
    first = rate(sum(n["first"] == "kernel" for n in rounds), len(rounds)) if rounds else "-"
    return (arm, f"{len(every) - len(rounds)}/{len(every)}", first, f"{len(lasted)}/{len(rounds)}", median(lasted),
            str(lasted.count(NEVER)), median(known(rounds, "stall_ms")),
            *(median(known(rounds, f"online_{p}_us"), 1000, 1) for p in ("p50", "p99", "max")),
            median(known(rounds, "refaults")), median(known(rounds, "lost_ms"), 1000, 1), median(known(rounds, "decided_free_ms")),
            median(known(rounds, "evictions")), against_fewest(rounds), victims(rounds))


def invariants(arm, rounds):
    """What must hold in every round that colod was there: nobody online killed, no waiting for its own pages, nothing left."""
    wanted = (("lost", 0, "the node was lost"), ("online_killed", 0, "an online process was killed"), ("majflt", 0, "colod had to wait for pages of its own"),
              ("agent_died", 0, "colod did not live through it"), ("undone", 1, "not all was as before afterwards"),
              ("calm_killed", 0, "the pod that did no harm was killed"), ("calm_held", 0, "the pod that did no harm was held"))
    broken = [f"{text} in {bad} of {len(rounds)}" for name, good, text in wanted
              if (bad := sum(n.get(name, good) != good for n in rounds))]
    if over := sum(n.get("evictions", 0) > EVICTIONS_MOST for n in rounds):
        broken.append(f"more than {EVICTIONS_MOST} evictions, which no hour may have, in {over} of {len(rounds)}")
    return [bench_table.verdict(not broken, f"{arm}: {', '.join(broken) or f'in all of {len(rounds)} rounds: nobody online killed, no major fault, undone, the other pod untouched'}")]


def others(arm, rounds):
    told = [f"{text} in {bad} of {len(rounds)}" for name, text in
            (("online_killed", "online processes killed"), ("calm_killed", "the pod that did no harm killed"))
            if (bad := sum(n.get(name, 0) != 0 for n in rounds))]
    return [f"  -       {arm}: {', '.join(told)}"] if told else []


def table(case):
    rows = [HEAD] + [_cells(arm, case.arms[arm]) for arm in ARMS if arm in case.arms]
    width = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return ["  " + "  ".join(cell.ljust(w) for cell, w in zip(row, width)).rstrip() for row in rows]


def storm(title, case):
    lines = [f"{title}: {case.rounds()} rounds", *table(case)]
    for arm in ARMS:
        if arm in case.arms:
            lines += (invariants if arm in OURS else others)(arm, case.arms[arm])
    if case.rounds() < ROUNDS_MIN:
        lines.append(f"  (fewer than {ROUNDS_MIN} rounds, so the rates are not sure: STORM_ROUNDS={ROUNDS_MIN} goes on from here)")
    return lines


NOTE = """node lost: the guest hung until its watchdog ended it; the other columns are of the other rounds. kernel first: rounds
in which the kernel's OOM killer was first to kill. stalled: rounds in which the online pod waited for memory in more than a
tenth of a second; until back: from then until it does so no more; censored: it was not seen to. p50, p99, max: of taking
4 MiB, by the online pod. CPU lost: what those had used that died. free: from colod's decision to kill until the memory was
free, as it says itself. evicted: pods that the API server was asked to evict; what a kubelet ended is an agent's in "who
died". victims/fewest: how many an agent or the kernel ended in all rounds, and how few would have been enough. Times are the guest's, which is emulated: compare them, they are no clock's."""


def report(store):
    lines = []
    for part in SWAPS:
        for kernel, name in sorted({(r.kernel, r.case) for r in store.of(part)}):
            lines += ["", *storm(f"{name}, {SWAPS[part]}, kernel {kernel}", bench_table.Case(store.of(part, kernel, name)))]
    return "\n".join(lines[1:] + ["", NOTE]) if lines else "nothing was measured"
