#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 3000s
# profile: default
# core: no
# title: killed at random moments of its start, its passes and its restore, restarted or not, the agent loses no original: 0 differ
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=1048576
KILLS=200
# Half of them with somebody who starts it again, half without.
HALF=$(((KILLS + 1) / 2))
SEED=${COLOD_SEED:-$(date +%s)}
DROPIN=/run/systemd/system/colod.service.d

setup()
{
	pod_create online Guaranteed 500 $((32 * MIB))
	pod_create web Burstable 1000 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((128 * MIB)) pod_create batch Burstable 1000 0
	pod_create hog BestEffort
	colod_facts
	colod_policy squeeze file:///run/pods.json
	knobs_take before
}

# moment MS: sleeps for less than that. Not in a subshell: those seed RANDOM anew, whatever the seed was.
moment()
{
	local ms=$((RANDOM % $1)) text
	printf -v text '%d.%03d' $((ms / 1000)) $((ms % 1000))
	sleep "$text"
}

# Whether the killed one had changed something, so that the test is about something.
changed() { [ -s /run/colod/originals ]; }

# In ms: twice as long as it takes here until the first value is changed, or a bit more.
first_change()
{
	local began=${EPOCHREALTIME/./} pid span
	colod >/dev/null 2>&1 &
	pid=$!
	wait_for 60 changed
	span=$(((${EPOCHREALTIME/./} - began) / 500))
	kill -KILL $pid
	wait $pid
	colod restore >/dev/null 2>&1
	echo $((span > 2500 ? span : 2500))
}

kill_by_hand()
{
	local i differ=0 n_changed=0 span
	span=$(first_change)
	note "within $span ms each"
	for ((i = 0; i < HALF; i++)); do
		colod 2>/dev/null &
		local pid=$!
		moment $span
		# Every third one is killed while it gives back.
		[ $((i % 3)) -ne 2 ] || { kill -TERM $pid; moment 200; }
		kill -KILL $pid
		wait $pid
		! changed || n_changed=$((n_changed + 1))
		colod restore 2>/run/kill-restore.log || note "$(tail -3 /run/kill-restore.log)"
		knobs_take after
		cmp -s before after || { differ=$((differ + 1)); note "kill $i: $(diff before after)"; }
	done
	is $differ 0 "restart disabled: $HALF kills, each followed by colod restore: 0 differ"
	note "$n_changed of $HALF had changed something"
	ok "they had something to lose" [ $n_changed -gt $((HALF / 3)) ]
	rm -f /run/kill-restore.log
}

kill_restarted()
{
	local i pid
	mkdir -p $DROPIN
	printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=50ms\n' >$DROPIN/50-test.conf
	systemctl daemon-reload
	ok "start" colod_start
	for ((i = 0; i < KILLS - HALF; i++)); do
		moment 2000
		pid=$(unit_pid colod) && kill -KILL "$pid"
	done
	ok "it is started again" wait_for 30 systemctl is-active -q colod
	ok "and writes" wait_for 30 grep -qx 1 "$(pod_path batch)/cpu.weight"
	ok "stop" colod_stop
	knobs_take after
	is "$(diff before after)" "" "restarted after each of $((KILLS - HALF)) kills, and stopped: 0 differ"
	rm -rf $DROPIN
	systemctl daemon-reload
}

RANDOM=$SEED
note "COLOD_SEED=$SEED, $KILLS kills"
setup
kill_by_hand
kill_restarted
systemctl reset-failed colod colod-restore 2>/dev/null
colod_clean
pods_cleanup
done_testing
