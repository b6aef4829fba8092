#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 7200s
# profile: bench
# title: how long an online write waits for a kernel lock that offline work holds, by how offline work is held back
#
# The guest's part of `make bench-cpu` (bench_cpu.py is the host's). All CPUs are full of online work. An online
# task writes 64 bytes each 20 ms to a file whose inode lock an offline task takes again and again, for 5 ms of
# CPU each time. BENCH_CASES are weights of the online class; the class of the offline pod stands beside it.
#
# Arms: colod (as it is shipped, with scheduling: idle, and with the quota of squeeze cpu), idle, equal weights, 10000 (to 1), quotas at equal
# weight, and one CPU only for offline work, at colod's weight.
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/demo.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=100 2500}" "${BENCH_ARMS:=colod sched idle quota equal 10000 quota-1ms quota-10% cpus-0:50to1}" "${BENCH_LOCK_SECONDS:=20}"
read -ra arms <<<"$BENCH_ARMS"

lock_pods()
{
	mount -t tmpfs lock "$PODS_SHARE"
	spin_pod load Burstable "$(milli_of "$BENCH_CASE")" "$(nproc)" || return
	pod_create holder BestEffort 0 0 "$TOOLS/cpu_load" hold /share/locked 5000 || return
	wait_for 60 grep -q holds /var/vmpods-log/holder-* || return
	note "the holder $(cat /var/vmpods-log/holder-*)"
	colod_facts
}

write_probe() { crun exec "$(pod_id load)" "$TOOLS/open_loop" write /share/locked 20000 "$1"; }

begin()
{
	local online
	online=$(knob "$BURSTABLE" cpu.weight)
	case $1 in
	colod) bench_colod ;;
	quota | sched) bench_colod "$1" ;;
	10000) hand "$BURSTABLE/cpu.weight" 10000; hold_by "$BESTEFFORT" 1 1 ;;
	*:50to1) hold_by "$BESTEFFORT" "${1%:*}:$(((online + 49) / 50))" 1 ;;
	*) hold_by "$BESTEFFORT" "$1" "$online" ;;
	esac
}

measure()
{
	local before after t0 t1
	before=$(cpu_us "$BESTEFFORT")
	t0=$(date +%s%N)
	write_probe "$BENCH_LOCK_SECONDS" >out || return
	t1=$(date +%s%N)
	after=$(cpu_us "$BESTEFFORT")
	row "$BENCH_CASE" "$2" "$1" "$(as_keys write <out)" "weight=$(knob "$BESTEFFORT" cpu.weight)" \
		"offline_permille=$(((after - before) * 1000000 / (t1 - t0)))"
}

one_arm() { begin "$2" && measure "$1" "$2" && bench_colod_end && hand_back; }

for BENCH_CASE in $BENCH_CASES; do
	ok "pods beside a class of $BENCH_CASE" lock_pods
	is "$(knob "$BURSTABLE" cpu.weight)" "$BENCH_CASE" "the class has that weight"
	bench_rounds one_arm
	is $? 0 "all rounds"
	bench_end
	umount "$PODS_SHARE"
done
done_testing
