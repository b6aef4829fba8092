#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 900s
# profile: smt
# title: trees of the systemd driver, with the names of three runtimes
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/cases.sh"

three_classes()
{
	pod pod_create online Guaranteed 1500 $((64 * MIB)) || return
	POD_PAUSE=1 POD_LABELS=app=web pod pod_create web Burstable 2000 $((128 * MIB)) || return
	POD_PRIORITYCLASS=batch-low POD_MEM_LIMIT=$((256 * MIB)) \
		pod pod_create batch Burstable 1000 $((32 * MIB)) || return
	pod pod_create hog BestEffort
}

if [ "$VM_KERNEL" = 6.1 ]; then
	ok "pods on the oldest kernel" three_classes
	recorded oldest-kernel "the three classes on the oldest kernel"
else
	ok "pods with containerd's names" three_classes
	recorded systemd-containerd "the three classes, a batch pod, scopes named as by containerd"
	export POD_STYLE=crio
	ok "pods with CRI-O's names" three_classes
	recorded systemd-crio "the three classes, scopes named as by CRI-O"
	export POD_STYLE=docker
	ok "pods with docker's names" three_classes
	recorded systemd-docker "the three classes, scopes named as by docker"
	unset POD_STYLE
	ok "pods" three_classes
	ok "a BestEffort kube-proxy" eval \
		'POD_NS=kube-system POD_OWNER_KIND=DaemonSet pod pod_create kube-proxy BestEffort'
	ok "a static pod" eval 'POD_NS=kube-system POD_STATIC=1 POD_UID=0123456789abcdef0123456789abcdef pod_create etcd Burstable 200 0'
	recorded system-besteffort "a BestEffort kube-proxy and a static pod beside offline pods" \
		"The class of kube-proxy holds offline pods too: they are made idle among their siblings."
	ok "a pod that containerd itself made" pod pod_create_ctr real Burstable 500 $((16 * MIB))
	ok "and one by crun" pod pod_create hog BestEffort
	recorded containerd-itself "one pod made by containerd's own client"
fi
done_testing
