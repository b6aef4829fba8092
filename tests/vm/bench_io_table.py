# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make bench-io` say. Measures nothing. What an arm, an interval and a gap are: bench_table.py."""

import statistics

import bench_table

ARMS = ("alone", "unmanaged", "weights", "colod", "again")
ROUNDS_MIN = 20


def _ms(us):
    return f"{us / 1000:.1f}" if us < 100000 else f"{us / 1000:.0f}"


def _left(case):
    """What the disk did in all unmanaged, without what online work does under colod."""
    total = case.median("unmanaged", "web_kib") + case.median("unmanaged", "hog_kib")
    return total - case.median("colod", "web_kib")


def verdicts(case):
    p99 = {arm: case.column(arm, "web_p99_us") for arm in ("alone", "unmanaged", "colod")}
    aa = bench_table.twins(case.column("colod", "web_p99_us"), case.column("again", "web_p99_us"))
    cost = statistics.median(p99["unmanaged"]) - statistics.median(p99["alone"])
    lines = []
    if cost <= bench_table.GAP_TWINS * aa:
        lines.append(f"  -       no gap to close: unmanaged adds {_ms(max(cost, 0))} ms to p99, two equal arms differ by {_ms(aa)}")
    else:
        closed = bench_table.gap(*p99.values())
        lines.append(bench_table.verdict(closed >= bench_table.GAP_MIN,
                                         f"gap of p99 closed {closed:.2f}, target {bench_table.GAP_MIN}"))
    worse = case.median("colod", "web_p99_us") - case.median("unmanaged", "web_p99_us")
    lines.append(bench_table.verdict(worse <= aa, f"p99 {_ms(abs(worse))} ms {'above' if worse > 0 else 'below'} unmanaged, "
                                     f"two equal arms differ by {_ms(aa)}"))
    left = _left(case)
    got = case.median("colod", "hog_kib") / left if left > 0 else 1.0
    lines.append(bench_table.verdict(got >= bench_table.OFFLINE_MIN, f"offline work got {got * 100:.0f} % of what online work "
                                     f"leaves, target {bench_table.OFFLINE_MIN * 100:.0f}"))
    return lines


def table(title, case):
    lines = [f"{title}: {case.rounds('colod')} rounds",
             "  arm         p50, ms  p99, ms  worst, ms  not done, of  online KiB/s  offline KiB/s"]
    for arm in ARMS:
        if arm in case.arms:
            lines.append(f"  {arm:10} {_ms(case.median(arm, 'web_p50_us')):>8} {_ms(case.median(arm, 'web_p99_us')):>8} "
                         f"{_ms(max(case.column(arm, 'web_worst_us'))):>10}  {case.median(arm, 'web_lost'):5.0f} {case.median(arm, 'web_n'):6.0f}"
                         f"  {case.median(arm, 'web_kib'):12.0f}  {case.median(arm, 'hog_kib'):13.0f}")
    if not case.has("alone", "unmanaged", "colod", "again"):
        return lines + ["  no round with all arms yet"]
    lines += verdicts(case)
    if case.rounds("colod") < ROUNDS_MIN:
        lines.append(f"  (fewer than {ROUNDS_MIN} rounds, so none of this is sure)")
    return lines


def report(store):
    lines = []
    for kernel, name in sorted({(r.kernel, r.case) for r in store.of("io")}):
        scheduler, online, offline = name.split(":")
        case = bench_table.Case(store.of("io", kernel, name), ("alone", "unmanaged", "colod", "again"))
        lines += ["", *table(f"{scheduler}, online {online} beside offline {offline}, kernel {kernel}", case)]
    note = "(guest time counted in instructions, a disk of 20 MiB/s: compare the numbers, they are no clock's)"
    return "\n".join(lines[1:] + ["", note]) if lines else "nothing was measured"
