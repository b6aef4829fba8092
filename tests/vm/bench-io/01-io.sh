#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 14400s
# profile: bench
# title: an online reader, or fsync writer, beside offline work on one disk of known speed
#
# The guest's part of `make bench-io` (bench_io.py is the host's). BENCH_CASES are SCHEDULER:ONLINE:OFFLINE:
#
#   none, mq-deadline, bfq; iocost (with none, told what the disk does)
#   read     4 KiB anywhere, past the page cache, 50 a second          fsync    4 KiB and fsync, 20 a second
#   read     8 jobs of 64 KiB anywhere, past the cache                 direct   4 of 256 KiB, written past the cache
#   buffered 2 of 256 KiB through the cache, files that grow           files    2 that make and remove files of 4 KiB
#
# The disk does 20 MiB/s and answers after 0.1 ms (null_blk: by the guest's time), with one ext4. Arms, in another order each round:
# alone, unmanaged, weights (colod in mode protect), colod (squeeze), again (once more: what two equal arms differ by), someN (as
# colod, where its rule has N % instead of 10: online work may wait longer, and offline work gets more).
: "${BENCH_SECONDS:=10}" "${BENCH_WARMUP:=12}" "${BENCH_MODE:=squeeze}"
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/disks.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=none:read:read none:fsync:buffered bfq:read:read iocost:read:read none:read:buffered none:fsync:direct bfq:fsync:buffered iocost:fsync:buffered mq-deadline:read:read mq-deadline:fsync:buffered none:read:direct none:read:files none:fsync:read none:fsync:files}"
: "${BENCH_ARMS:=alone unmanaged weights colod again some40}"
read -ra arms <<<"$BENCH_ARMS"
MBPS=20
BYTES=$((MBPS * 1048576))
MNT=/run/bench-io
SCENE=$CG/benchio.slice
WEB=$SCENE/benchio-web.service
HOG=$SCENE/benchio-hog.service

# Units, so that systemd writes what it is told of weights for BFQ too.
unit()
{
	systemd-run -q --unit="benchio-$1" --slice=benchio.slice -p Delegate=yes -p IOAccounting=yes -p MemoryAccounting=yes sleep infinity &&
		wait_for 10 test -e "$SCENE/benchio-$1.service/io.max"
}

# Of a disk of 20 MiB/s, what 1.5 GiB of memory would let wait in the cache is a quarter of a minute.
dirty_limits()
{
	local was="$(cat /proc/sys/vm/dirty_background_ratio) $(cat /proc/sys/vm/dirty_ratio)"
	echo "${1:-16777216}" >/proc/sys/vm/dirty_background_${3:-bytes} && echo "${2:-67108864}" >/proc/sys/vm/dirty_${3:-bytes} && echo "$was"
}

scene()
{
	null_disks
	was_dirty=$(dirty_limits)
	number=$(null_disk nullb0 384 $MBPS irqmode 2 completion_nsec 100000) || return
	mkfs.ext4 -q /dev/nullb0 && mkdir -p $MNT && mount /dev/nullb0 $MNT && unit web && unit hog &&
		dd if=/dev/zero of=$MNT/data bs=1M count=64 oflag=direct status=none
}

scene_end()
{
	systemctl stop benchio-web benchio-hog benchio.slice
	umount $MNT && rmdir $MNT
	null_disk_gone nullb0
	modprobe -rq bfq mq-deadline
	null_disks_end
	# shellcheck disable=SC2086
	dirty_limits $was_dirty ratio
}

iocost_off() { ! grep -q "^$number .*enable=1" "$CG/io.cost.qos" || echo "$number enable=0" >"$CG/io.cost.qos"; }

scheduler()
{
	local name=$1
	iocost_off
	if [ "$name" = iocost ]; then
		name=none
		echo "$number ctrl=user model=linear rbps=$BYTES rseqiops=$((BYTES / 4096)) rrandiops=$((BYTES / 4096)) wbps=$BYTES wseqiops=$((BYTES / 4096)) wrandiops=$((BYTES / 4096))" >"$CG/io.cost.model" &&
			echo "$number enable=1 ctrl=user rpct=95.00 rlat=50000 wpct=95.00 wlat=50000 min=50.00 max=100.00" >"$CG/io.cost.qos" || return
	else
		modprobe -q "$name"
	fi
	echo "$name" >/sys/block/nullb0/queue/scheduler && grep -q "\[$name\]" /sys/block/nullb0/queue/scheduler
}

