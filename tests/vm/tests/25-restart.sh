#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 400s
# profile: default
# core: no
# title: seen from outside each 10 ms, restart, upgrade, reload, a crash and a lost bus change no knob; every end for good gives all back; foreign values survive
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/watch.sh"

MIB=1048576
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

start()
{
	ok "start${1:+ $1}" colod_start
	ok "levelled" wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"
	ok "a whole pass later" wait_for 60 passed_again
	ok "systemd has been told" wait_for 60 colod_told
}

dropin()
{
	mkdir -p $DROPIN
	printf '%s\n' "$@" >$DROPIN/50-test.conf
	systemctl daemon-reload
}

no_dropin()
{
	rm -rf $DROPIN
	systemctl daemon-reload
}

passed_again() { [ "$(coloctl status --json | jq .passes)" -ge 2 ]; }

# unchanged NAME COMMAND...: one more agent, and no knob was written meanwhile.
unchanged()
{
	local name=$1 before
	shift
	before=$(unit_pid colod)
	ok "$name" "$@"
	ok "$name: it answers" wait_for 60 passed_again
	note "pid $before, then $(unit_pid colod)"
	is "$(watch_changes)" "" "$name: no knob was written"
}

# all_back NAME
all_back()
{
	ok "$1: every value comes back" wait_for 30 same_as_before
	is "$(diff before after)" "" "$1: 0 differ" ||
		note "$(journalctl -q -u colod -u colod-restore -o cat | tail -25)"
}

same_as_before() { knobs_take after && cmp -s before after; }

# A binary that differs, put in place as a package manager does.
upgrade()
{
	cp "$(command -v colod)" /usr/sbin/colod.new && printf x >>/usr/sbin/colod.new &&
		mv /usr/sbin/colod.new /usr/sbin/colod && systemctl restart colod
}

crash()
{
	local pid
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	wait_for 90 sh -c '[ "$(systemctl show -p MainPID --value colod)" != '"$pid"' ] && systemctl is-active -q colod'
}

lives_on()
{
	watch_start
	unchanged restart systemctl restart colod
	unchanged upgrade upgrade
	unchanged reload colod_reload
	unchanged "a crash" crash
	watch_stop "restarts"
}

ends()
{
	local since
	since=$(date +%s.%6N)
	ok "stop" colod_stop
	all_back stop
	ok "and it is said, counted" wait_for 20 says '^([1-9][0-9]*) written, \1 restored, 0 left' "$since"
	start "after a stop"
	ok "SIGTERM without a job" systemctl kill --kill-whom=main colod
	all_back "SIGTERM without a job"
}

state_is() { [ "$(systemctl show -p SubState --value colod)" = "$1" ]; }

# Neither the agent nor restore --auto finds a bus: the latter asks systemd at its own socket.
without_bus()
{
	local pid
	ok "start without a bus" colod_start
	ok "levelled" wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"
	pid=$(unit_pid colod)
	watch_start
	ok "restart without a bus" systemctl restart colod
	nok "by another agent" [ "$(unit_pid colod)" = "$pid" ]
	is "$(watch_changes)" "" "no knob was written"
	watch_stop "a restart without a bus"
}

# No ExecStopPost= runs then.
stopped_between()
{
	kill -KILL "$(unit_pid colod)"
	ok "it waits for its next start" wait_for 20 state_is auto-restart
	knobs_take after
	nok "and shares are kept meanwhile" cmp -s before after
	ok "stop" colod_stop
	all_back "stopped while it waits"
}

failed_for_good()
{
	dropin '[Unit]' StartLimitIntervalSec=600s StartLimitBurst=1 '[Service]' RestartSec=1s \
		Environment=DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere
	ok "start that may not be repeated" systemctl start colod
	ok "levelled" wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"
	kill -KILL "$(unit_pid colod)"
	ok "it fails for good" wait_for 90 state_is failed
	all_back "failed for good"
}

# A bus of its own, which goes away while it runs.
lost_bus()
{
	dbus-daemon --system --nofork --nopidfile --address=unix:path=/run/own-bus >/dev/null 2>&1 &
	local bus=$!
	ok "a bus" wait_for 20 test -S /run/own-bus
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/own-bus by_hand
	ok "it answers there" wait_for 60 env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/own-bus coloctl status
	watch_start
	kill -KILL $bus
	ok "the loss is said" wait_for 60 grep -q 'no service on the system bus' /run/colod-by-hand.log
	is "$(watch_changes)" "" "a lost bus: no knob was written"
	watch_stop "a lost bus"
	kill -TERM $hand
	wait $hand
	rm -f /run/own-bus
	all_back "stopped without a bus"
}

# By hand, so that nothing starts it again, ends its holds or gives anything back.
by_hand()
{
	colod 2>/run/colod-by-hand.log &
	hand=$!
	ok "started by hand" wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"
}

foreign()
{
	local batch hog
	batch=$(pod_path batch) hog=$(pod_path hog)
	by_hand
	# What is written while systemd is told is taken for systemd's.
	ok "systemd has been told" wait_for 60 colod_told
	echo 55 >"$batch/cpu.weight"
	ok "a hand edit is noticed and put back" wait_for 60 grep -qx 1 "$batch/cpu.weight"
	kill -TERM $hand
	wait $hand
	is "$(knob "$batch" cpu.weight)" 55 "and is there again after the stop"
	echo 39 >"$batch/cpu.weight"
	all_back "stopped by hand"
	by_hand
	kill -KILL $hand
	wait $hand
	echo 77 >"$batch/cpu.weight"
	echo $((96 * MIB)) >"$batch/memory.high"
	uid=$(pod_uid hog)
	pod_delete hog
	POD_UID=$uid pod_create hog BestEffort
	is "$(pod_path hog)" "$hog" "a pod is deleted and made again at the same path"
	echo $((77 * MIB)) >"$hog/memory.high"
	ok "restore without a daemon" colod restore
	is "$(knob "$batch" cpu.weight)" 77 "a hand edit of the time between stays"
	is "$(knob "$batch" memory.high)" $((96 * MIB)) "and so does what a runtime resized"
	is "$(knob "$hog" memory.high)" $((77 * MIB)) "the new pod keeps what was set on it"
	echo 39 >"$batch/cpu.weight"
	echo max >"$batch/memory.high"
	echo max >"$hog/memory.high"
	sed -i /cri-containerd/d before
	knobs_take after
	sed -i /cri-containerd/d after
	is "$(diff before after)" "" "all else is back"
	rm -f /run/colod-by-hand.log
}

setup
start
lives_on
ends
if [ -z "${LONG:-}" ]; then
	systemctl reset-failed colod colod-restore 2>/dev/null
	colod_clean
	pods_cleanup
	done_testing
fi
dropin '[Service]' RestartSec=4s \
	Environment=DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere
without_bus
stopped_between
failed_for_good
no_dropin
lost_bus
foreign
systemctl reset-failed colod colod-restore 2>/dev/null
colod_clean
pods_cleanup
done_testing
