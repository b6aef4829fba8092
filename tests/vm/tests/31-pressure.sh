#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 180s
# long-budget: 800s
# profile: small
# title: memory.high far below what is in use is reached by a worker, what cannot be reclaimed is not slowed down, and a storm takes nothing from the agent
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq ".$1"; }
current() { knob "$(pod_path "$1")" memory.current; }
high() { knob "$(pod_path "$1")" memory.high; }
of_status() { awk -v k="$2:" '$1 == k { print $2 }' "/proc/$1/status"; }
stalled() { awk '/^full/ { sub("total=", "", $5); print $5 }' "$(pod_path "$1")/memory.pressure"; }
faults() { awk '/^pgmajfault/ { print $2 }' $CG/system.slice/colod.service/memory.stat; }

# Page cache of a pod: 150 MiB that were written by it.
cache_pod()
{
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((160 * MIB)) pod_create cache Burstable 100 $((16 * MIB)) \
		sh -c 'dd if=/dev/zero of=/share/blob bs=1M count=150 2>/dev/null; sync; touch /share/written; while :; do sleep 1; done'
	wait_for 90 test -e "$PODS_SHARE/written"
}

# Anonymous memory that nothing can take without swap; it goes on allocating a little.
anon_pod()
{
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((160 * MIB)) pod_create anon Burstable 100 $((16 * MIB)) \
		python3 -c 'import time
kept = b"x" * (80 << 20)
open("/share/there", "w").close()
while True:
    time.sleep(0.02)
    passing = b"y" * (1 << 20)'
	wait_for 90 test -e "$PODS_SHARE/there"
}

is_down() { [ "$(current cache)" -lt $((40 * MIB)) ]; }
has_written() { [ "$(status slow_writes)" -ge 2 ]; }

reached()
{
	note "in use before: cache $(($(current cache) / MIB)) MiB, anon $(($(current anon) / MIB)) MiB; wanted: 32 MiB each"
	ok "lowering the page cache's memory.high arrives at the planned value" wait_for 30 grep -qx $((32 * MIB)) "$(pod_path cache)/memory.high"
	ok "and the use has followed" wait_for 20 is_down
	ok "the writes were a worker's" wait_for 20 has_written
	note "slow writes: $(status slow_writes), cut short: $(status slow_writes_cut), longest: $(status slow_write_longest_us) us"
	ok "as the kernel counts them" [ "$(worker_wrote)" -ge 16 ]
}

