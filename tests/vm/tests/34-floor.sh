#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 400s
# profile: default
# core: oldest
# title: offline work that gets less than half of what its weight promises has its weight raised, nobody else has, and it comes back
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
BU=$K/kubepods-burstable.slice
B=$CG/batch.slice/batch-quiet.slice

usage() { awk '/^usage_usec/ { print $2 }' "$1/cpu.stat"; }
weight() { knob "$1" cpu.weight; }
floor() { coloctl why batch/hog | awk '$1 == "floor" { f = 1 } $1 == "loses" { f = 0 } f'; }
shown() { note "$(floor | tr -s ' \n' ' ')"; }
is_weight() { [ "$(weight "$1")" "$2" "$3" ]; }

# loops POD COUNT [CPU]: busy until /share/stop is there
loops()
{
	local pin=
	[ -z "${3:-}" ] || pin="taskset -c $3"
	crun exec "$(pod_id "$1")" $pin sh -c "for i in \$(seq $2); do (while [ ! -e /share/stop ]; do :; done) & done; wait" &
	load+=($!)
}

# A real-time task that takes half of CPU 0, a few milliseconds at a time.
realtime()
{
	taskset -c 0 chrt -f 10 python3 -c 'import os, time
while not os.path.exists("'"$PODS_SHARE"'/stop"):
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass
    time.sleep(0.01)' &
	load+=($!)
}

rest()
{
	touch "$PODS_SHARE/stop"
	wait "${load[@]}"
	load=()
	rm "$PODS_SHARE/stop"
}

# got SECONDS: what all of besteffort gets, in thousandths of one CPU, into $got
got()
{
	local t0 t1 before after
	before=$(usage $BE)
	t0=$(date +%s%N)
	sleep "$1"
	after=$(usage $BE)
	t1=$(date +%s%N)
	got=$(((after - before) * 1000000 / (t1 - t0)))
}

# What a small online job of every 20 ms sees of it: how much later than planned it ends.
probe()
{
	crun exec "$(pod_id web)" python3 -c 'import time
late = []
due = time.monotonic()
for n in range(500):
    due += 0.02
    time.sleep(max(0, due - time.monotonic()))
    x = 0
    for i in range(2000):
        x += i
    late.append(time.monotonic() - due)
late.sort()
print("p50 %.1f ms, p99 %.1f ms" % (late[250] * 1000, late[494] * 1000))'
}

# Full online load on both CPUs, nothing pinned: whatever this kernel gives. The system's own work, coloctl's too,
# needs its part of the CPUs here.
by_kernel()
{
	local before
	systemctl set-property --runtime kubepods.slice CPUWeight=100
	before=$(weight $BE)
	loops web 2
	loops hog 2
	sleep 3
	got "${LONG:+60}"
	note "Linux $(uname -r), weight $before of $(weight $BU), full online load: offline work got $got permille of one CPU in ${LONG:+60} s"
	shown
	note "an online probe meanwhile: $(probe)"
	note "the weight is $(weight $BE) afterwards"
	ok "what starved was raised, what did not was not" kernel_is_fair "$before"
	rest
	ok "and the weight is as it was" wait_for 90 is_weight $BE -eq "$before"
	systemctl set-property --runtime kubepods.slice CPUWeight=10000
}

# By what it got at its normal weight, or was raised from.
kernel_is_fair()
{
	case $(floor) in
	*"too little"*) return 1 ;;
	esac
	[ "$(weight $BE)" -eq "$1" ] || says "besteffort.slice cpu.weight .*raised from $1,"
}

# Both pinned to CPU 0, of which a real-time task of nobody's takes half: a quarter of the promise is left.
starves()
{
	local normal online quiet
	normal=$(weight $BE)
	online=$(weight $BU)
	quiet=$(weight $B)
	is "$normal" $((online / 50)) "it weighs one part in 50"
	loops web 2 0
	loops hog 1 0
	realtime
	ok "it is raised" wait_for 60 is_weight $BE -gt "$normal"
	ok "to no more than one part in 20" is_weight $BE -le $((online / 20))
	like "$(coloctl why batch/hog | tr -s ' \n' ' ')" "raised from $normal, which promises it [0-9.]+ % of one CPU: batch/hog waited for CPU" "why says who waited, and what it got"
	ok "it is in the journal" wait_for 20 says 'besteffort.slice cpu.weight .*raised from'
	like "$(coloctl history --json | jq -r '.. | .why? // empty')" 'raised from' "and in the history"
	like "$(coloctl status | tr -s ' \n' ' ')" "floor .*less than half of what its weight promises; a weight was doubled [1-9].*kubepods-besteffort.slice now weighs [0-9]+ instead of $normal" "status counts it"
	is "$(weight $BU)" "$online" "online work weighs what it did"
	is "$(weight $B)" "$quiet" "another branch, which does not wait, too"
	is "$(cat $BE/cpu.max | cut -d' ' -f1)" max "and nothing is held"
	if [ -n "${LONG:-}" ]; then
		sleep 3
		got 2
		note "at weight $(weight $BE) it got $got permille of one CPU"
		note "an online probe meanwhile: $(probe)"
	fi
	shown
	rest
	ok "it comes back when it has not starved for 10 s" wait_for 90 is_weight $BE -eq "$normal"
}

# Threads that want no CPU, whatever else runs.
idle_is_not_starved()
{
	loops web 2 0
	sleep 4
	is "$(weight $BE)" "$(($(weight $BU) / 50))" "offline work that wants no CPU is not raised"
	rest
}

load=()
pod_create web Burstable 50000 0
POD_NS=batch pod_create hog BestEffort 0 0
systemd-run -q --slice=batch-quiet.slice --unit=quiet sleep infinity
systemctl set-property --runtime kubepods.slice CPUWeight=10000
colod_facts
colod_policy protect file:///run/pods.json
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
ok "the weights are there" wait_for 20 is_weight $BE -gt 1
ok "systemd knows of it" wait_for 30 colod_told
idle_is_not_starved
[ -z "${LONG:-}" ] || by_kernel
starves
colod_clean
is "$(weight $BE)" 1 "a stop gives the kubelet's weight back"
systemctl stop quiet batch-quiet.slice batch.slice
systemctl revert kubepods.slice 2>/dev/null
rm -rf /run/systemd/system.control/kubepods.slice.d
systemctl daemon-reload
pods_cleanup
done_testing
