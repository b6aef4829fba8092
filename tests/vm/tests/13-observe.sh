#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
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
ok "the watcher watches" wait_for 10 grep -q established watcher
ok "start" colod_start
ok "three passes" wait_for 15 sh -c '[ "$(coloctl status --json | jq .passes)" -ge 3 ]'
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
ok "the watcher does see writes" wait_for 3 grep -q cgroup.max.depth writes
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
ok "what the kubelet's configuration says is taken" wait_for 10 sh -c \
	'coloctl status --json | jq -e ".room | .line_bytes > 600000000 and .available_bytes < 1700000000"'
like "$(coloctl status)" 'room +[0-9.]+ .iB (above|below) the line of' "status shows the room"
rm -r /var/lib/kubelet
once=$(colod --once --mode observe 2>&1)
like "$once" "pods: 5" "a second look beside the daemon only reads, and works"
knobs_take after
is "$(diff before after)" "" "and changed nothing either"
colod_clean
pods_cleanup
done_testing
