#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 500s
# profile: numa
# core: no
# title: a NUMA node to which an online pod is bound runs out while the machine has plenty: who takes it is held, and killed; whoever has its memory on the other node, however much, is left alone
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq -r ".$1"; }
high() { knob "$(pod_path "$1")" memory.high; }
current_mib() { echo $(($(knob "$(pod_path "$1")" memory.current) / MIB)); }
events() { awk -v k="$2" '$1 == k { print $2 }' "$(pod_path "$1")/memory.events"; }
free_mib() { awk '$3 == "MemFree:" { print int($4 / 1024) }' /sys/devices/system/node/node"$1"/meminfo; }
machine_mib() { awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo; }
# What of a pod lies on a node, of what is anonymous.
there_mib() { awk -v k="N$2=" '$1 == "anon" { for (i = 2; i <= NF; i++) if (index($i, k) == 1) print int(substr($i, length(k) + 1) / 1048576) }' "$(pod_path "$1")/memory.numa_stat"; }
why() { coloctl why "default/$1" | tr -s ' \n' ' '; }
is_held() { [ "$(high "$1")" != max ]; }
is_bound() { [ "$(coloctl status --json | jq -r .room.bound_pod)" = default/web ]; }
may_grow() { why hog | grep -q 'it may grow by'; }
rung_is() { [ "$(status rung_memory)" = "$1" ]; }

resting_pod()
{
	pod_create "$1" "$2" "$4" "$5" python3 -c "
kept = b'x' * ($3 << 20)
open('/share/$1', 'w').close()
import time
while True:
    time.sleep(1)"
	wait_for 90 test -e "$PODS_SHARE/$1"
}

found()
{
	is "$(cat /sys/devices/system/node/has_memory)" 0-1 "the machine has two memory nodes"
	is "$(knob "$(pod_ctr_path web)" cpuset.mems.effective) $(knob "$(pod_path web)" cpuset.mems.effective)" "0 0-1" "a container of the online pod is bound to one, the pod is not"
	ok "whose room is the tightest" wait_for 30 is_bound
	is "$(status room.numa_nodes)" 0 "that of node 0"
	like "$(coloctl status)" 'on NUMA node 0, to which default/web is bound' "status says so"
	like "$(coloctl doctor | tr -s ' \n' ' ')" 'memory: NUMA node 1 has .* default/web has memory of NUMA node 0 alone' "doctor tells of both nodes"
	note "free: node 0 $(free_mib 0) MiB, node 1 $(free_mib 1) MiB; away has $(there_mib away 0) and $(there_mib away 1) MiB there"
}

# Both grow; one takes what the online pod needs.
held()
{
	touch "$PODS_SHARE/go-hog" "$PODS_SHARE/go-afar"
	ok "who grows on node 0 is held" wait_for 90 is_held hog
	note "free: node 0 $(free_mib 0) MiB, node 1 $(free_mib 1) MiB; available $(machine_mib) MiB; hog $(current_mib hog) MiB, afar $(current_mib afar) MiB"
	ok "why says for which node" wait_for 30 may_grow
	like "$(why hog)" 'the node has room for [0-9.]+ MiB on NUMA node 0' "by its name"
	ok "the ladder says it too" wait_for 20 says 'memory: calm → [a-z]+: the room of [0-9.]+ MiB on NUMA node 0 falls by'
	nok "who grows on node 1 is not" is_held afar
	nok "nor who rests there" is_held away
	ok "the machine has plenty" [ "$(machine_mib)" -gt 300 ]
	sleep 5
	nok "and so it stays" is_held afar
	rm "$PODS_SHARE/go-hog" "$PODS_SHARE/go-afar"
	ok "calm comes back" wait_for 90 rung_is calm
	nok "and nobody is held" is_held hog
	is "$(status kills) $(events hog oom_kill) $(events afar oom_kill)" "0 0 0" "nobody was killed"
}

killed()
{
	local kills
	kills=$(oom_kills)
	colod_policy full file:///run/pods.json "pressure: [{when: memory.empty of node in 3s, do: [kill]}]" \
		"levels: {P7: {role: offline, memory: {high: none}}}"
	ok "mode full, and only a kill" colod_reload
	colod_next_pass
	note "hog $(current_mib hog) MiB, away $(current_mib away) MiB, of which $(there_mib away 0) on node 0"
	touch "$PODS_SHARE/go-hog"
	ok "who takes node 0 is killed" wait_for 90 dead hog
	note "$(journalctl -q -u colod -o cat | grep cgroup.kill | tail -n 2 | head -c 600)"
	ok "for that node" wait_for 20 says 'cgroup.kill dead: .* on NUMA node 0 falls by'
	like "$(why away)" 'it has its memory on other NUMA nodes' "and it is told why it was not the one with more"
	is "$(status kills)" 1 "nobody else is"
	is "$(oom_kills)" "$kills" "nor did the kernel choose anybody"
	is "$(pids web)" "$web" "the online pod lost no process"
	is "$(pids away)" "$away" "nor did the larger offline pod on node 1"
}

POD_MEMS=0 resting_pod web Burstable 64 500 $((64 * MIB))
POD_MEMS=1 resting_pod away BestEffort 280 0 0
POD_MEMS=0 growing_pod hog 3
POD_MEMS=1 growing_pod afar 1
web=$(pids web) away=$(pids away)
colod_facts
colod_policy squeeze file:///run/pods.json "levels: {P7: {role: offline, memory: {high: none}}}" \
	"pressure: [{when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim]}]"
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
found
held
killed
colod_clean
pods_cleanup
done_testing
