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
	facts
}

facts()
{
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
	facts
	ok "the offline pod in the mixed class becomes idle" \
		wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.idle"
	is "$(knob "$(pod_path kube-proxy)" cpu.idle)" 0 "the online one does not"
	ok "the class is not lowered" [ "$(knob $BE cpu.weight)" -ge 1 ]
	is "$(knob $BE cpu.idle)" 0 "and not idle itself"
	is "$(knob $BE cpu.max)" "max 100000" "and has no quota"
	ok "kube-proxy goes" pod_delete kube-proxy
	facts
	ok "alone again, the offline pod is not idle any more" \
		wait_for 20 grep -qx 0 "$(pod_path hog)/cpu.idle"
	# The kernel gives the default to one that is no longer idle, and the weight is the next write.
	ok "and has its old weight" wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.weight"
}

# What a pod asks for as colod.io/batch-*: the kubelet counts it, and bounds nobody by it.
max_of() { echo "$(knob "$(pod_path "$1")" cpu.max) $(knob "$(pod_path "$1")" memory.max)"; }
above_use() { [ "$(knob "$(pod_path big)" memory.max)" != max ] && [ "$(knob "$(pod_path big)" memory.max)" -ge "$(knob "$(pod_path big)" memory.current)" ]; }
told() { [ "$(systemctl show -p MemoryMax --value "$(basename "$(pod_path lent)")")" = $((64 * MIB)) ]; }

batch()
{
	ok "a pod that asks for batch CPU and memory" eval 'POD_BATCH_CPU=500 POD_BATCH_MEM=$((64 * MIB)) pod_create lent BestEffort'
	ok "one that uses more than it asks for" eval 'POD_BATCH_MEM=$((32 * MIB)) pod_create big BestEffort 0 0 python3 -c "import time; kept = bytearray(96 << 20); time.sleep(1e6)"'
	ok "it does" wait_for 20 sh -c "[ \$(cat '$(pod_path big)/memory.current') -gt $((96 * MIB)) ]"
	facts
	ok "its CPU is bounded to that" wait_for 10 grep -qx "10000 20000" "$(pod_path lent)/cpu.max"
	ok "and its memory" wait_for 10 grep -qx $((64 * MIB)) "$(pod_path lent)/memory.max"
	ok "the other's is bounded, but not below what it uses" wait_for 10 above_use
	is "$(awk '$1 == "oom_kill" { print $2 }' "$(pod_path big)/memory.events")" 0 "it is not killed"
	is "$(max_of hog), $(max_of web)" "max 100000 max, max 100000 max" "nobody else is bounded"
	like "$(coloctl why default/lent)" "it asks for 0.5 CPUs as colod.io/batch-cpu" "coloctl why says what it asks for"
	like "$(coloctl why default/lent)" "it asks for 64 MiB as colod.io/batch-memory" "of both"
	ok "systemd is told" wait_for 20 told
	systemctl daemon-reload
	ok "and keeps it when it reads its units again" wait_for 10 eval '[ "$(max_of lent)" = "10000 20000 $((64 * MIB))" ]'
	colod_stop
	is "$(max_of lent), $(max_of big)" "max 100000 max, max 100000 max" "colod stops, and nobody is bounded"
	nok "systemd has forgotten, too" told
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
batch
colod_clean
pods_cleanup
done_testing
