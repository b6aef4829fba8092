# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make bench-io` say. Measures nothing. What an arm, an interval and a gap are: bench_table.py."""

import statistics

import bench_table

ARMS = ("alone", "unmanaged", "weights", "colod", "again")
ROUNDS_MIN = 20


def _ms(us):
    return f"{us / 1000:.1f}" if us < 100000 else f"{us / 1000:.0f}"


def _got(case, arm):
    """What offline work gets in ARM, of what the disk did in all unmanaged without what online work does in ARM."""
    total = case.median("unmanaged", "web_kib") + case.median("unmanaged", "hog_kib")
    left = total - case.median(arm, "web_kib")
    return case.median(arm, "hog_kib") / left if left > 0 else 1.0


def _other_rule(case, arm):
    got, closed = _got(case, arm), bench_table.gap(*(case.column(a, "web_p99_us") for a in ("alone", "unmanaged", arm)))
    said = "no gap to close" if closed is None else f"gap of p99 closed {closed:.2f}"
    return bench_table.verdict((closed is None or closed >= bench_table.GAP_MIN) and got >= bench_table.OFFLINE_MIN,
                               f"with a rule of {arm.removeprefix('some')} %: {said}, offline work got {got * 100:.0f} %")


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
    got = _got(case, "colod")
    lines.append(bench_table.verdict(got >= bench_table.OFFLINE_MIN, f"offline work got {got * 100:.0f} % of what online work "
                                     f"leaves, target {bench_table.OFFLINE_MIN * 100:.0f}"))
    return lines


def table(title, case):
    lines = [f"{title}: {case.rounds('colod')} rounds",
             "  arm         p50, ms  p99, ms  worst, ms  not done, of  online KiB/s  offline KiB/s"]
    others = sorted(arm for arm in case.arms if arm.startswith("some"))
    for arm in (*ARMS, *others):
        if arm in case.arms:
            lines.append(f"  {arm:10} {_ms(case.median(arm, 'web_p50_us')):>8} {_ms(case.median(arm, 'web_p99_us')):>8} "
                         f"{_ms(max(case.column(arm, 'web_worst_us'))):>10}  {case.median(arm, 'web_lost'):5.0f} {case.median(arm, 'web_n'):6.0f}"
                         f"  {case.median(arm, 'web_kib'):12.0f}  {case.median(arm, 'hog_kib'):13.0f}")
    if not case.has("alone", "unmanaged", "colod", "again"):
        return lines + ["  no round with all arms yet"]
    lines += verdicts(case) + [_other_rule(case, arm) for arm in others]
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
