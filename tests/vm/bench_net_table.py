# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rows of `make bench-net` say. Measures nothing. What an arm, an interval and a gap are: bench_table.py."""

import bench_io_table
import bench_table

ARMS = ("alone", "unmanaged", "shares", "colod", "again")
ROUNDS_MIN = 20
# Of the policy of bench-net/01-net.sh, while nothing without a mark sends: 8 of 8 + 1.
ONLINE_SHARE = 8 / 9
# What the policy says of the link, in KiB/s.
LINK_KIB = 19600000 / 8 / 1024
# Frames of TCP are counted at the pod before the bottleneck may drop some: a share counts as held so near to it.
SHARE_MIN = 0.95


def _rate(kib):
    return f"{kib * 1024 * 8 / 1e6:.1f}"


def _bulk(case):
    """Shares held: online work got its part of what went through, or all that it can send alone."""
    online, offline = case.median("colod", "web_kib"), case.median("colod", "hog_kib")
    part = online / (online + offline) if online + offline > 0 else 0.0
    lines = [bench_table.verdict(part >= ONLINE_SHARE * SHARE_MIN,
                                 f"online work got {part * 100:.0f} % of what went through, its share is {ONLINE_SHARE * 100:.0f}")]
    whole = online + offline
    before = case.median("unmanaged", "web_kib") + case.median("unmanaged", "hog_kib")
    lines.append(bench_table.verdict(whole >= before * bench_table.OFFLINE_MIN,
                                     f"together {_rate(whole)} Mbit/s, unmanaged {_rate(before)}"))
    return lines


def _idle(case):
    """An idle link belongs to offline work."""
    got = case.median("colod", "hog_kib") / LINK_KIB
    return [bench_table.verdict(got >= bench_table.OFFLINE_MIN,
                                f"offline work got {got * 100:.0f} % of an idle link, target {bench_table.OFFLINE_MIN * 100:.0f}")]


def verdicts(online, case):
    if online == "rr":
        return bench_io_table.verdicts(case)
    return _idle(case) if online == "none" else _bulk(case)


def _late(case, arm, key):
    return f"{case.median(arm, key) / 1000:.1f}" if key in case.arms[arm][0] else "-"


def table(title, online, case):
    lines = [f"{title}: {case.rounds('colod')} rounds", "  arm         p50, ms  p99, ms  online Mbit/s  offline Mbit/s"]
    for arm in ARMS:
        if arm in case.arms:
            lines.append(f"  {arm:10} {_late(case, arm, 'web_p50_us'):>8} {_late(case, arm, 'web_p99_us'):>8} "
                         f"{_rate(case.median(arm, 'web_kib')):>14} {_rate(case.median(arm, 'hog_kib')):>15}")
    if not case.has("alone", "unmanaged", "colod", "again"):
        return lines + ["  no round with all arms yet"]
    lines += verdicts(online, case)
    if case.rounds("colod") < ROUNDS_MIN:
        lines.append(f"  (fewer than {ROUNDS_MIN} rounds, so none of this is sure)")
    return lines


def report(store):
    lines = []
    for kernel, name in sorted({(r.kernel, r.case) for r in store.of("net")}):
        online, offline = name.split(":")
        case = bench_table.Case(store.of("net", kernel, name), ("alone", "unmanaged", "colod", "again"))
        lines += ["", *table(f"online {online} beside offline {offline}, kernel {kernel}", online, case)]
    note = "(guest time counted in instructions, a bottleneck of 20 Mbit/s: compare the numbers, they are no clock's)"
    return "\n".join(lines[1:] + ["", note]) if lines else "nothing was measured"
