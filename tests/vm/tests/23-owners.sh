#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# profile: default
# title: systemd is told what colod wrote to its units, keeps it over a reload, and has nothing of it left after a stop; elsewhere only files
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

CONTROL=/run/systemd/system.control
B=$CG/batch.slice
O=$CG/own.slice

prop() { systemctl show -p "$2" --value "$1"; }

# A slice with a unit file, with an admin's quota, and a limit that somebody wrote into a file; a second one
# whose weight an admin has set at run time already.
slices()
{
	mkdir -p /run/systemd/system
	printf '[Slice]\nCPUWeight=300\nMemoryMax=512M\n' >/run/systemd/system/batch.slice
	printf '[Slice]\nCPUWeight=200\n' >/run/systemd/system/own.slice
	printf '[Service]\nExecStart=sleep infinity\nSlice=batch.slice\n' >/run/systemd/system/burn.service
	printf '[Service]\nExecStart=sleep infinity\nSlice=own.slice\n' >/run/systemd/system/serve.service
	systemctl daemon-reload
	systemctl start burn serve
	systemctl set-property --runtime batch.slice CPUQuota=25%
	systemctl set-property --runtime own.slice CPUWeight=250
}

setup()
{
	slices
	ok "an online pod" pod_create web Burstable 1000 $((64 * 1048576))
	ok "a batch pod" eval 'POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0'
	ok "a batch pod in the cgroupfs layout" eval 'POD_PRIORITYCLASS=batch-x pod_create_cgroupfs cfs Burstable 1000 0'
	colod_facts
	colod_policy protect file:///run/pods.json "levels: {P6: {role: online, cpu: {weight: 77}, memory: {low: 8Mi}}}" \
		"assign:" "  - {match: {unit: batch.slice}, level: P6}" "  - {match: {unit: own.slice}, level: P6}"
	W=$(pod_path web) P=$(pod_path batch) C=$(pod_path cfs)
	knobs_take before
	knobs_take before-slices "$B" "$O"
	cp -r $CONTROL control-before
}

told()
{
	ok "start" colod_start
	ok "the batch pod is levelled" wait_for 20 grep -qx 1 "$P/cpu.weight"
	ok "the slice too" wait_for 20 grep -qx 77 "$B/cpu.weight"
	ok "systemd is told of the pod" wait_for 60 sh -c "[ \"\$(systemctl show -p CPUWeight --value $(basename "$P"))\" = 1 ]"
	ok "and of the slice" wait_for 60 sh -c '[ "$(systemctl show -p CPUWeight --value batch.slice)" = 77 ]'
	ok "of protection too" wait_for 60 sh -c "[ \"\$(systemctl show -p MemoryLow --value $(basename "$W"))\" = 67108864 ]"
	ok "and of the other slice" wait_for 60 sh -c '[ "$(systemctl show -p CPUWeight --value own.slice)" = 77 ]'
	is "$(knob $B cpu.max)" "25000 100000" "the admin's quota is as it was"
	is "$(prop batch.slice CPUQuotaPerSecUSec)" 250ms "and so is the property"
	is "$(prop kubepods-burstable.slice CPUWeight)" "$(knob $CG/kubepods.slice/kubepods-burstable.slice cpu.weight)" \
		"what colod left alone is as the kubelet said"
}

# systemd's own rewrites agree: nothing is left for colod to repair.
reloads()
{
	local writes refs before
	ok "everything is told" wait_for 30 colod_told
	colod_next_pass
	knobs_take during
	knobs_take during-slices "$B" "$O"
	writes=$(coloctl status --json | jq .writes)
	refs=$(coloctl status --json | jq .rewrites)
	ok "daemon-reload" systemctl daemon-reload
	ok "daemon-reexec" systemctl daemon-reexec
	colod_next_pass
	knobs_take after
	knobs_take after-slices "$B" "$O"
	is "$(diff during after)$(diff during-slices after-slices)" "" "two rewrites by systemd changed no value"
	is "$(coloctl status --json | jq .writes)" "$writes" "and colod wrote nothing"
	is "$(coloctl status --json | jq .rewrites)" "$refs" "nor had anything been written over"
}

