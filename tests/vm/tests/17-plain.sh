#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: without Kubernetes: a slice and a plain cgroup named by the policy; missing controllers are enabled or their owner named
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

FARM=$CG/farm

policy()
{
	colod_policy "$1" "" \
		"assign:" \
		"  - {match: {cgroup: farm/job-*}, level: P7}" \
		"  - {match: {unit: batch.slice}, level: P7}" \
		"  - {match: {unit: shop.service}, level: P4}" \
		"  - {match: {unit: grind.service}, level: P7}"
}

plain_cgroup()
{
	mkdir "$FARM" "$FARM/job-1" "$FARM/other"
	sleep 1000 &
	echo $! >"$FARM/job-1/cgroup.procs"
	sleep 1000 &
	echo $! >"$FARM/other/cgroup.procs"
}

units()
{
	systemd-run -q --unit=shop --slice=system.slice -p CPUWeight=100 -p IOAccounting=yes -p MemoryLow=8M sleep 1000
	# Its slice hands the cpu controller down, and not the io controller.
	systemd-run -q --unit=grind --slice=mill.slice -p CPUWeight=100 sleep 1000
	systemd-run -q --unit=crunch --slice=batch.slice -p CPUWeight=100 sh -c 'while :; do :; done'
}

ends()
{
	systemctl stop shop crunch grind batch.slice mill.slice
	echo 1 >"$FARM/cgroup.kill"
	wait_for 20 rmdir_all "$FARM/job-1" "$FARM/other"
	rmdir "$FARM"
}

policy squeeze
plain_cgroup
units
is "$(cat "$FARM/cgroup.subtree_control")" "" "the parent hands no controller down"
ok "start" colod_start
ok "colod enables what its own rule needs" wait_for 20 grep -q cpu "$FARM/cgroup.subtree_control"
ok "and levels the pod: a limit, since there is no kubelet to ask" \
	wait_for 20 grep -qE '^[0-9]+$' "$FARM/job-1/memory.high"
is "$(knob "$FARM/other" cpu.weight) $(knob "$FARM/other" memory.high)" "100 max" "its neighbour, which no rule names, is untouched"
weights=0
for dir in "$CG"/*.slice "$CG"/init.scope; do
	[ "$dir" = "$CG/batch.slice" ] || weights=$((weights + $(knob "$dir" cpu.weight || echo 0)))
done
note "the online slices weigh $weights, batch.slice $(knob $CG/batch.slice cpu.weight)"
ok "the batch slice yields" wait_for 20 sh -c "[ \$(cat $CG/batch.slice/cpu.weight) -le 8 ]"
is "$(knob $CG/system.slice cpu.weight)" 100 "system.slice does not"
ok "the plain cgroup has its IO weight" wait_for 20 grep -qx "default 10" "$FARM/job-1/io.weight"
ok "a controller that systemd keeps is named with its owner" wait_for 20 \
	says 'mill.slice/grind.service has no io.weight.*Who can change that: systemd'
ok "stop" colod_stop
is "$(knob $CG/batch.slice cpu.weight) $(knob "$FARM/job-1" memory.high)" "100 max" "everything is back"
ends
colod_clean
done_testing
