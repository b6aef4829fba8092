#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# title: the recorder copies what an agent reads, as it is in the kernel, and no process id
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"

pod_create web Burstable 100 33554432
path=$(pod_ctr_path web)
ok "it records" "$VM/guest/record-tree.sh" "$RESULTS/tree.tar.gz"
mkdir tree
ok "the archive unpacks" tar -C tree -xzf "$RESULTS/tree.tar.gz"
is "$(cd tree/sys/fs/cgroup && find kubepods.slice -type d | sort)" \
	"$(cd /sys/fs/cgroup && find kubepods.slice -type d | sort)" "every pod cgroup is in it"
is "$(cat "tree$(pod_path web)/cpu.weight")" "$(cat "$(pod_path web)/cpu.weight")" "with its weight"
like "$(cat "tree$path/memory.stat")" '^anon [0-9]+' "with memory.stat whole"
is "$(wc -l <"tree$path/memory.stat")" "$(wc -l <"$path/memory.stat")" "to the last line"
is "$(cat tree/proc/sys/kernel/osrelease)" "$(uname -r)" "the kernel's release"
like "$(cat tree/proc/pressure/memory)" '^some avg10' "the node's pressure"
like "$(cat tree/proc/self/mountinfo)" ' /sys/fs/cgroup ' "the mounts"
is "$(cat tree/sys/devices/system/cpu/online)" "$(cat /sys/devices/system/cpu/online)" "the CPUs"
ok "a cgroup.procs is there" test -f "tree$path/cgroup.procs"
is "$(find tree -name cgroup.procs -size +0)" "" "and all of them are empty"
ok "a block device" test -d tree/sys/block/vda
pods_cleanup
done_testing