# MODE PERCENT
policy()
{
	colod_policy "$1" cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}, io: {weight: 1000}}, P7: {role: offline, memory: {high: none}, io: {weight: 10, squeeze: {floor: 10%}}}}" \
		"assign: [{match: {cgroup: benchio.slice/benchio-web.service}, level: P0}, {match: {cgroup: benchio.slice/benchio-hog.service}, level: P7}]" \
		"pressure: [{when: io.some of online > $2% over 2s, do: [squeeze io]}]"
}

hog_of()
{
	case $1 in
	read) echo "read $MNT/data 64 64 8" ;;
	direct) echo "direct $MNT/hog 256 32 4" ;;
	buffered) echo "buffered $MNT/hog 256 64 2" ;;
	files) echo "files $MNT/hog 4 64 2" ;;
	esac
}

hog_start()
{
	# shellcheck disable=SC2046
	in_cgroup "$HOG" "$TOOLS/io_load" $(hog_of "$1") </dev/null >/dev/null 2>&1 &
}

# All but the unit's own process.
hog_jobs() { grep -vx "$(unit_pid benchio-hog)" "$HOG/cgroup.procs"; }

hog_end()
{
	local pid
	for pid in $(hog_jobs); do kill "$pid" 2>/dev/null; done
	wait_for 60 sh -c "[ \$(wc -l <$HOG/cgroup.procs) -le 1 ]" && rm -f $MNT/hog* && sync
}

web()
{
	local period=20000 path=$MNT/data
	[ "$1" = read ] || period=50000 path=$MNT/web
	in_cgroup "$WEB" "$TOOLS/open_loop" "$1" "$path" $period "$2"
}

bytes_of() { echo $(($(io_of "$1" "$number" rbytes) + $(io_of "$1" "$number" wbytes))); }

arm_end() { colod_clean && hog_end; }

arm_begin()
{
	arm_end || return
	case $1 in
	weights) policy protect 10 ;;
	colod | again) policy "$BENCH_MODE" 10 ;;
	some*) policy "$BENCH_MODE" "${1#some}" ;;
	esac
	case $1 in
	weights | colod | again | some*) colod_start && wait_for 20 bench_colod_ready || return ;;
	esac
	[ "$1" = alone ] || hog_start "$OFFLINE"
}

measure_arm()
{
	local w h t0 t1
	web "$ONLINE" "$BENCH_WARMUP" >/dev/null || return
	w=$(bytes_of "$WEB") h=$(bytes_of "$HOG") t0=$(date +%s%N)
	web "$ONLINE" "$BENCH_SECONDS" >out || return
	t1=$(($(date +%s%N) - t0))
	row "$BENCH_CASE" "$2" "$1" "$(as_keys web <out)" \
		"web_kib=$((($(bytes_of "$WEB") - w) * 1000000 / 1024 * 1000 / t1))" "hog_kib=$((($(bytes_of "$HOG") - h) * 1000000 / 1024 * 1000 / t1))"
	note "$BENCH_CASE $2: io.weight $(tr '\n' ' ' <"$HOG/io.weight"), BFQ $(cat "$HOG/io.bfq.weight" 2>/dev/null); io.max $(tr '\n' ';' <"$HOG/io.max")"
}

one_arm() { arm_begin "$2" && measure_arm "$1" "$2"; }

all_rounds()
{
	local n
	for n in $(seq 1 "$BENCH_ROUNDS"); do
		for BENCH_CASE in $BENCH_CASES; do
			IFS=: read -r sched ONLINE OFFLINE <<<"$BENCH_CASE"
			scheduler "$sched" && bench_round "$n" one_arm || diag "$BENCH_CASE: not measured"
		done
	done
}

scene
is $? 0 "a disk and two units"
like "$number" "^[0-9]+:[0-9]+$" "it has a number"
all_rounds
ok "the end" arm_end
iocost_off
scene_end >/dev/null
done_testing
