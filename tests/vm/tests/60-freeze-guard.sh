#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 400s
# profile: small
# core: no
# title: without systemd a guard thaws who stands still when the agent is killed or hangs; who may not be frozen never was
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
LOG=/run/freeze.log
OUT=/run/freeze-guard.log

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

# One pod shares the node's IPC.
facts()
{
	colod_facts
	jq '.items |= map(if .metadata.name == "ipc" then .spec.hostIPC = true else . end)' /run/pods.json >/run/pods.new &&
		mv /run/pods.new /run/pods.json
}

# Each moment at which some pod stands still: "TIME NAME".
watch_frozen()
{
	local name dirs=()
	for name in hog ipc web; do
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

# By hand: no watchdog, no ExecStopPost=, nobody who starts it again. The last one's lease is gone with its death.
by_hand()
{
	touch "$PODS_SHARE/stop"
	rm -f /run/colod/lease
	: >$OUT
	colod --with-guard 2>>$OUT &
	hand=$!
	ok "$1: status answers" wait_for 30 coloctl status
	colod_next_pass
	like "$(coloctl doctor)" 'present +hold-guard' "$1: a guard is there"
	like "$(why hog)" 'freeze .*it may be frozen for up to 10 s' "$1: so it may be for twice as long"
	rm -f "$PODS_SHARE/stop"
	ok "$1: the hog is frozen" wait_for 90 is_frozen hog
	kill -STOP $hand
	touch "$PODS_SHARE/stop"
	ok "$1: it stands still when the agent can do nothing any more" is_frozen hog
}

# thawed NAME BOUND_S
thawed()
{
	local since=$SECONDS
	ok "$1: the guard thaws it" wait_for "$2" runs hog
	note "$1: after at most $((SECONDS - since + 1)) s"
	ok "$1: and says so" wait_for 20 grep -q 'its holds have ended' $OUT
	kill -KILL $hand 2>/dev/null
	wait $hand 2>/dev/null
	ok "$1: it is no longer there" wait_for 20 sh -c "! pgrep -f '^colod guard'"
}

pods_rootfs
touch "$PODS_SHARE/stop"
growing_pod web Burstable 1 100 $((64 * MIB))
for name in hog ipc; do
	growing_pod $name BestEffort 3 0 0
done
allow_core colod 6
kills=$(oom_kills)
facts
colod_policy full file:///run/pods.json "pressure: [{when: memory.some of online > 10% over 1s, do: [reclaim, freeze]}]" \
	"levels: {P7: {role: offline, memory: {high: none}}}"
watch_frozen
by_hand killed
kill -KILL $hand
thawed killed 20
by_hand hung
thawed hung 30
kill $watcher
wait $watcher 2>/dev/null
ok "the hog was frozen" grep -q hog $LOG
nok "the one with the node's IPC never was" grep -q ipc $LOG
nok "nor the online one" grep -q web $LOG
is "$(oom_kills)" "$kills" "the kernel killed nobody"
for name in hog ipc web; do
	ok "$name runs" runs $name
done
ok "colod restore gives the shares back" colod restore
rm -f $LOG $OUT
colod_clean
pods_cleanup
done_testing
