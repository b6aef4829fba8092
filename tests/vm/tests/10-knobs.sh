#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# core: yes
# title: every knob colod writes is in the kernel, for all three classes, and for a class that mixes online and offline
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
BU=$K/kubepods-burstable.slice
MIB=1048576

pods()
{
	ok "a Guaranteed pod" pod_create online Guaranteed 1500 $((64 * MIB))
	ok "a Burstable pod" pod_create web Burstable 2000 $((128 * MIB))
	ok "a BestEffort pod" pod_create hog BestEffort
	ok "a Burstable batch pod" eval 'POD_PRIORITYCLASS=batch-low POD_MEM_LIMIT=$((256 * MIB)) pod_create batch Burstable 1000 $((32 * MIB))'
	ok "a pod that the facts do not know" pod_create stranger Burstable 100 $((16 * MIB))
	colod_facts
	jq 'del(.items[] | select(.metadata.name == "stranger"))' /run/pods.json >/run/pods.new &&
		mv /run/pods.new /run/pods.json
}

shares()
{
	is "$(knob "$(pod_path online)" cpu.weight)" 59 "the Guaranteed pod keeps the kubelet's weight"
	is "$(knob "$(pod_path web)" cpu.weight)" 79 "so does the Burstable one"
	# Online siblings: the Guaranteed pod 59 and the burstable class 122 (3.1 CPUs requested).
	is "$(knob $BE cpu.weight)" $(((59 + $(knob $BU cpu.weight)) / 50)) \
		"the all-offline class has a fiftieth of its online siblings"
	is "$(knob "$(pod_path hog)" cpu.weight)" 1 "the pod in it has no online sibling and keeps its weight"
	is "$(knob "$(pod_path hog)" cpu.idle)" 0 "and is not idle"
	is "$(knob "$(pod_path batch)" cpu.weight)" 1 "the batch pod in the online class yields to its siblings"
	is "$(knob "$(pod_path stranger)" cpu.weight)" 4 "the pod with unknown facts is untouched"
}

memory()
{
	local node
	is "$(knob "$(pod_path online)" memory.min)" $((64 * MIB)) "memory.min is the Guaranteed pod's request"
	is "$(knob "$(pod_path web)" memory.low)" $((128 * MIB)) "memory.low is the Burstable pod's request"
	is "$(knob $BU memory.low)" $((128 * MIB)) "its class covers it"
	is "$(knob $K memory.min)" $((64 * MIB)) "kubepods covers the Guaranteed pod"
	ok "kubepods covers what is low" [ "$(knob $K memory.low)" -ge $((128 * MIB)) ]
	is "$(knob "$(pod_path batch)" memory.low) $(knob "$(pod_path hog)" memory.min)" "0 0" \
		"offline pods are not protected"
	is "$(knob "$(pod_path batch)" memory.high)" $((256 * MIB * 80 / 100 / 4096 * 4096)) \
		"memory.high is 80 % of the batch pod's limit"
	node=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) * 1024))
	is "$(knob "$(pod_path hog)" memory.high)" $((node * 80 / 100 / 4096 * 4096)) \
		"without a limit, 80 % of the node"
	is "$(knob "$(pod_path online)" memory.high) $(knob "$(pod_path web)" memory.high) $(knob "$(pod_path stranger)" memory.high)" \
		"max max max" "no online pod and no unknown one is limited"
}

io()
{
	is "$(knob "$(pod_path online)" io.weight)" "default 1000" "io.weight of the Guaranteed pod"
	is "$(knob "$(pod_path web)" io.weight)" "default 300" "of the Burstable one"
	is "$(knob $BE io.weight)" "default 10" "of the offline class"
	is "$(knob "$(pod_path batch)" io.weight)" "default 10" "of the batch pod"
	is "$(knob "$(pod_path stranger)" io.weight)" "default 100" "the unknown pod keeps its own"
}

# A BestEffort kube-proxy beside the hog: the class is no longer all offline.
mixed()
{
	ok "a BestEffort kube-proxy" eval 'POD_NS=kube-system POD_OWNER_KIND=DaemonSet pod_create kube-proxy BestEffort'
	colod_facts
	jq 'del(.items[] | select(.metadata.name == "stranger"))' /run/pods.json >/run/pods.new &&
		mv /run/pods.new /run/pods.json
	ok "the offline pod in the mixed class becomes idle" \
		wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.idle"
	is "$(knob "$(pod_path kube-proxy)" cpu.idle)" 0 "the online one does not"
	ok "the class is not lowered" [ "$(knob $BE cpu.weight)" -ge 1 ]
	is "$(knob $BE cpu.idle)" 0 "and not idle itself"
	is "$(knob $BE cpu.max)" "max 100000" "and has no quota"
	ok "kube-proxy goes" pod_delete kube-proxy
	colod_facts
	ok "alone again, the offline pod is not idle any more" \
		wait_for 20 grep -qx 0 "$(pod_path hog)/cpu.idle"
	# The kernel gives the default to one that is no longer idle, and the weight is the next write.
	ok "and has its old weight" wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.weight"
}

explained()
{
	like "$(coloctl pods)" "P7 +offline" "coloctl pods shows the level"
	like "$(coloctl why default/batch)" "batch" "coloctl why names the pod"
	like "$(coloctl why "$(pod_uid stranger)")" "waiting for: priorityClass" "and what the unknown pod waits for"
	is "$(coloctl pods --json | jq -r '.[] | select(.name == "default/hog") | .level')" P7 "also in JSON"
	is "$(journalctl -q -u colod -p warning -o cat --since "@$began" | grep -v '^$')" "" "no warning was logged"
}

began=$(date +%s.%6N)
colod_policy squeeze file:///run/pods.json
pods
ok "the service starts" colod_start
ok "the batch pod is found" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
ok "systemd is told" colod_settled
shares
memory
io
explained
mixed
colod_clean
pods_cleanup
done_testing
