#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: smt
# core: oldest
# title: what kernels do with sets, partitions and bursts, which policy and apply rely on; a burst is never in a kubelet's way
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

T=$CG/knobs-test
KUBE=$CG/kubepods.slice
MIB=1048576

# put FILE TEXT: one write(2), as colod makes it. Says what the kernel says.
put() { printf '%s\n' "$2" 2>/dev/null >"$1"; }
set_to() { put "$1" "$2" && is "$(cat "$1")" "$3" "$4"; }

bursts()
{
	mkdir "$T"
	put "$CG/cgroup.subtree_control" "+cpu"
	ok "a quota" put "$T/cpu.max" "50000 100000"
	nok "a burst above its quota is refused" put "$T/cpu.max.burst" 50001
	ok "one of the whole quota is not" put "$T/cpu.max.burst" 50000
	nok "a quota below its burst is refused, which is what stops a kubelet" put "$T/cpu.max" "40000 100000"
	is "$(cat "$T/cpu.max")" "50000 100000" "and nothing of it is taken"
	ok "without a burst" put "$T/cpu.max.burst" 0
	ok "it goes down" put "$T/cpu.max" "40000 100000"
	rmdir "$T"
}

sets()
{
	mkdir "$T"
	put "$CG/cgroup.subtree_control" "+cpuset"
	put "$T/cgroup.subtree_control" "+cpuset"
	mkdir "$T/a" "$T/b"
	set_to "$T/a/cpuset.cpus" 2-3 2-3 "a set is read back as it was written"
	printf '' >"$T/a/cpuset.cpus"
	is "$(cat "$T/a/cpuset.cpus")" 2-3 "a write of no byte changes nothing"
	ok "an empty line is taken" put "$T/a/cpuset.cpus" ""
	is "$(cat "$T/a/cpuset.cpus")" "" "and empties it"
	ok "a partition that cannot be is taken too" put "$T/a/cpuset.cpus.partition" root
	like "$(cat "$T/a/cpuset.cpus.partition")" '^root invalid \(.+\)$' "only reading back says so, and why"
	note "$(cat "$T/a/cpuset.cpus.partition")"
	ok "member again" put "$T/a/cpuset.cpus.partition" member
}

# Only where the kernel knows cpuset.cpus.exclusive.
partitions()
{
	put "$T/a/cpuset.cpus.exclusive" 2-3
	note "a child's set without its parent's: '$(cat "$T/a/cpuset.cpus.exclusive")', granted '$(cat "$T/a/cpuset.cpus.exclusive.effective")'"
	put "$T/a/cpuset.cpus.exclusive" ""
	set_to "$T/cpuset.cpus.exclusive" 2-3 2-3 "the parent's first"
	set_to "$T/a/cpuset.cpus.exclusive" 2-3 2-3 "then the child's"
	ok "then the partition" put "$T/a/cpuset.cpus.partition" root
	is "$(cat "$T/a/cpuset.cpus.partition")" root "which is granted"
	is "$(cat "$T/b/cpuset.cpus.effective")" 0-1 "nobody else is on its CPUs"
	put "$T/cpuset.cpus.exclusive" ""
	like "$(cat "$T/a/cpuset.cpus.partition")" '^root invalid' "a parent that takes its set away makes it invalid"
	put "$T/cpuset.cpus.exclusive" 2-3
	note "the parent's set is back: $(cat "$T/a/cpuset.cpus.partition")"
	put "$T/a/cpuset.cpus.partition" root
	is "$(cat "$T/a/cpuset.cpus.partition")" root "asked for anew it is granted again"
	put "$T/a/cpuset.cpus.partition" member
	set_to "$T/a/cpuset.cpus.exclusive" "" "" "back: the child's"
	set_to "$T/cpuset.cpus.exclusive" "" "" "and the parent's"
	is "$(cat "$T/b/cpuset.cpus.effective")" 0-3 "everybody has everything again"
}

burst_is() { [ "$(knob "$1" cpu.max.burst)" = "$2" ]; }

# A kubelet's resize: the spec changes first, status and the files follow.
resized()
{
	jq "(.items[] | select(.metadata.name == \"db\") | .spec.containers[0].resources)
		|= {requests: {cpu: \"$1\", memory: \"64Mi\"}, limits: {cpu: \"$1\", memory: \"64Mi\"}}
		| (.items[] | select(.metadata.name == \"db\") | .status.containerStatuses[0])
		|= (. + {resources: {requests: {cpu: \"$2\"}, limits: {cpu: \"$2\"}}})" /run/pods.json >/run/pods.new &&
		mv /run/pods.new /run/pods.json
}

setup()
{
	ok "a Guaranteed pod of two CPUs" pod_create db Guaranteed 2000 $((64 * MIB))
	ok "and one that nobody is told of" pod_create web Burstable 500 $((32 * MIB))
	ok "a batch pod" pod_create hog BestEffort
	colod_facts
	D=$(pod_path db)
	# The whole pod's limit, as the kubelet sets it.
	ok "a limit" systemctl set-property --runtime "${D##*/}" CPUQuota=200%
	systemd_wrote
	is "$(knob "$D" cpu.max)" "200000 100000" "in force"
}

burst_end_to_end()
{
	colod_policy protect file:///run/pods.json "levels:" "  P0: {cpu: {burst: 20.0% of quota}}"
	ok "start" colod_start
	ok "the pod with a limit has a burst" wait_for 30 burst_is "$D" 40000
	is "$(knob "$(pod_path web)" cpu.max.burst) $(knob "$(pod_path hog)" cpu.max.burst)" "0 0" "no other pod has"
	ok "the spec asks for less" resized 100m 2
	ok "the burst goes, though the larger limit still counts" wait_for 60 burst_is "$D" 0
	# Through systemd first, as the kubelet does: it writes the file, and says so only in its log when it cannot.
	ok "so the kubelet's limit is taken" systemctl set-property --runtime "${D##*/}" CPUQuota=10%
	systemd_wrote
	is "$(knob "$D" cpu.max)" "10000 100000" "and in force"
	ok "and status says so" resized 100m 100m
	# Nobody tells of a quota that somebody else changed: it is read every 30 s, and where the policy is loaded.
	colod_reload
	ok "then there is one of the new quota" wait_for 90 burst_is "$D" 2000
	like "$(coloctl why db | tr -s ' \n' ' ')" 'may save up 20' "which coloctl why explains"
	ok "stop" colod_stop
	is "$(knob "$D" cpu.max.burst) $(knob "$D" cpu.max)" "0 10000 100000" "the burst is given back and the quota was never colod's"
}

bursts
sets
if [ -e "$T/cpuset.cpus.exclusive" ]; then
	partitions
else
	note "this kernel has no cpuset.cpus.exclusive"
fi
rmdir "$T/a" "$T/b" "$T"
setup
burst_end_to_end
colod_clean
pods_cleanup
done_testing
