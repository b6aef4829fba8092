#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 400s
# long-budget: 800s
# profile: small
# title: offline pods that take the last of the memory stand still for seconds, as long as their probes allow; who may not is not frozen, and no end of the agent leaves one frozen
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
LOG=/run/freeze.log

why() { coloctl why "default/$1"; }
is_frozen() { grep -qx 'frozen 1' "$(pod_path "$1")/cgroup.events"; }
runs() { grep -qx 'frozen 0' "$(pod_path "$1")/cgroup.events"; }
oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }

# Takes so many MiB ten times a second; with /share/stop it gives all of it back.
growing_pod()
{
	pod_create "$1" "$2" "$4" "$5" python3 -c "
import time, os
kept = []
while True:
    if os.path.exists('/share/stop'):
        kept.clear()
    else:
        kept.append(b'x' * ($3 << 20))
    time.sleep(0.1)"
}

# What a kubelet would say: one pod is probed often (silent for 9 s at most), one shares the node's IPC.
facts()
{
	colod_facts
	jq --arg ends "${1:-}" '.items |= map(
		if .metadata.name == "probed" then .spec.containers[0].livenessProbe =
			{exec: {command: ["true"]}, periodSeconds: 4, failureThreshold: 3, timeoutSeconds: 1}
		elif .metadata.name == "ipc" then .spec.hostIPC = true
		elif .metadata.name == $ends then .metadata.deletionTimestamp = "2026-01-01T00:00:00Z"
		else . end)' /run/pods.json >/run/pods.new && mv /run/pods.new /run/pods.json
}

# Each moment at which some pod stands still: "TIME NAME".
watch_frozen()
{
	local name dirs=()
	for name in hog probed ipc web; do
		dirs+=("$name=$(pod_path $name)/cgroup.events")
	done
	: >$LOG
	python3 - "${dirs[@]}" >$LOG <<-'PYTHON' &
		import sys, time
		files = [(n, open(p)) for n, p in (a.split("=", 1) for a in sys.argv[1:])]
		while True:
		    for name, f in files:
		        f.seek(0)
		        if "frozen 1" in f.read():
		            print(time.monotonic(), name, flush=True)
		    time.sleep(0.05)
	PYTHON
	watcher=$!
}

# In tenths of a second, without what the machine stood still itself: then nobody looks either.
stood() { awk -v n="$1" '$2 == n { if (last) s += $1 - last < 0.3 ? $1 - last : 0.3; last = $1 } END { printf "%d\n", s * 10 }' $LOG; }

# The storm begins; it ends for those that run as soon as the hog stands still.
storm()
{
	rm -f "$PODS_SHARE/stop"
	ok "$1: the hog is frozen" wait_for 90 is_frozen hog
	touch "$PODS_SHARE/stop"
}

# begin MODE: nobody takes anything, the agent is a new one.
begin()
{
	touch "$PODS_SHARE/stop"
	facts
	colod_policy "$1" file:///run/pods.json "pressure: [{when: memory.some of online > 10% over 1s, do: [reclaim, freeze]}]" \
		"levels: {P7: {role: offline, memory: {high: none}}}"
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	colod_next_pass
}

# Everything is given back, and it is no longer known that an agent died: the next one may freeze at once.
fresh()
{
	colod_stop
	wait_for 60 colod_restored
	rm -f /run/colod/lease
}

bounded()
{
	begin full
	like "$(why hog)" 'freeze .*it may be frozen for up to 5 s' "why says for how long it may be"
	like "$(why ipc)" 'not frozen: it shares memory and locks with the node' "and why another may not"
	watch_frozen
	storm bounds
	ok "the pod's own line says why" wait_for 20 says 'cgroup.freeze 0 → 1: it grew by [0-9.]+ MiB a second'
	ok "so does the rung's" wait_for 20 says 'memory: [a-z]+ → freeze: the room of [0-9.]+ MiB falls by'
	ok "it runs again" wait_for 30 runs hog
	wait_for 20 runs probed
	sleep 1
	kill $watcher
	wait $watcher 2>/dev/null
	note "stood still, in tenths of a second: hog $(stood hog), probed $(stood probed), ipc $(stood ipc), web $(stood web)"
	ok "the hog for at most 5 s ($(stood hog) tenths)" [ "$(stood hog)" -le 53 ]
	ok "the one that is probed too, and for 2 s at most ($(stood probed) tenths)" [ "$(stood probed)" -le 23 ]
	ok "it was" grep -q probed $LOG
	nok "the one with the node's IPC was not" grep -q ipc $LOG
	nok "nor the online one" grep -q web $LOG
	like "$(why hog)" 'it stood still for [0-9.]+ (s|ms)' "why says how long it was"
	like "$(why hog)" 'of that frozen 1 time' "and it is counted"
	is "$(oom_kills)" "$kills" "the kernel killed nobody"
}

stopped()
{
	begin full
	storm stop
	colod_stop
	ok "a stop thaws it" runs hog
}

killed()
{
	begin full
	storm kill
	systemctl kill -s KILL --kill-whom=main colod
	ok "the freeze of a killed agent ends" wait_for 4 runs hog
	ok "the next one is there" wait_for 30 coloctl status
	colod_next_pass
	like "$(why hog)" 'not frozen: an earlier colod died' "and freezes nobody yet"
	fresh
}

# The watchdog ends it after 5 s; the pod may have run again by itself before only if the agent had gone on.
hung()
{
	begin full
	storm hang
	systemctl kill -s STOP --kill-whom=main colod
	ok "the freeze of an agent that hangs ends" wait_for 30 runs hog
	ok "because systemd ended it" wait_for 20 says 'atchdog' || journalctl -u colod -o cat | tail -5
	fresh
}

ending()
{
	begin full
	storm "an end"
	facts hog
	ok "who is to be deleted runs at once" wait_for 2 runs hog
	like "$(why hog)" 'not frozen: it ends' "why says so"
	colod_stop
}

lowered()
{
	begin full
	storm "a lower mode"
	ok "mode squeeze" coloctl mode squeeze
	ok "what the mode does not allow ends" wait_for 2 runs hog
	fresh
	begin squeeze
	rm -f "$PODS_SHARE/stop"
	ok "there it is only said" wait_for 60 says 'cgroup.freeze 0 → 1 \(not done'
	touch "$PODS_SHARE/stop"
	nok "and nobody stands still" is_frozen hog
	colod_stop
}

touch "$PODS_SHARE/stop" 2>/dev/null || { pods_rootfs; touch "$PODS_SHARE/stop"; }
growing_pod web Burstable 1 100 $((64 * MIB))
for name in hog probed ipc; do
	growing_pod $name BestEffort 3 0 0
done
allow_core colod 6
kills=$(oom_kills)
bounded
fresh
killed
hung
if [ -n "${LONG:-}" ]; then
	stopped
	ending
	lowered
fi
for name in hog probed ipc web; do
	ok "$name runs" runs $name
done
rm -f $LOG
colod_clean
pods_cleanup
done_testing
