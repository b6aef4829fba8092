#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 300s
# profile: small
# title: before the node is out of memory one offline pod is killed, in mode full alone, and before the kernel chooses; nobody else is
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq -r ".$1"; }
events() { awk -v k="$2" '$1 == k { print $2 }' "$(pod_path "$1")/memory.events"; }

# So much that stays, and is said to be there.
resting_pod()
{
	local name=$1 qos=$2 mib=$3
	pod_create "$name" "$qos" "$4" "$5" python3 -c "
kept = b'x' * ($mib << 20)
open('/share/$name', 'w').close()
import time
while True:
    time.sleep(1)"
	wait_for 90 test -e "$PODS_SHARE/$name"
}

policy()
{
	colod_policy "$1" file:///run/pods.json "pressure: [{when: memory.empty of node in 3s, do: [kill]}]" \
		"levels: {P7: {role: offline, memory: {high: none}}}"
}

available_kib() { local k n _; while read -r k n _; do [ "$k" != MemAvailable: ] || echo "$n"; done </proc/meminfo; }

# In a lower mode it is only said. The hog stops in time: what the kernel would do is not the question here. Nothing that
# takes its time when memory is short is asked meanwhile.
would()
{
	local follower line
	line=$(status '.room.line_bytes / 1024 | floor')
	journalctl -q -f -n all -u colod -o cat --since "@$since" >said &
	follower=$!
	while [ "$(available_kib)" -gt $((line - 20480)) ] && ! [[ $(<said) == *'cgroup.kill (not done'* ]]; do
		sleep 0.1
	done
	rm "$PODS_SHARE/go-hog"
	kill $follower
	wait $follower 2>/dev/null
	ok "in mode squeeze it is said who it would have been" wait_for 20 says 'cgroup.kill \(not done: the mode does not allow it\): the room of'
	is "$(status kills)" 0 "and nobody was killed"
	is "$(pids web)$(pids calm)$(pids hog)" "$web$calm$(pids hog)" "everybody is there"
}

pod_create web Burstable 500 $((64 * MIB))
resting_pod calm BestEffort 60 0 0
growing_pod hog 4
touch "$PODS_SHARE/go-hog"
colod_facts
web=$(pids web) calm=$(pids calm) kills=$(oom_kills)
policy squeeze
since=$(date +%s.%6N)
ok "start" colod_start
would
policy full
ok "mode full" colod_reload
colod_next_pass
hog=$(pids hog)
touch "$PODS_SHARE/go-hog"
ok "the hog is dead before the node is out of memory" wait_for 90 dead hog
note "$(journalctl -u colod -o cat | grep cgroup.kill | tail -n 2 | head -c 600)"
ok "it is in the journal, with what came back" wait_for 20 says 'cgroup.kill dead: [0-9]+ process(es)?, [0-9.]+ MiB back in [0-9]+ ms'
is "$(status kills)" 1 "one kill"
nok "its memory was freed at once, not as it exited" says "process_mrelease"
is "$(oom_kills)" "$kills" "the kernel killed nobody"
is "$(pids web)" "$web" "the online pod lost no process"
is "$(pids calm)" "$calm" "nor did the offline pod that did not grow"
is "$(events web oom_kill) $(events calm oom_kill)" "0 0" "as the kernel counts"
colod_next_pass
is "$(status kills)" 1 "and it stays at one"
colod_clean
pods_cleanup
done_testing