# Bytes that the slow worker has written.
worker_wrote()
{
	local task
	for task in /proc/"$(unit_pid colod)"/task/*; do
		if grep -qx colod-slow "$task/comm"; then awk '/^wchar/ { print $2 }' "$task/io"; fi
	done
}

is_near() { local now; now=$(high anon); [ "$now" -gt $((72 * MIB)) ] && [ "$now" -lt $((100 * MIB)) ]; }

kept()
{
	local before after
	ok "what cannot be reclaimed is said" wait_for 20 says 'could not reclaim it down to'
	ok "the anonymous pod keeps what it has" [ "$(current anon)" -gt $((76 * MIB)) ]
	# For the moment of a try it is lower.
	ok "its memory.high is not far below that, nor does it allow more growth" wait_for 20 is_near
	sleep 2 # the longest delay that the kernel may still owe it for the try
	before=$(stalled anon)
	sleep 9
	after=$(stalled anon)
	note "the anonymous pod stood still for $(((after - before) / 1000)) ms of 9 s"
	ok "it is not slowed down in vain" [ $((after - before)) -lt 3000000 ] # tries of its rest may fall into it
}

# What a memory.high that is simply written does: the writer waits, and the pod crawls.
bare()
{
	local before after began ended
	began=$(date +%s%N)
	echo $((32 * MIB)) >"$(pod_path anon)/memory.high"
	ended=$(date +%s%N)
	before=$(stalled anon)
	sleep 3
	after=$(stalled anon)
	note "bare write: the writer waited $(((ended - began) / 1000000)) ms; the pod then stood still for $(((after - before) / 1000)) ms of 3 s"
}

locked()
{
	local pid
	pid=$(unit_pid colod)
	note "at $SECONDS s: pods are there"
	ok "the agent's memory is locked, under its own unit" [ "$(of_status "$pid" VmLck)" -gt 1000 ]
	note "VmRSS $(of_status "$pid" VmRSS) kB, VmLck $(of_status "$pid" VmLck) kB, VmSize $(of_status "$pid" VmSize) kB"
	is "$(coloctl doctor --json | jq -r '.. | objects | select(.name? == "memory-lock") | .state')" present "doctor says so"
	is "$(find "/proc/$pid/task" -name comm -exec cat {} + | grep -cxE 'colod-(urgent|slow|reclaim|tasks|kill)')" 6 "six workers are there: urgent, slow, reclaim, tasks, and two that kill"
}

# A stand-in for the kubelet: 40 MiB of files that it has read, and will read again.
kubelet()
{
	head -c $((40 * MIB)) /dev/zero >/var/kubelet.blob
	sync
	echo 3 >/proc/sys/vm/drop_caches
	systemd-run -q --unit=kubelet sh -c 'cat /var/kubelet.blob >/dev/null; touch /run/kubelet.read; sleep infinity'
	wait_for 30 test -e /run/kubelet.read
}

kubelet_stop()
{
	systemctl stop kubelet
	rm -f /var/kubelet.blob /run/kubelet.read
}

kubelet_cache() { awk '/^file / { print $2 }' $CG/system.slice/kubelet.service/memory.stat; }

covers() { [ "$(knob $CG/system.slice "$1")" -ge "$(knob "$CG/system.slice/$2" "$1")" ]; }

protected()
{
	ok "the kubelet is protected" wait_for 20 grep -qvx 0 $CG/system.slice/kubelet.service/memory.low
	ok "and the slice above it covers that" wait_for 20 covers memory.low kubelet.service
	is "$(knob $CG/system.slice/colod.service memory.min)" $((32 * MIB)) "the agent's own memory.min"
	ok "is covered too" wait_for 20 covers memory.min colod.service
	ok "with the reason in the journal" wait_for 20 says 'kubelet.service memory.low .*cannot work without it'
}

undone()
{
	systemctl stop colod
	is "$(high cache) $(high anon)" "max max" "a stop gives both back"
	is "$(knob $CG/system.slice memory.low) $(knob $CG/system.slice memory.min) $(knob $CG/system.slice/kubelet.service memory.low)" \
		"0 0 0" "and the protection"
}

# The page cache of somebody who reads the whole disk. Protected, the kubelet keeps more. (Of memory that
# cannot be reclaimed nothing can be taken, and memory.low is given up before the kernel kills: see storm.)
# The multi-generational LRU, which this kernel has, minds memory.low in its first round only: there it is
# measured and not promised.
#   flood MODE [old]: what is left, into $left; old: without that LRU
flood()
{
	local lru=/sys/kernel/mm/lru_gen/enabled was
	was=$(cat $lru 2>/dev/null)
	[ "${2:-}" != old ] || [ -z "$was" ] || echo 0 >$lru
	colod_policy "$1" file:///run/pods.json
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	kubelet
	[ "$1" = observe ] || wait_for 20 grep -qvx 0 $CG/system.slice/kubelet.service/memory.low
	systemd-run -q --wait --unit=flood sh -c 'cat /dev/vda >/dev/null'
	left=$(kubelet_cache)
	[ -z "$was" ] || echo "$was" >$lru
	note "$1 ${2:-}: of the kubelet's 40 MiB of files $((left / MIB)) MiB are left"
	colod_stop
	kubelet_stop
}

# A hog that no rule names, until the kernel kills it. The agent must go on, and wait for none of its own pages.
#   storm MODE locked|open
storm()
{
	local pid before after passes
	colod_policy "$1" file:///run/pods.json
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	kubelet
	pid=$(unit_pid colod)
	colod_next_pass
	before=$(faults)
	passes=$(status passes)
	awk '/^oom_kill / { print $2 }' /proc/vmstat >/run/kills
	systemd-run -q --unit=hog stress-ng --vm 2 --vm-bytes 1000M --vm-keep --oomable --timeout 150 -q
	wait_for 120 sh -c '[ "$(awk "/^oom_kill / { print \$2 }" /proc/vmstat)" -gt "$(cat /run/kills)" ]'
	note "$1, $2: kernel kills: $(awk '/^oom_kill / { print $2 }' /proc/vmstat); of the kubelet's 40 MiB of files $(($(kubelet_cache) / MIB)) MiB are left"
	after=$(faults)
	is "$(unit_pid colod)" "$pid" "the agent lived through the storm"
	is "$(systemctl show -p NRestarts --value colod)" 0 "without a restart"
	wait_for 30 coloctl status
	note "$1, $2: passes: $(($(status passes) - passes)); major faults of the agent: $((after - before)); slow writes: $(status slow_writes), cut: $(status slow_writes_cut), longest $(status slow_write_longest_us) us"
	[ "$2" != locked ] || is $((after - before)) 0 "and waited for none of its own pages"
	systemctl stop hog
	systemctl reset-failed hog 2>/dev/null
	colod_stop
	kubelet_stop
	rm -f /run/kills
}

began=$SECONDS
kubelet
cache_pod
anon_pod
colod_facts
colod_policy observe file:///run/pods.json 'levels:' '  P7: {role: offline, memory: {high: 20% of limit}}'
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
locked
sed -i 's/^mode: .*/mode: squeeze/' "$COLOD_DROPIN"
colod_reload
reached
protected
kept
undone
note "all of it took $((SECONDS - began)) s"
if [ -n "${LONG:-}" ]; then
	bare
	for pod in cache anon; do pod_delete $pod; done
	colod_clean
	kubelet_stop
	flood observe
	flood squeeze
	flood observe old
	bare=$left
	ok "without protection the kubelet loses its files" [ "$bare" -lt $((20 * MIB)) ]
	flood squeeze old
	ok "protected, it keeps more" [ "$left" -gt "$bare" ]
	storm squeeze locked
	mkdir -p /run/systemd/system/colod.service.d
	printf '[Service]\nExecStart=\nExecStart=/usr/sbin/colod --without memory-lock\n' >/run/systemd/system/colod.service.d/unlocked.conf
	systemctl daemon-reload
	storm observe open
	rm -r /run/systemd/system/colod.service.d
	systemctl daemon-reload
fi
colod_clean
kubelet_stop 2>/dev/null
rm -f "$PODS_SHARE"/*
pods_cleanup
done_testing
