#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 900s
# profile: icount
# title: what the agent itself costs at rest, by the number of pods: reads, system calls, instructions and memory; at most 8 reads a pod and pass
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

CLASS=$CG/kubepods/burstable
# 4 ns each in this profile: a microsecond of CPU time is so many instructions.
INSTRUCTIONS_US=250
SECONDS_SEEN=60

# As a kubelet with the cgroupfs driver makes them, each with one container that rests. What is not known of them is derived.
pods_to()
{
	local i dir
	for i in $(seq 1 "$1"); do
		dir=$CLASS/pod$(printf '%08x-0000-4000-8000-%012x' "$i" "$i")/$(printf '%064x' "$i")
		[ ! -d "$dir" ] || continue
		mkdir -p "$dir"
		sleep infinity &
		echo $! >"$dir/cgroup.procs"
	done
}

main_pid() { systemctl show -p MainPID --value colod; }
status() { coloctl status --json | jq -r "$1"; }
cpu_us() { awk '/^usage_usec/ { print $2 }' "$CG/system.slice/colod.service/cpu.stat"; }
rss_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$(main_pid)/status"; }
sees() { [ "$(status .pods)" -ge "$1" ]; }

# Of the loop's thread alone, and maybe with a part of a pass that was not over when passes were counted.
calls()
{
	local before
	before=$(status .passes)
	timeout 20 strace -c -o calls -p "$(main_pid)" 2>/dev/null
	passes=$(($(status .passes) - before))
	all=$(awk '$NF == "total" { print $4 }' calls)
	reads=$(awk '$NF == "pread64" { print $4 }' calls)
}

measure()
{
	local n=$1 cpu before us
	pods_to "$n"
	ok "$n pods are seen" wait_for 60 sees "$n"
	# What is done once for a pod, is done.
	sleep 40
	cpu=$(cpu_us) before=$(status .passes)
	sleep $SECONDS_SEEN
	us=$((($(cpu_us) - cpu) / ($(status .passes) - before)))
	calls
	note "cost: pods=$n us_a_pass=$us instructions_a_pass=$((us * INSTRUCTIONS_US)) calls_a_pass=$((all / passes)) reads_a_pass=$((reads / passes)) rss_kib=$(rss_kib)"
	# With what a rescan reads, each 30 s.
	ok "at most 8 reads a pod and pass ($reads in $passes passes)" [ "$reads" -le $(((n * 8 + 20) * (passes + 1))) ]
	ok "memory stays small ($(rss_kib) KiB)" [ "$(rss_kib)" -lt 65536 ]
}

mkdir -p "$CLASS"
echo "+cpu +memory +io +pids" >"$CG/cgroup.subtree_control"
echo "+cpu +memory +io +pids" >"$CG/kubepods/cgroup.subtree_control"
echo "+cpu +memory +io +pids" >"$CLASS/cgroup.subtree_control"
colod_policy squeeze cgroup
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
for n in 10 100 200; do measure $n; done
colod_clean
for procs in "$CLASS"/*/*/cgroup.procs; do
	# shellcheck disable=SC2046
	kill $(cat "$procs")
done
wait
find "$CG/kubepods" -depth -type d -exec rmdir {} +
done_testing
