#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 180s
# profile: default
# core: oldest
# title: pods made by crun and by containerd have exactly the kubelet's cgroups, and all of it goes away
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"

CG=/sys/fs/cgroup

runs_sleep() { grep -qx sleep "/proc/$(pod_pid "$1")/comm"; }

tree() { (cd "$CG" && find kubepods.slice -type d -printf '%p\n' | sort); }

systemd_driver()
{
	local g b e gi bi ei bp
	ok "a Guaranteed pod" pod_create online Guaranteed 500 67108864
	ok "a Burstable pod with a sandbox" env_pause_pod
	ok "a BestEffort pod" pod_create batch BestEffort
	g=$(pod_uid online) b=$(pod_uid web) e=$(pod_uid batch)
	gi=$(pod_id online) bi=$(pod_id web) ei=$(pod_id batch)
	bp=$(grep -l '^pause' "$PODS_STATE"/web/ctr/* | xargs basename)
	is "$(tree)" "$(sort <<-TREE
		kubepods.slice
		kubepods.slice/kubepods-besteffort.slice
		kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${e//-/_}.slice
		kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${e//-/_}.slice/cri-containerd-$ei.scope
		kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${e//-/_}.slice/cri-containerd-$ei.scope/container
		kubepods.slice/kubepods-burstable.slice
		kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${b//-/_}.slice
		kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${b//-/_}.slice/cri-containerd-$bi.scope
		kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${b//-/_}.slice/cri-containerd-$bi.scope/container
		kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${b//-/_}.slice/cri-containerd-$bp.scope
		kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${b//-/_}.slice/cri-containerd-$bp.scope/container
		kubepods.slice/kubepods-pod${g//-/_}.slice
		kubepods.slice/kubepods-pod${g//-/_}.slice/cri-containerd-$gi.scope
		kubepods.slice/kubepods-pod${g//-/_}.slice/cri-containerd-$gi.scope/container
	TREE
	)" "the tree is the kubelet's"
}

env_pause_pod() { POD_PAUSE=1 POD_LABELS=app=web POD_OWNER_KIND=ReplicaSet pod_create web Burstable 100 33554432; }

kubelet_values()
{
	is "$(cat $CG/kubepods.slice/cpu.weight)" "$(pods_weight $(($(nproc) * 1000)))" \
		"kubepods has the node's weight"
	is "$(cat $CG/kubepods.slice/kubepods-besteffort.slice/cpu.weight)" 1 "besteffort has weight 1"
	is "$(cat $CG/kubepods.slice/kubepods-burstable.slice/cpu.weight)" 4 \
		"burstable has the weight of 100m"
	is "$(cat "$(pod_path online)/cpu.weight")" 20 "the Guaranteed pod has the weight of 500m"
	is "$(cat "$(pod_path online)/cpu.max")" "50000 100000" "and its quota"
	is "$(cat "$(pod_path online)/memory.max")" 67108864 "and its memory limit"
	is "$(cat "$(pod_path batch)/cpu.weight")" 1 "the BestEffort pod has weight 1"
	is "$(cat "$(pod_path web)/memory.max")" max "the Burstable pod has no memory limit"
	is "$(cat "/proc/$(pod_pid batch)/oom_score_adj")" 1000 "BestEffort dies first"
	is "$(cat "/proc/$(pod_pid online)/oom_score_adj")" -997 "Guaranteed dies last"
	is "$(cat "$(pod_ctr_path batch)/container/memory.oom.group")" 1 \
		"an OOM takes the whole container (crun sets it on its sub-cgroup)"
	# crun is done before the process has become what it starts.
	ok "the container's process is the guest's sleep" wait_for 20 runs_sleep batch
}

facts()
{
	local file=pods.json
	POD_NS=kube-system POD_STATIC=1 POD_PRIORITYCLASS=system-node-critical \
		pod_create kube-proxy BestEffort
	like "$(pod_uid kube-proxy)" '^[0-9a-f]{32}$' "a static pod's UID is a hash without dashes"
	pods_json "$file"
	is "$(jq -r '.kind + " " + (.items | length | tostring)' $file)" "PodList 4" "pods_json lists all pods"
	is "$(jq -r '.items[] | select(.metadata.name == "online") | .status.qosClass + " "
		+ .spec.containers[0].resources.limits.cpu + " " + .metadata.uid' $file)" \
		"Guaranteed 500m $(pod_uid online)" "with class, limits and UID"
	is "$(jq -r '.items[] | select(.metadata.name == "web") | .metadata.ownerReferences[0].kind
		+ " " + .metadata.labels.app + " " + .status.containerStatuses[0].containerID' $file)" \
		"ReplicaSet web containerd://$(pod_id web)" "with owner, label and container ID"
	is "$(jq -r '.items[] | select(.metadata.name == "kube-proxy") | .spec.priorityClassName + " "
		+ .metadata.annotations["kubernetes.io/config.source"]' $file)" \
		"system-node-critical file" "with priority class, and that the pod is static"
}

other_names()
{
	POD_STYLE=crio pod_create crio Burstable 50 1048576
	ok "a CRI-O name" test -d "$(pod_path crio)/crio-$(pod_id crio).scope"
	POD_STYLE=docker pod_create docker BestEffort
	ok "a docker name" test -d "$(pod_path docker)/docker-$(pod_id docker).scope"
	ok "a command of ours runs and writes where we can read it" \
		pod_create writer BestEffort 0 0 sh -c 'echo "$POD" >/share/said; sleep 100'
	ok "its output is there" wait_for 20 grep -qx writer "$PODS_SHARE/said"
}

containerd_pod()
{
	ok "containerd makes a pod" pod_create_ctr real Burstable 250 16777216
	ok "in the kubelet's place" test -d "$(pod_path real)/cri-containerd-$(pod_id real).scope"
	ok "with the process in it" wait_for 20 runs_sleep real
	path=$(pod_path real)
	ok "and takes it away" pod_delete real
	nok "its slice is gone" test -d "$path"
}

cgroupfs_driver()
{
	ok "a cgroupfs Burstable pod" pod_create_cgroupfs cb Burstable 100 1048576
	ok "a cgroupfs Guaranteed pod" pod_create_cgroupfs cg Guaranteed 500 67108864
	is "$(pod_ctr_path cb)" "$CG/kubepods/burstable/pod$(pod_uid cb)/$(pod_id cb)" \
		"a burstable container's path is the cgroupfs driver's"
	is "$(pod_ctr_path cg)" "$CG/kubepods/pod$(pod_uid cg)/$(pod_id cg)" \
		"a guaranteed pod sits under kubepods"
	ok "the process is there" test -n "$(pod_pid cb)"
	is "$(cat "$(pod_path cb)/cpu.weight") $(cat "$CG/kubepods/burstable/cpu.weight")" "4 4" \
		"weights are the kubelet's"
	is "$(cat "$(pod_path cg)/cpu.max")" "50000 100000" "and the quota"
}

systemd_driver
kubelet_values
facts
other_names
# Where 11-churn runs, too, there is one in it.
[ "$VM_KERNEL" = 6.12 ] || containerd_pod
cgroupfs_driver
ok "cleanup" pods_cleanup
ok "kubepods.slice is gone" wait_for 20 test ! -d $CG/kubepods.slice
ok "kubepods is gone" wait_for 20 test ! -d $CG/kubepods
done_testing
