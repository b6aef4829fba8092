#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# long-budget: 400s
# profile: default
# title: pods made after start are levelled at once, by crun, by containerd and in the cgroupfs layout; pods that vanish are normal
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

GONE=${LONG:+80}
GONE=${GONE:-3}

new_pods()
{
	ok "a pod after start" eval 'POD_PRIORITYCLASS=batch-x pod_create late Burstable 1000 0'
	ok "an online one beside it" pod_create web Burstable 1000 0
	colod_facts
	ok "it is levelled" wait_for 4 grep -qx 1 "$(pod_path late)/cpu.weight"
	is "$(knob "$(pod_path web)" cpu.weight)" 39 "its neighbour keeps its weight"
	ok "a pod made by containerd" eval 'POD_PRIORITYCLASS=batch-x pod_create_ctr real Burstable 1000 0'
	colod_facts
	ok "is levelled too" wait_for 4 grep -qx 1 "$(pod_path real)/cpu.weight"
	is "$(coloctl pods --json | jq -r '.[] | select(.name == "default/real") | .containers[0].runtime')" \
		containerd "and its runtime is known"
}

cgroupfs_pods()
{
	ok "an online pod of the cgroupfs driver" pod_create_cgroupfs cweb Burstable 1000 0
	ok "an offline one" eval 'POD_PRIORITYCLASS=batch-x pod_create_cgroupfs clate Burstable 1000 0'
	colod_facts
	ok "is levelled" wait_for 4 grep -qx 1 "$(pod_path clate)/cpu.weight"
	is "$(knob "$(pod_path cweb)" cpu.weight)" 39 "its neighbour keeps its weight"
}

# Many pods that come and go while passes run: none of it is an error, and the ones that stay are right.
churn()
{
	local i
	for i in $(seq "$GONE"); do
		POD_PRIORITYCLASS=batch-x pod_create "gone$i" Burstable 500 0 || return
		basename "$(pod_path "gone$i")" >>gone
		colod_facts
		pod_delete "gone$i" || return
	done
}

# What test_units_call.c builds on: by its name systemd does what it is told also for a unit that is gone, and
# leaves a drop-in and a cgroup for whoever has that name next; by the start of the unit it refuses.
late()
{
	local unit=kubepods-besteffort-podlate.slice path=$CG/kubepods.slice/kubepods-besteffort.slice id
	path=$path/$unit
	ok "a slice starts" systemctl start "$unit"
	id=$(systemctl show -p InvocationID --value "$unit")
	ok "and is gone" eval 'systemctl stop "$unit" && wait_for 20 test ! -d "$path"'
	[[ $id != [0-9]* ]] || id=_3$id
	like "$(busctl call org.freedesktop.systemd1 "/org/freedesktop/systemd1/unit/$id" \
		org.freedesktop.systemd1.Unit SetProperties "ba(sv)" true 1 CPUWeight t 1 2>&1)" \
		"invocation" "its start is over, says systemd"
	ok "and made nothing" [ ! -e "$path" -a ! -e "/run/systemd/system.control/$unit.d" ]
	ok "by its name it can be told something" systemctl set-property --runtime "$unit" CPUWeight=1
	ok "which leaves a drop-in where colod looks" [ -e "/run/systemd/system.control/$unit.d/50-CPUWeight.conf" ]
	ok "and a cgroup" wait_for 20 test -d "$path"
	rm -r "/run/systemd/system.control/$unit.d"
	rmdir "$path"
}

# Counted from outside: what systemd and colod keep of the pods that are gone.
left()
{
	find $CG -name '*pod*' -type d | grep -Ff gone
	ls /run/systemd/system.control /run/systemd/transient 2>/dev/null | grep -Ff gone
	awk '$2 == "own" { told[$3 $4] = $3 } $2 == "end" { delete told[$3 $4] } END { for (k in told) print told[k] }' \
		/run/colod/units | grep -Ff gone
}

nothing_left() { [ -z "$(left)" ]; }

began=$(date +%s.%6N)
colod_policy squeeze file:///run/pods.json
colod_facts
ok "the service starts without any pod" colod_start
new_pods
ok "pods come and go" churn
ok "the service still runs" systemctl is-active -q colod
is "$(systemctl show -p NRestarts --value colod)" 0 "and never restarted"
is "$(journalctl -q -u colod -p warning -o cat --since "@$began" | grep -v '^$')" "" "a vanished pod is no warning"
colod_facts
ok "the gone pods are forgotten" wait_for 30 sh -c \
	'[ "$(coloctl pods --json | jq "[.[] | select(.kind == \"kubernetes\")] | length")" = 3 ]'
is "$(wc -l <gone)" "$GONE" "$GONE pods are gone"
ok "no drop-in and no record of them is left" wait_for 30 nothing_left || note "$(left)"
late
is "$(knob "$(pod_path late)" cpu.weight)" 1 "the one that stayed keeps its level"
pod_delete late; pod_delete web; pod_delete real
cgroupfs_pods
colod_clean
pods_cleanup
done_testing
