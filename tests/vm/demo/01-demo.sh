#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 900s
# profile: icount
# title: an online service beside offline work: alone, unmanaged, and with colod
#
# The guest's part of `make demo` (demo.py is the host's). Writes $RESULTS/rounds.csv, one line for each
# measurement; knobs.txt and why.txt for the table; counts.txt, made by diff and not by colod. Settings
# by environment: DEMO_ROUNDS, DEMO_MODE, DEMO_SECONDS.
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/demo.sh"

# alone | unmanaged | colod, each time in another order, so that a drift of the machine hits all alike.
round()
{
	local n=$1 arm
	local orders=("alone unmanaged colod" "colod alone unmanaged" "unmanaged colod alone")
	for arm in ${orders[$((n % 3))]}; do
		"arm_$arm" || return
		measure "$n" "$arm"
	done
	arm_end
}

arm_alone() { arm_end; offline_pause 1; }

arm_unmanaged() { arm_end; offline_pause 0; }

arm_colod()
{
	offline_pause 0
	colod_start || return
	[ "$DEMO_MODE" = observe ] || wait_for 10 grep -qx 1 "$(pod_path batch-a)/cpu.weight"
}

arm_end() { ! systemctl is-active -q colod || colod_stop; }

show_values()
{
	local pod
	{
		pod=$(pod_path batch-a)
		echo "cpu.weight of batch-a|$(before_of "$pod/cpu.weight")|$(knob "$pod" cpu.weight)"
		echo "memory.high of batch-a|$(before_of "$pod/memory.high")|$(knob "$pod" memory.high)"
		pod=$(pod_path web)
		echo "memory.low of web|$(before_of "$pod/memory.low")|$(knob "$pod" memory.low)"
	} >"$RESULTS/knobs.txt"
	coloctl why default/batch-a >"$RESULTS/why.txt" 2>&1
	coloctl status >"$RESULTS/status.txt" 2>&1
	coloctl score >"$RESULTS/score.txt" 2>&1
}

before_of() { sed -n "s|^$1:||p" before; }

# SIGKILL, restart, stop; then every value is compared with the one before colod ever ran.
leave_no_trace()
{
	local pid changed differ
	arm_colod
	knobs_take during
	show_values
	changed=$(diff before during | grep -c '^>')
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	ok "systemd starts a killed agent again" wait_for 20 sh -c \
		'systemctl is-active -q colod && [ "$(systemctl show -p MainPID --value colod)" != '"$pid"' ]'
	[ "$DEMO_MODE" = observe ] || ok "it takes up its work" \
		wait_for 10 grep -qx 1 "$(pod_path batch-a)/cpu.weight"
	ok "stop" colod_stop
	knobs_take after
	differ=$(diff before after | grep -c '^>')
	echo "$changed $((changed - differ)) $differ" >"$RESULTS/counts.txt"
	is "$differ" 0 "every value is the one before colod"
	journalctl -q -u colod -o cat | grep ' written, ' | grep -v '^holds' | tail -1 >"$RESULTS/said.txt"
}

progress "starting an nginx as an online pod, its load generator, and three offline pods"
ok "pods" demo_pods
knobs_take before
ok "nginx answers" wait_for 20 serves
ok "the offline pods work" wait_for 20 offline_works
for n in $(seq 1 "$DEMO_ROUNDS"); do
	round "$n"
	is $? 0 "round $n of $DEMO_ROUNDS"
done
progress "killing the agent with SIGKILL, letting systemd restart it, stopping it"
leave_no_trace
colod_clean
pods_cleanup
done_testing
