#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 1000s
# profile: default
# core: yes
# title: a fresh installation observes: it plans and explains, and writes nothing at all
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

pod_create online Guaranteed 500 33554432
pod_create web Burstable 1000 33554432
POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
pod_create hog BestEffort 0 0 sh -c 'while :; do :; done'
colod_facts
colod_policy observe file:///run/pods.json
knobs_take before
inotifywait -m -r -e modify --format '%w%f' /sys/fs/cgroup/kubepods.slice >writes 2>watcher &
watcher=$!
ok "the watcher watches" wait_for 20 grep -q established watcher
ok "start" colod_start
ok "three passes" wait_for 30 sh -c '[ "$(coloctl status --json | jq .passes)" -ge 3 ]'
knobs_take after
is "$(diff before after)" "" "no knob changed"
# Arming a PSI trigger is a write too, to a pressure file: it observes and changes nothing.
is "$(grep -vE '\.events(\.local)?$|/(cpu|memory)\.pressure$' writes)" "" "the kernel saw no write"
like "$(coloctl plan)" "cpu.weight" "the plan says what it would do"
ok "and it is not empty" [ "$(coloctl status --json | jq .withheld)" -gt 3 ]
chosen=$(sed 's/.*(\(.*\)).*/\1/' /sys/kernel/debug/sched/preempt)
is "$(coloctl doctor | grep -c 'this kernel preempts lazily')" "$(echo "$chosen" | grep -cx lazy)" \
	"doctor says how the kernel preempts, which is '$chosen' here"
like "$(coloctl status)" "observe" "status says that it only observes"
echo 100 >"$(pod_path web)/cgroup.max.depth"
ok "the watcher does see writes" wait_for 20 grep -q cgroup.max.depth writes
kill $watcher
wait $watcher 2>/dev/null
is "$(find /run/colod -name originals -size +0 2>/dev/null | xargs -r grep -c '^own')" "" "nothing is recorded as changed"
# The line under the room, from the kernel's own numbers.
high=$(awk '$1 == "high" { s += $2 } END { printf "%d\n", s * 4096 }' /proc/zoneinfo)
part=$(awk '/^MemTotal:/ { printf "%d\n", $2 * 1024 / 100 }' /proc/meminfo)
room() { coloctl status --json | jq -r ".room.$1"; }
is "$(room line_bytes)" "$(printf '%s\n' 209715200 "$high" "$part" | sort -n | tail -1)" \
	"the line is twice a kubelet's default, or what the kernel keeps ($high), or 1 % ($part)"
mkdir -p /var/lib/kubelet
printf 'evictionHard: {memory.available: "25%%"}\n' >/var/lib/kubelet/config.yaml
ok "reload" colod_reload
ok "what the kubelet's configuration says is taken" wait_for 20 sh -c \
	'coloctl status --json | jq -e ".room | .line_bytes > 600000000 and .available_bytes < 1700000000"'
like "$(coloctl status)" 'room +[0-9.]+ .iB (above|below) the line of' "status shows the room"
rm -r /var/lib/kubelet
once=$(colod --once --mode observe 2>&1)
like "$once" "pods: 5" "a second look beside the daemon only reads, and works"
knobs_take after
is "$(diff before after)" "" "and changed nothing either"
# --- the score
score() { coloctl score "$1" --json | jq -r ".[0].score.$2"; }
score_is() { [ "$(score "$1" "$2")" = "$3" ]; }
is "$(score web state)" learning "with a hog there from the start the score is learning"
like "$(coloctl score)" 'Nothing is learned now: [a-z]' "and says why nothing is learned"
workload=$(score web workload)
pod_delete hog
# As an agent keeps it that has seen 100 calm windows of this workload, each stalled for half a percent.
mkdir -p /var/lib/colod
{
	echo "colod-baselines 1 at=$(date +%s)"
	echo "w 64 0 0 $workload"
	for resource in cpu memory io; do
		echo "c $resource 0 100 4 0 200 0 calm 5:102400 all 5:204800"
	done
} >text
{
	cat text
	echo "end $(gzip -c text | tail -c 8 | od -An -N 4 -tx4 | tr -d ' ')"
} >/var/lib/colod/baselines
was=$(systemctl show -p MainPID --value colod)
ok "the agent is killed" kill -KILL "$was"
ok "and another one starts" wait_for 20 sh -c \
	"p=\$(systemctl show -p MainPID --value colod) && [ \$p != 0 ] && [ \$p != $was ] && coloctl status"
ok "what was usual before that is usual" wait_for 20 score_is web cpu.baseline.median_permille 5
# A whole window later there is a number.
ok "a calm pod is held against it" wait_for 60 score_is web state baseline
note "$(coloctl score web)"
ok "and the number is small" [ "$(score web permille)" -lt 50 ]
like "$(coloctl score web)" 'usual is 0.5 %, sigma [0-9.]+ % \(100 calm windows in 4 spells' "each term is shown"
like "$(coloctl why web)" 'stalled +cpu [0-9.]+ % \(usual is 0.5 %: 100 calm windows, the last [0-9.]+ (s|min) ago\)' \
	"why says what is usual"
if [ -n "${LONG:-}" ]; then
	# For real: what is not known of any workload is learned once a pod is five minutes old.
	rm /var/lib/colod/baselines
	ok "kill it, so that it keeps nothing" systemctl kill -s KILL --kill-whom=main colod
	ok "calm windows are learned" wait_for 400 sh -c \
		'[ "$(coloctl score web --json | jq ".[0].score.cpu.baseline.calm_windows")" -ge 2 ]'
	ok "restart" systemctl restart colod
	ok "and known after a restart" wait_for 20 sh -c \
		'[ "$(coloctl score web --json | jq ".[0].score.cpu.baseline.calm_windows")" -ge 2 ]'
	note "$(coloctl score)"
	is "$(coloctl score web --json | jq '.[0].score.cpu.baseline.calm_episodes')" 1 "in one spell of calm"
fi
colod_clean
pods_cleanup
done_testing
