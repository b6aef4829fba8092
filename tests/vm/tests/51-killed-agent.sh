#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 240s
# long-budget: 400s
# profile: small
# title: an agent that is killed on the rung reclaim, or while it kills, leaves no hold and nobody beside is hurt; the next one takes up the storm, and one that starts in the middle of one is in time
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq -r "$1"; }
room_mib() { status '(.room.available_bytes - .room.line_bytes) / 1048576 | floor'; }
rung_is() { [ "$(status .rung_memory)" = "$1" ]; }
knobs() { grep -s '' "$(pod_path "$1")"/{memory.high,memory.max,cpu.max,cgroup.freeze} | sed 's|.*/||' | tr '\n' ' '; }

# Somebody else fills the node: nothing that a hold could stop.
flood()
{
	mkdir -p /run/flood
	mount -t tmpfs flood /run/flood
	dd if=/dev/zero of=/run/flood/blob bs=1M count=$(($(room_mib) - 30)) 2>/dev/null
}

policy()
{
	colod_policy full file:///run/pods.json "pressure: [$1]" "levels: {P7: {role: offline, memory: {high: none}}}"
}

nobody_beside()
{
	is "$(pids web)" "$web" "$1: the online pod lost no process"
	is "$(pids calm)" "$calm" "$1: nor did the offline pod that rests"
	is "$(knobs calm)$(knobs web)" "$beside" "$1: and neither has a bound"
	is "$(oom_kills)" "$kills" "$1: the kernel killed nobody"
}

# The hold that stands on this rung ends with the agent, and is there again with the next.
at_reclaim()
{
	local first
	policy "{when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim]}"
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	colod_next_pass
	first=$(agent)
	touch "$PODS_SHARE/go-hog"
	ok "the hog is held" wait_for 90 grep -qv '^max' "$(pod_path hog)/memory.high"
	flood
	ok "rung reclaim" wait_for 30 rung_is reclaim
	like "$(coloctl status)" 'memory +reclaim for [0-9.]+ m?s(, [0-9.]+ m?s more at least)?: ' "status says since when"
	systemctl kill -s KILL --kill-whom=main colod
	ok "its hold ends" wait_for 5 grep -q '^max' "$(pod_path hog)/memory.high"
	rm /run/flood/blob
	ok "there is a next one" wait_for 30 is_another "$first"
	ok "which holds the hog again" wait_for 90 grep -qv '^max' "$(pod_path hog)/memory.high"
	nobody_beside reclaim
	rm "$PODS_SHARE/go-hog"
	umount /run/flood
	colod_stop
	wait_for 60 colod_restored
}

# Begins the storm, and ends the agent as soon as it has lifted the bound of the pod that it kills: while that dies, which is over in a moment.
# A bound that somebody wrote by hand, because a weight is one that systemd writes anew.
kill_with()
{
	python3 -c '
import os, signal, sys, time
bound, agent = open(sys.argv[1] + "/memory.high"), int(sys.argv[2])
had = bound.read()
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
open(sys.argv[3], "w").close()
until = time.monotonic() + 120
while time.monotonic() < until:
    bound.seek(0)
    if bound.read() != had:
        os.kill(agent, signal.SIGKILL)
        sys.exit(0)
    time.sleep(0.0005)
sys.exit(1)' "$(pod_path "$1")" "$2" "$PODS_SHARE/go-$1"
}

bound() { cat "$(pod_path "$1")/memory.high"; }
bound_is() { [ "$(bound "$1")" = "$2" ]; }

has_another_kill() { [ "$(status .kills)" -ge 1 ]; }

at_kill()
{
	local first had=$((2048 * MIB))
	policy "{when: memory.empty of node in 3s, do: [kill]}"
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	colod_next_pass
	first=$(agent)
	line=$(status '.room.line_bytes / 1048576 | floor')
	echo $had >"$(pod_path fast)/memory.high"
	ok "the agent is killed while the hog dies that it killed" kill_with fast "$first"
	note "the bound of the pod is $(bound fast) then"
	ok "there is a next one" wait_for 30 is_another "$first"
	ok "which puts back what that one had lifted from the pod" wait_for 20 bound_is fast $had
	ok "and says so" wait_for 20 says 'was killing a pod: of [0-9]+ values .*, [1-9][0-9]* are put back'
	ok "the hog is dead" wait_for 20 dead fast
	nobody_beside kill
	touch "$PODS_SHARE/go-next"
	ok "which kills the next hog" wait_for 90 dead next
	ok "and counts it" wait_for 20 has_another_kill
	nobody_beside "the next kill"
	told
}

available_mib() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
short_of() { [ "$(available_mib)" -lt "$1" ]; }

# Nobody watched while the node filled up: some seconds are left when the agent comes.
cold_start()
{
	colod_stop
	touch "$PODS_SHARE/go-cold"
	ok "the node fills up" wait_for 90 short_of $((line + 80))
	ok "start in the middle of it" colod_start
	ok "the hog is killed" wait_for 30 dead cold
	ok "by the agent" wait_for 20 has_another_kill
	nobody_beside "the cold start"
}

# What it leaves of that kill: the numbers, whom it took and whom it passed over, and 10 s later what it came to.
tells() { coloctl history --kind kill,candidate --json -n 20 | jq -e "$1"; }

told()
{
	ok "expected and really freed are numbers" wait_for 20 tells '[.records[] | select(.kind == "kill" and .would == false)] | last |
		.numbers.expected_bytes > 0 and .numbers.freed_bytes > 0 and .numbers.room_before_bytes != null'
	ok "so is what the pod that rests would have given" wait_for 20 tells '[.records[] | select(.pod == "default/calm" and .to == "passed over")] |
		last | .numbers.expected_bytes > 0 and .numbers.place >= 2'
	like "$(coloctl why default/next)" 'killed, dead: 1 process' "why says it of the victim"
	like "$(coloctl why default/calm)" 'passed over: it would give back .*default/next went first' "and of whom it passed over"
	[ -n "${LONG:-}" ] || return
	ok "10 s later it is told what it came to" wait_for 30 says 'cgroup.kill: after 10 s, the longest that an online pod waits'
	ok "with numbers" jq -e '[.records[]] | last | .numbers.room_after_bytes != null' <<<"$(coloctl history --kind effect --json)"
}

pod_create web Burstable 500 $((64 * MIB))
pod_create calm BestEffort 0 0 python3 -c "
kept = b'x' * (40 << 20)
open('/share/calm', 'w').close()
import time
while True:
    time.sleep(1)"
wait_for 90 test -e "$PODS_SHARE/calm"
growing_pod hog 1
growing_pod fast 4
growing_pod next 4
growing_pod cold 2
colod_facts
web=$(pids web) calm=$(pids calm) kills=$(oom_kills) beside=$(knobs calm)$(knobs web)
at_reclaim
at_kill
cold_start
colod_clean
pods_cleanup
done_testing
