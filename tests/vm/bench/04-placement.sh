#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 7200s
# profile: bench
# title: an online nginx and an open-loop probe beside saturating offline work, by where that work is placed
#
# The guest's part of `make bench-cpu` (bench_cpu.py is the host's). BENCH_CASES are placements:
#
#   besteffort   offline pods are the whole BestEffort class
#   mixed        the probed pod is a BestEffort system pod, so the class is not all offline
#   burstable    offline by priority class, in the Burstable class with the online pods
#   slice        a systemd slice outside Kubernetes
#
# Arms, in another order each round: alone (offline work frozen), unmanaged (the kubelet's values), idle
# (cpu.idle by hand), colod, and again (colod once more: what two equal arms differ by); sched (colod with scheduling: idle); BENCH_ARMS may name quota, too (colod with squeeze cpu).
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/demo.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=besteffort mixed burstable slice}" "${BENCH_ARMS:=alone unmanaged idle colod again sched}"
read -ra arms <<<"$BENCH_ARMS"

offline_dirs()
{
	if [ "$BENCH_CASE" = slice ]; then
		echo "$CG/batch.slice"
	else
		pod_path batch-a
		pod_path batch-b
	fi
}

# The cgroup that somebody would make idle by hand: the highest that holds offline work only.
idle_dirs()
{
	if [ "$BENCH_CASE" = besteffort ]; then
		echo "$BESTEFFORT"
	else
		offline_dirs
	fi
}

bench_pods()
{
	nginx_conf >"$PODS_SHARE/nginx.conf"
	pod_create web Burstable 1000 67108864 nginx -e stderr -c /share/nginx.conf || return
	pod_create client Burstable 500 33554432 || return
	if [ "$BENCH_CASE" = mixed ]; then
		POD_NS=kube-system pod_create probed BestEffort 0 0 "$TOOLS/open_loop" serve $PROBE_PORT 500 || return
	else
		pod_create probed Burstable 500 0 "$TOOLS/open_loop" serve $PROBE_PORT 500 || return
	fi
	case $BENCH_CASE in
	besteffort | mixed)
		spin_pod batch-a BestEffort 0 2 && spin_pod batch-b BestEffort 0 2 ;;
	burstable)
		POD_PRIORITYCLASS=batch-low spin_pod batch-a Burstable 1000 2 &&
			POD_PRIORITYCLASS=batch-low spin_pod batch-b Burstable 1000 2 ;;
	slice)
		systemd-run -q --unit=jobs --slice=batch-jobs.slice "$TOOLS/cpu_load" spin 4 ;;
	esac || return
	colod_facts
}

bench_pause()
{
	local dir
	for dir in $(offline_dirs); do
		echo "$1" >"$dir/cgroup.freeze"
		pods_wait grep -qx "frozen $1" "$dir/cgroup.events" || return
	done
}

offline_us()
{
	local dir
	for dir in $(offline_dirs); do cpu_us "$dir"; done | awk '{ s += $1 } END { print s }'
}

arm_end() { bench_colod_end && hand_back; }

arm_begin()
{
	local dir
	arm_end || return
	case $1 in
	alone) bench_pause 1; return ;;
	*) bench_pause 0 || return ;;
	esac
	case $1 in
	idle) for dir in $(idle_dirs); do hold_by "$dir" idle "$(cat "$dir/cpu.weight")" || return; done ;;
	colod | again) bench_colod ;;
	quota | sched) bench_colod "$1" ;;
	esac
}

# Permille of one CPU that offline work got while the command ran; its output goes to the file "out".
offline_share()
{
	local before after t0 t1
	before=$(offline_us)
	t0=$(date +%s%N)
	"$@" >out
	t1=$(date +%s%N)
	after=$(offline_us)
	echo $(((after - before) * 1000000 / (t1 - t0)))
}

probe() { "$TOOLS/open_loop" send $PROBE_PORT 3700 "$1"; }

# wrk's own words of the second run only.
warm_load()
{
	crun exec "$(pod_id client)" sh -c 'run="wrk -t1 -c2 --latency http://127.0.0.1:8080/"
		$run -d'"$BENCH_WARMUP"'s >/dev/null; $run -d'"$BENCH_SECONDS"'s'
}

# Each load is warmed up: compared is how a service fares beside work that goes on for hours, not what an agent
# that has just started writes into files, journal and bus.
measure_arm()
{
	local probe_share wrk_share keys
	probe "$BENCH_WARMUP" >/dev/null
	probe_share=$(offline_share probe "$((BENCH_SECONDS * 2))")
	keys=$(as_keys probe <out)
	wrk_share=$(offline_share warm_load)
	row "$BENCH_CASE" "$2" "$1" "$keys" "probe_offline_permille=$probe_share" \
		"wrk_p50_us=$(wrk_us 50% <out)" "wrk_p99_us=$(wrk_us 99% <out)" \
		"wrk_n=$(awk '/requests in/ { print $1 }' out)" "wrk_offline_permille=$wrk_share"
}

one_arm() { arm_begin "$2" && measure_arm "$1" "$2"; }

# What colod said and did in this placement, for whoever wants to know why.
keep_story()
{
	arm_begin colod
	coloctl plan >"$RESULTS/$BENCH_CASE.plan" 2>&1
	coloctl history >"$RESULTS/$BENCH_CASE.history" 2>&1
	arm_end
	bench_pause 0
}

for BENCH_CASE in $BENCH_CASES; do
	ok "pods: $BENCH_CASE" bench_pods
	ok "nginx answers" wait_for 20 serves
	bench_rounds one_arm
	is $? 0 "all rounds"
	keep_story
	[ "$BENCH_CASE" != slice ] || systemctl stop jobs.service batch-jobs.slice batch.slice
	bench_end
done
done_testing
