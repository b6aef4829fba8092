#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 900s
# profile: smt
# title: trees of the cgroupfs driver, and a node with 200 pods
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/cases.sh"

[ "$VM_KERNEL" != 6.1 ] || { ok "nothing on the oldest kernel" true; done_testing; }

cgroupfs()
{
	pod pod_create_cgroupfs online Guaranteed 1500 $((64 * MIB)) || return
	pod pod_create_cgroupfs web Burstable 2000 $((128 * MIB)) || return
	POD_PRIORITYCLASS=batch-low pod pod_create_cgroupfs batch Burstable 1000 0 || return
	pod pod_create_cgroupfs hog BestEffort
}

# Real cgroups and real processes; no container runtime, which would take minutes for so many.
many()
{
	local i qos dir class pods
	pod_create_cgroupfs first Guaranteed 100 1048576 || return
	for i in $(seq 1 199); do
		case $((i % 3)) in
		0) class='' ;;
		1) class=burstable/ ;;
		2) class=besteffort/ ;;
		esac
		dir=$PODS_CG/kubepods/${class}pod$(printf 'c01d0000-0000-4000-8000-%012x' "$i")
		mkdir "$dir" && echo "+cpu +memory +io +pids" >"$dir/cgroup.subtree_control" || return
		echo $((1 + i % 40)) >"$dir/cpu.weight"
		mkdir "$dir/$(printf '%064x' "$i")" || return
		sh -c 'echo $$ >"$0/cgroup.procs"; exec sleep 1000' "$dir/$(printf '%064x' "$i")" \
			</dev/null >/dev/null 2>&1 & # an open pipe would keep `ok` waiting for it
	done
	sleep 2
	pods=$(find "$PODS_CG/kubepods" -name 'pod*' -type d | wc -l)
	[ "$pods" = 200 ]
}

many_end()
{
	find "$PODS_CG/kubepods" -path '*pod*' -name cgroup.kill -exec sh -c 'echo 1 >"$1"' - {} \;
	sleep 2
	find "$PODS_CG/kubepods" -mindepth 2 -path '*c01d0000*' -depth -type d -exec rmdir {} \;
	find "$PODS_CG/kubepods" -mindepth 1 -path '*c01d0000*' -depth -type d -exec rmdir {} \;
}

ok "pods of the cgroupfs driver" cgroupfs
recorded cgroupfs "the three classes and a batch pod in the cgroupfs driver's layout"
ok "200 pods" many
ok "record pods-200" record pods-200 "200 pods in the cgroupfs driver's layout" \
	"All but one were made without a container runtime: cgroups, a kubelet's weights and a sleeping process. There is no pods.json: facts come from the cgroups, as its drop-in says."
rm -f "$RESULTS/cases/pods-200/pods.json"
many_end
pods_cleanup
done_testing