# With the cgroupfs driver there is nobody to tell.
files_only()
{
	is "$(knob "$CG/kubepods/burstable" io.weight)" "default 10" "a class of the cgroupfs driver is levelled by its file"
	nok "and no call was made for it" says "$(basename "$C").*systemd was told"
	nok "nor a unit made" systemctl is-active -q "$(basename "$C").slice"
}

# A foreign cpu.max that systemd does not know of would be wiped with the weight.
foreign_quota()
{
	systemctl stop colod
	echo "33333 100000" >"$P/cpu.max"
	ok "start with a quota that only the file has" colod_start
	ok "systemd is told" wait_for 30 sh -c "[ \"\$(systemctl show -p CPUWeight --value $(basename "$P"))\" = 1 ]"
	is "$(knob "$P" cpu.max)" "33333 100000" "the quota is exactly what it was"
	systemctl daemon-reload
	sleep 1
	like "$(knob "$P" cpu.max)" '^(33333|34000) 100000$' "a reload keeps it, no tighter"
	systemctl stop colod
	note "after: $(knob "$P" cpu.max)"
	echo "max 100000" >"$P/cpu.max"
}

no_bus()
{
	local weight
	ok "start" colod_start
	ok "levelled" wait_for 20 grep -qx 77 "$B/cpu.weight"
	ok "told" wait_for 20 sh -c '[ "$(systemctl show -p CPUWeight --value batch.slice)" = 77 ]'
	kill -STOP "$(unit_pid dbus)"
	echo 300 >$B/cpu.weight
	ok "with a silent bus a value is put back all the same" wait_for 20 grep -qx 77 $B/cpu.weight
	sleep 1
	is "$(knob $B cpu.weight)" 77 "and stays"
	kill -CONT "$(unit_pid dbus)"
	ok "the bus is back" wait_for 30 coloctl status
}

stopped()
{
	ok "stop" colod_stop
	knobs_take after
	knobs_take after-slices "$B" "$O"
	is "$(diff before after)$(diff before-slices after-slices)" "" "every value is back"
	is "$(prop batch.slice CPUWeight) $(prop own.slice CPUWeight)" "300 250" "systemd has the old weights"
	is "$(diff -r control-before $CONTROL)" "" "no drop-in of colod's is left, and the admin's are as they were"
	is "$(grep -rhE '^(CPUWeight=(1|77)|MemoryLow=[1-9].*)$' $CONTROL /run/systemd/transient --include '50-*.conf' |
		grep -v "^CPUWeight=1$" | sort -u)" "" "no line of colod's is left in transient units"
	ok "nothing is recorded any more" [ ! -e /run/colod/units ]
	systemctl daemon-reload
	knobs_take after
	knobs_take after-slices "$B" "$O"
	is "$(diff before after)$(diff before-slices after-slices)" "" "and a reload agrees"
}

killed()
{
	ok "start" colod_start
	ok "told" wait_for 30 sh -c '[ "$(systemctl show -p CPUWeight --value batch.slice)" = 77 ]'
	# Whoever sets a property between colod's question and its telling loses it: an admin comes later.
	ok "of the other slice, too" wait_for 30 sh -c '[ "$(systemctl show -p CPUWeight --value own.slice)" = 77 ]'
	systemctl set-property --runtime own.slice CPUWeight=111
	kill -KILL "$(unit_pid colod)"
	systemctl stop colod
	ok "restore without a daemon" sh -c 'colod restore; true'
	# So does systemd, with a unit of its own.
	wait_for 60 colod_restored
	is "$(prop batch.slice CPUWeight)" 300 "what a killed agent told is taken back"
	is "$(ls $CONTROL)" "$(ls control-before)" "and no drop-in is left"
	is "$(prop own.slice CPUWeight)" 111 "what the admin set since stays"
}

setup
told
reloads
files_only
stopped
foreign_quota
no_bus
stopped
killed
systemctl stop burn serve batch.slice own.slice
rm -rf /run/systemd/system/{batch.slice,own.slice,burn.service,serve.service} $CONTROL
systemctl daemon-reload
colod_clean
pods_cleanup
done_testing
