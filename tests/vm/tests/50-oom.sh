#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 200s
# profile: small
# title: the kernel's OOM killer takes the offline pod as a whole, and not the online one that is larger; without colod it is the other way round
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
FILL=/run/vm-fill

oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }
pids() { find "$(pod_path "$1")" -name cgroup.procs -exec cat {} + | sort -n | tr '\n' ' '; }
score() { cat "/proc/$1/oom_score_adj"; }
# Every score in a pod, each once.
scores() { for p in $(pids "$1"); do score "$p"; done | sort -n | uniq | tr '\n' ' '; }
scores_are() { [ "$(scores "$1")" = "$2" ]; }
dead() { [ -z "$(pids "$1")" ]; }
status() { coloctl status --json | jq -r ".$1"; }

# Of nobody, with a child that set a score itself; and a second container, which nothing but colod lets go with it.
batch_pod()
{
	POD_PRIORITYCLASS=batch-nightly pod_create batch Burstable 100 $((400 * MIB)) \
		setpriv --reuid 65534 --clear-groups python3 -c '
import os, time
if os.fork() == 0:
    open("/proc/self/oom_score_adj", "w").write("555")
    time.sleep(100000)
if os.fork() == 0:
    time.sleep(100000)
kept = b"x" * (80 << 20)
time.sleep(100000)'
	pod_container batch sleep infinity
	wait_for 30 sh -c "[ \$(cat /proc/[0-9]*/oom_score_adj | grep -cx 555) = 1 ]"
}

# Twice as large, and with more of its request unused: what the kubelet gave it is the higher score.
web_pod()
{
	pod_create web Burstable 500 $((300 * MIB)) python3 -c '
import time
kept = b"x" * (160 << 20)
open("/share/web", "w").close()
time.sleep(100000)'
	wait_for 30 test -e "$PODS_SHARE/web"
}

# Memory that belongs to no process, until the kernel kills one.
storm()
{
	local before
	before=$(oom_kills)
	sync
	echo 3 >/proc/sys/vm/drop_caches
	mkdir -p "$FILL"
	mount -t tmpfs -o size=2g fill "$FILL"
	head -c "$(awk '/^MemAvailable/ { print ($2 - 49152) * 1024 }' /proc/meminfo)" /dev/zero >"$FILL/f"
	timeout 60 sh -c "while [ \$(awk '/^oom_kill / { print \$2 }' /proc/vmstat) = $before ]; do
		head -c 4M /dev/zero >>$FILL/f; done"
	umount "$FILL"
	rmdir "$FILL"
	[ "$(oom_kills)" -gt "$before" ]
}

raised()
{
	ok "the batch pod's processes are raised, all but the one that set its own" wait_for 20 scores_are batch "555 1000 "
	is "$(knob "$(pod_path batch)" memory.oom.group)" 1 "and it is to go as a whole"
	is "$(scores web) $(knob "$(pod_path web)" memory.oom.group)" "$web_had 0" "the online pod has what it had"
}

web_pod
batch_pod
colod_facts
web_had=$(scores web) batch_had=$(scores batch)
colod_policy protect file:///run/pods.json "levels: {P4: {memory: {oom: protect}}, P7: {memory: {oom: first}}}"
ok "start" colod_start
raised
like "$(coloctl why batch)" "oom_score_adj +now 555, wanted 1000" "coloctl why says so"
is "$(status scores_raised)" 3 "three processes"

kill -9 "$(unit_pid colod)"
ok "killed, it comes back" wait_for 30 coloctl status --json
colod_next_pass
is "$(scores batch)" "555 1000 " "and left the scores as they were"
colod_stop
is "$(scores batch)" "$batch_had" "a stop gives them back, and leaves the one that is not colod's"
is "$(knob "$(pod_path batch)" memory.oom.group)" 0 "as the whole"
nok "without a record left" test -e /run/colod/originals

ok "start again" colod_start
raised
batch=$(pids batch) web=$(pids web)
ok "memory ends" storm
ok "the whole batch pod is dead" wait_for 10 dead batch
is "$(pids web)" "$web" "the online pod lost nobody"
is "$(awk '$1 == "oom_group_kill" { print $2 }' "$(pod_path batch)/memory.events.local")" 1 "the kernel did it, in one go"
colod_clean

# The same without colod.
if [ -n "${LONG:-}" ]; then
	pod_delete batch
	batch_pod
	ok "memory ends again" storm
	ok "without colod the online pod is dead" wait_for 10 dead web
	is "$(scores batch)" "$batch_had" "and the batch pod is alive"
fi
pods_cleanup
done_testing
