#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default smt
# core: yes
# title: the guest is what its profile says, with the kernel features that colod is written for
. "$VM/guest/lib.sh"

case $VM_KERNEL in
newest) wanted='^([7-9]|[1-9][0-9])\.' ;;
*) wanted="^${VM_KERNEL//./\\.}\\." ;;
esac
like "$(uname -r)" "$wanted" "the kernel is $VM_KERNEL"
is "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs "cgroup v2 is mounted alone"
like "$(grep ' /sys/fs/cgroup ' /proc/self/mountinfo)" 'memory_recursiveprot' \
	"cgroup2 has memory_recursiveprot"
for controller in cpu memory io pids cpuset; do
	like "$(cat /sys/fs/cgroup/cgroup.controllers)" "\\b$controller\\b" "controller $controller is there"
done
for resource in cpu memory io; do
	like "$(cat /proc/pressure/$resource)" '^some avg10=' "PSI measures $resource"
done
systemd-run --quiet --unit=weighted -p CPUWeight=50 sleep 60
ok "a cgroup with the cpu controller has cpu.idle" test -f /sys/fs/cgroup/system.slice/weighted.service/cpu.idle
systemctl stop weighted
ok "io.cost.qos is there (iocost)" test -f /sys/fs/cgroup/io.cost.qos
ok "a kernel BTF is there" test -s /sys/kernel/btf/vmlinux
if [ "$VM_KERNEL" = newest ]; then
	ok "sched_ext is there" test -d /sys/kernel/sched_ext
else
	nok "sched_ext is not there" test -d /sys/kernel/sched_ext
fi
for module in sch_htb sch_fq_codel sch_ingress cls_matchall act_skbedit sch_netem bfq null_blk; do
	ok "module $module can be loaded" modprobe -n "$module"
done
case $VM_PROFILE in
smt) is "$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)" 0-1 "CPUs 0 and 1 are siblings" ;;
*) is "$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list)" 0 "CPU 0 has no sibling" ;;
esac
swap=$(awk '/^SwapTotal/ { print $2 }' /proc/meminfo)
case $VM_PROFILE in
swap) ok "swap is on" test "$swap" -gt 500000 ;;
*) is "$swap" 0 "there is no swap" ;;
esac
for program in crun ctr redis-server redis-benchmark nginx wrk stress-ng jq strace valgrind tc \
	inotifywait busctl python3 wg /usr/lib/cni/bandwidth; do
	ok "$program is installed" command -v "$program"
done
for unit in redis-server nginx containerd cni-dhcp.socket wg-quick.target; do
	nok "$unit does not run by itself" systemctl is-active -q "$unit"
done
done_testing
