#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 2400s
# profile: small
# core: no
# title: from the moment at which an online pod begins to wait for memory, colod's write comes at most twice as late as that of a program that does nothing but wait for the same trigger and write once: p50 and p90 of 60 onsets
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
ONSETS=${REACT_ONSETS:-60}
OTHER=$CG/react-other

# p of column $1 in permille.
column() { awk -v c="$1" '$1 >= 0 && $2 >= 0 { print $c }' "$RESULTS/onsets" | sort -n; }
at() { column "$1" | awk -v p="$2" '{ v[NR] = $1 } END { i = int((NR * p + 99) / 100); print v[i < 1 ? 1 : i] }'; }

judge()
{
	local colod other
	colod=$(at 2 "$1") other=$(at 1 "$1")
	note "p$1: the program $other us, colod $colod us, ratio $(awk -v a="$colod" -v b="$other" 'BEGIN { printf "%.2f", a / b }')"
	ok "p$1: at most twice" [ "$colod" -le $((2 * other)) ]
}

mkdir -p "$PODS_SHARE"
dd if=/dev/zero of="$PODS_SHARE/data" bs=1M count=40 status=none
pod_create web Burstable 500 $((64 * MIB)) /opt/colod/build/tests/tools/open_loop touch /share/data 50000 3600
# What is less than 32 MiB in all is not worth a step.
pod_create hog BestEffort 0 0 python3 -c "
import time, os
base = b'x' * (96 << 20)
kept = []
while True:
    if os.path.exists('/share/go'):
        kept.append(b'x' * (1 << 20))
    elif kept:
        kept = []
    time.sleep(0.1)"
colod_facts
AS_SHIPPED=1 colod_policy full file:///run/pods.json
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
colod_next_pass
touch "$PODS_SHARE/data.go"
mkdir $OTHER
/opt/colod/build/tests/tools/react "$ONSETS" "$CG/kubepods.slice" "$(pod_path web)" "$(pod_path hog)" $OTHER "$PODS_SHARE/go" >"$RESULTS/onsets"
is $? 0 "all onsets were made"
note "without an answer: the program $(grep -c '^-1 ' "$RESULTS/onsets"), colod $(grep -c ' -1$' "$RESULTS/onsets") of $(wc -l <"$RESULTS/onsets")"
ok "enough of them were answered by both" [ "$(column 1 | wc -l)" -ge $((ONSETS * 5 / 6)) ]
judge 50
judge 90
is "$(grep -h '^oom_kill ' "$(pod_path web)/memory.events" "$(pod_path hog)/memory.events" | sort -u)" "oom_kill 0" "nobody was killed"
touch "$PODS_SHARE/data.stop"
rmdir $OTHER
colod_clean
pods_cleanup
done_testing
