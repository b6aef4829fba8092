#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 240s
# long-budget: 400s
# profile: small
# title: the kernel's OOM killer takes the offline pod as a whole, and not the online one that is larger; without colod it is the other way round
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
FILL=/run/vm-fill

oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }
pids() { find "$(pod_path "$1")" -name cgroup.procs -exec cat {} + | sort -n | tr '\n' ' '; }
# Every score in a pod, each once.
scores() { for p in $(pids "$1"); do cat "/proc/$p/oom_score_adj"; done | sort -n | uniq | tr '\n' ' '; }
has_its_own() { [[ " $(scores "$1")" == *" 555 "* ]]; }
scores_are() { [ "$(scores "$1")" = "$2" ]; }
group() { knob "$(pod_path "$1")" memory.oom.group; }
groups_are() { [ "$(group batch) $(group calm) $(group web)" = "$1" ]; }
dead() { [ -z "$(pids "$1")" ]; }
status() { coloctl status --json | jq -r ".$1"; }

# So much, and a child; of nobody, so that more than being root is needed to write its score.
large_pod()
{
	local name=$1 mib=$2 request=$3
	pod_create "$name" Burstable 100 $((request * MIB)) setpriv --reuid 65534 --clear-groups python3 -c "
import os, time
if os.fork() > 0:
    kept = b'x' * ($mib << 20)
time.sleep(100000)"
	wait_for 60 sh -c "[ \$(awk '/^anon / { print \$2 }' '$(pod_path "$name")/memory.stat') -gt $((mib * MIB)) ]"
}

# Requests more than it uses, so that the kubelet gives it the lower score; a second container, which nothing but colod
# lets go with the first.
batch_pod()
{
	POD_PRIORITYCLASS=batch-nightly large_pod batch 50 400
	pod_container batch sleep infinity
}

# Memory that belongs to no process, until the kernel kills one; in the short form the same choice, asked for by hand.
storm()
{
	local before
	before=$(oom_kills)
	if [ -z "${LONG:-}" ]; then
		echo f >/proc/sysrq-trigger
		wait_for 30 sh -c "[ \$(awk '/^oom_kill / { print \$2 }' /proc/vmstat) -gt $before ]"
		return
	fi
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

large_pod web 100 300
batch_pod
# Small, with a process that set itself a score.
POD_PRIORITYCLASS=batch-nightly pod_create calm Burstable 100 $((400 * MIB)) setpriv --reuid 65534 --clear-groups \
	sh -c '(echo 555 >/proc/self/oom_score_adj; exec sleep infinity) & exec sleep infinity'
ok "one process has set its own score" wait_for 60 has_its_own calm
colod_facts
web_had=$(scores web) batch_had=$(scores batch) calm_had=$(scores calm)
note "the kubelet gave web $web_had batch $batch_had calm $calm_had"
colod_policy protect file:///run/pods.json "levels: {P4: {memory: {oom: protect}}, P7: {memory: {oom: first}}}"
ok "start" colod_start
ok "the batch pod's processes are raised" wait_for 30 scores_are batch "1000 "
ok "so are the other one's, but not the one that set its own" wait_for 30 scores_are calm "555 1000 "
ok "the online pod has what it had" scores_are web "$web_had"
# While systemd is told of a pod it writes this file too, and colod puts it back.
ok "both batch pods are to go as a whole" wait_for 30 groups_are "1 1 0"
like "$(coloctl why calm)" "oom_score_adj +now 555, wanted 1000" "coloctl why says so"
ok "four processes" wait_for 20 eval '[ "$(status scores_raised)" = 4 ]' || note "$(status scores_raised)"

web=$(pids web) calm=$(pids calm)
ok "memory ends" storm
ok "the whole batch pod is dead" wait_for 20 dead batch
is "$(awk '$1 == "oom_group_kill" { print $2 }' "$(pod_path batch)/memory.events.local")" 1 "the kernel did it, in one go"
is "$(pids web)" "$web" "the online pod lost nobody"
is "$(pids calm)" "$calm" "nor did the smaller batch pod"

kill -9 "$(unit_pid colod)"
ok "killed, it comes back" wait_for 60 coloctl status --json
is "$(scores calm)" "555 1000 " "and left the scores as they were"
colod_stop
is "$(scores calm)" "$calm_had" "a stop gives them back, and leaves the one that is not colod's"
is "$(group calm)" 0 "as the whole"
nok "without a record left" test -e /run/colod/originals
colod_clean

# The same without colod.
pod_delete batch
batch_pod
ok "without colod memory ends again" storm
ok "and the online pod is dead" wait_for 20 dead web
is "$(scores batch)" "$batch_had" "while the batch pod is alive"
pods_cleanup
done_testing
