#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 7200s
# profile: bench
# title: a minute of full online load: what offline work gets of what its weight promises, and what that costs a probe
#
# The guest's part of `make bench-cpu` (bench_cpu.py is the host's). Online loops keep all CPUs busy, an online
# server is probed with requests at fixed times, and a BestEffort pod would like all CPUs.
#
# Arms: alone (the offline pod is frozen), unmanaged, idle, colod, sched (colod with scheduling: idle), quota (colod with squeeze cpu), and again (colod once more).
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/demo.sh"
. "$VM/guest/bench.sh"

: "${BENCH_ARMS:=colod sched alone idle quota unmanaged again}" "${BENCH_STARVE_SECONDS:=60}"
read -ra arms <<<"$BENCH_ARMS"

starved_pods()
{
	spin_pod load Burstable 2000 "$(nproc)" || return
	pod_create probed Burstable 1000 0 "$TOOLS/open_loop" serve $PROBE_PORT 500 || return
	spin_pod hog BestEffort 0 "$(nproc)" || return
	colod_facts
}

pause() { echo "$1" >"$(pod_path hog)/cgroup.freeze" && pods_wait grep -qx "frozen $1" "$(pod_path hog)/cgroup.events"; }

begin()
{
	bench_colod_end && hand_back && pause 0 || return
	case $1 in
	alone) pause 1 ;;
	idle) hold_by "$BESTEFFORT" idle 1 ;;
	colod | again) bench_colod ;;
	quota | sched) bench_colod "$1" ;;
	esac
}

# The promise at the end of the run is that of the weight alone, in permille of one CPU.
measure()
{
	local before after t0 t1 weight online
	before=$(cpu_us "$BESTEFFORT")
	t0=$(date +%s%N)
	"$TOOLS/open_loop" send $PROBE_PORT 3700 "$BENCH_STARVE_SECONDS" >out || return
	t1=$(date +%s%N)
	after=$(cpu_us "$BESTEFFORT")
	weight=$(knob "$BESTEFFORT" cpu.weight)
	online=$(knob "$BURSTABLE" cpu.weight)
	row all "$2" "$1" "$(as_keys probe <out)" "weight=$weight" "online_weight=$online" \
		"offline_permille=$(((after - before) * 1000000 / (t1 - t0)))" \
		"promise_permille=$(($(nproc) * 1000 * weight / (weight + online)))"
}

one_arm() { begin "$2" && measure "$1" "$2"; }

BENCH_CASE=all
ok "pods" starved_pods
bench_rounds one_arm
is $? 0 "all rounds"
begin unmanaged
bench_end
done_testing
