#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 7200s
# profile: bench8
# title: 8 CPUs full of online work: what one busy offline thread gets, and eight of them, and how long a lock of theirs is waited for
#
# The guest's part of `make bench-cpu` (bench_cpu.py is the host's). A group's weight is split over the CPUs that it
# runs on, so that of one busy thread comes to one CPU whole. The online class weighs 313, as an 8-CPU node's does, and
# eight loops run in it; a task of it writes to the file whose lock an offline task takes, as in 01-inversion.sh.
#
# Cases: single (the offline task alone) and all (seven offline loops beside it). Arms: weights, idle, a narrow cpuset, colod.
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/demo.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=single all}" "${BENCH_ARMS:=colod idle 1 4 6 16 cpus-0-1:6 cpus-0-1:16}" "${BENCH_EIGHT_SECONDS:=20}"
read -ra arms <<<"$BENCH_ARMS"

eight_pods()
{
	mount -t tmpfs lock "$PODS_SHARE"
	spin_pod load Burstable "$(milli_of 313)" 8 || return
	pod_create holder BestEffort 0 0 "$TOOLS/cpu_load" hold /share/locked 5000 || return
	wait_for 60 grep -q holds /var/vmpods-log/holder-* || return
	[ "$1" = single ] || spin_pod hog BestEffort 0 7 || return
	colod_facts
}

begin()
{
	case $1 in
	colod) bench_colod ;;
	*) hold_by "$BESTEFFORT" "$1" 1 ;;
	esac
}

# Ticks of CPU of each online loop, by pid.
loops()
{
	local pid
	for pid in $(cat "$(pod_ctr_path load)/cgroup.procs" "$(pod_ctr_path load)"/*/cgroup.procs 2>/dev/null); do
		sed -n 's/^\([0-9]*\) (cpu_load) /\1 /p' "/proc/$pid/stat" 2>/dev/null
	done | awk '{ print $1, $13 + $14 }'
}

measure()
{
	local before after t0 t1 slowest
	before=$(cpu_us "$BESTEFFORT")
	loops >loops.before
	t0=$(date +%s%N)
	crun exec "$(pod_id load)" "$TOOLS/open_loop" write /share/locked 20000 "$BENCH_EIGHT_SECONDS" >out || return
	t1=$(date +%s%N)
	loops >loops.after
	after=$(cpu_us "$BESTEFFORT")
	slowest=$(awk -v ns=$((t1 - t0)) 'NR == FNR { was[$1] = $2; next }
		$1 in was { d = ($2 - was[$1]) * 1e10 / ns; if (least == "" || d < least) least = d }
		END { printf "%d\n", least }' loops.before loops.after)
	row "$BENCH_CASE" "$2" "$1" "$(as_keys write <out)" "weight=$(knob "$BESTEFFORT" cpu.weight)" \
		"slowest_permille=$slowest" "offline_permille=$(((after - before) * 1000000 / (t1 - t0)))"
}

one_arm() { begin "$2" && measure "$1" "$2" && bench_colod_end && hand_back; }

for BENCH_CASE in $BENCH_CASES; do
	ok "pods: $BENCH_CASE" eight_pods "$BENCH_CASE"
	is "$(knob "$BURSTABLE" cpu.weight)" 313 "the class has its weight"
	bench_rounds one_arm
	is $? 0 "all rounds"
	bench_end
	umount "$PODS_SHARE"
done
done_testing
