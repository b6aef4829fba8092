#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# record-tree.sh DEST.tar.gz: copies from this live guest only what an agent reads, as a tree that
# can stand in for / (colod --root). Process ids are emptied: they mean nothing elsewhere. Put DEST
# under $RESULTS to find it on the host in OUT/KERNEL-PROFILE/results/TEST/.
set -eu

dest=${1:?usage: record-tree.sh DEST.tar.gz}
tree=$(mktemp -d /var/tmp/record.XXXXXX)
trap 'rm -rf "$tree"' EXIT

CGROUP_FILES='cgroup.controllers cgroup.subtree_control cgroup.type cgroup.events cgroup.freeze
	cpu.weight cpu.idle cpu.max cpu.max.burst cpu.stat cpu.pressure
	memory.current memory.min memory.low memory.high memory.max memory.events memory.stat
	memory.pressure memory.swap.max memory.swap.current memory.oom.group
	io.weight io.bfq.weight io.max io.stat io.pressure cpuset.cpus cpuset.cpus.effective
	cpuset.mems.effective pids.current'

MACHINE_FILES='/proc/pressure/* /proc/meminfo /proc/stat /proc/vmstat /proc/zoneinfo /proc/cmdline
	/proc/loadavg /proc/swaps /proc/sys/kernel/osrelease /proc/sys/vm/min_free_kbytes
	/proc/sys/vm/watermark_scale_factor /proc/self/mountinfo
	/sys/devices/system/cpu/online /sys/devices/system/cpu/possible
	/sys/devices/system/cpu/present
	/sys/devices/system/cpu/cpu[0-9]*/topology/*
	/sys/devices/system/cpu/cpu[0-9]*/cache/index*/level
	/sys/devices/system/cpu/cpu[0-9]*/cache/index*/type
	/sys/devices/system/cpu/cpu[0-9]*/cache/index*/size
	/sys/devices/system/cpu/cpu[0-9]*/cache/index*/shared_cpu_list
	/sys/devices/system/node/online /sys/devices/system/node/possible
	/sys/devices/system/node/node[0-9]*/cpulist /sys/devices/system/node/node[0-9]*/meminfo
	/sys/devices/system/node/node[0-9]*/distance
	/sys/kernel/mm/transparent_hugepage/enabled'

BLOCK_FILES='dev size queue/scheduler queue/rotational'

# cp reads until the end of file, so it copies files whose size the kernel reports wrongly. A cgroup
# that goes away meanwhile is normal, and so is a file that refuses to be read.
copy() { xargs -r -d '\n' cp --parents --no-preserve=mode,ownership -t "$tree" 2>/dev/null || true; }

cgroups()
{
	local names=() file
	for file in $CGROUP_FILES; do
		names+=(-o -name "$file")
	done
	find /sys/fs/cgroup -type d -printf "$tree%p\n" | xargs -r -d '\n' mkdir -p
	find /sys/fs/cgroup -type f \( "${names[@]:1}" \) | copy
	find "$tree/sys/fs/cgroup" -type d -printf '%p/cgroup.procs\n' |
		while IFS= read -r file; do : >"$file"; done
}

machine()
{
	local file
	# shellcheck disable=SC2086
	for file in $MACHINE_FILES; do
		[ ! -f "$file" ] || echo "$file"
	done | copy
	for disk in /sys/block/*; do
		mkdir -p "$tree$disk"
		for file in $BLOCK_FILES; do
			if [ -r "$disk/$file" ]; then
				mkdir -p "$(dirname "$tree$disk/$file")"
				cat "$disk/$file" >"$tree$disk/$file" || true
			fi
		done
	done
}

cgroups
machine
# Nothing of the recording machine but what it is: no times, no owners, sorted names.
tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | gzip -9n >"$dest"
