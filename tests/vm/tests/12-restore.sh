#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# core: oldest
# title: stop gives every value back; a killed agent loses no original and leaves no hold; what somebody else wrote since stays
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=1048576

setup()
{
	pod_create online Guaranteed 500 $((32 * MIB))
	pod_create web Burstable 1000 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((128 * MIB)) pod_create batch Burstable 1000 0
	pod_create hog BestEffort
	POD_NS=kube-system POD_OWNER_KIND=DaemonSet pod_create kube-proxy BestEffort
	colod_facts
	colod_policy squeeze file:///run/pods.json
	knobs_take before
}

levelled() { wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"; }

stop_restores()
{
	ok "start" colod_start
	ok "levelled" levelled
	ok "idle in the mixed class" wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.idle"
	knobs_take during
	nok "values changed" cmp -s before during
	note "$(diff before during | grep -c '^>') knobs changed"
	began=$(date +%s.%6N)
	ok "stop" colod_stop
	knobs_take after
	is "$(diff before after)" "" "every value is back"
	ok "and it is said, counted" wait_for 20 says '^([1-9][0-9]*) written, \1 restored, 0 left' "$began" ||
		note "$(journalctl -q -u colod -o cat --since "@$began" | grep ' written, ')"
}

kill_loses_nothing()
{
	local pid
	ok "start again" colod_start
	ok "levelled" levelled
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	ok "systemd starts it again" wait_for 20 sh -c '[ "$(systemctl show -p MainPID --value colod)" != '"$pid"' ] && systemctl is-active -q colod'
	ok "levelled still" levelled
	ok "stop" colod_stop
	knobs_take after
	is "$(diff before after)" "" "no original was lost"
}

foreign_write_stays()
{
	local path
	path=$(pod_path batch)
	colod_policy protect file:///run/pods.json
	ok "start once more" colod_start
	ok "levelled" levelled
	# Until then systemd writes the file too, over what is written here.
	ok "systemd has been told" wait_for 60 colod_told
	kill -STOP "$(unit_pid colod)"
	echo 77 >"$path/cpu.weight"
	kill -KILL "$(unit_pid colod)"
	# The unit's watchdog is not needed here: the process is gone. Keep systemd from restarting it.
	systemctl stop colod
	# So does systemd, with a unit of its own.
	ok "restore without a daemon" sh -c 'colod restore; true'
	wait_for 60 colod_restored
	is "$(knob "$path" cpu.weight)" 77 "what somebody else wrote is left alone"
	echo 39 >"$path/cpu.weight"
	knobs_take after
	is "$(diff before after)" "" "and everything else is back"
}

setup
stop_restores
kill_loses_nothing
foreign_write_stays
colod_clean
pods_cleanup
done_testing
