#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 240s
# profile: small
# title: scheduling: idle makes the threads of offline pods yield wherever somebody wakes up, and nobody else's; they have theirs back at a stop
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

TOOLS=/opt/colod/build/tests/tools
DROPIN=/run/systemd/system/colod.service.d
OTHER=0 BATCH=3 IDLE=5

tids() { find "$(pod_path "$1")" -name cgroup.threads -exec cat {} + | sort -n; }
# The policy of every thread of a pod, and its nice value, each pair once: fields 41 and 19 of stat.
policies() { for t in $(tids "$1"); do sed 's/.*) //' "/proc/$t/stat" | awk '{ print $39 ":" $17 }'; done | sort -u | tr '\n' ' '; }
policies_are() { [ "$(policies "$1")" = "$2" ]; }
status() { coloctl status --json | jq -r ".$1"; }

pod_create web Burstable 500 0 "$TOOLS/cpu_load" spin 1
POD_PRIORITYCLASS=batch-nightly pod_create batch Burstable 100 0 sh -c "chrt -b 0 sleep infinity & nice -n 3 sleep infinity & exec $TOOLS/cpu_load spin 2"
# It has chosen for itself, in part.
POD_PRIORITYCLASS=batch-nightly pod_create own Burstable 100 0 sh -c 'chrt -i 0 sleep infinity & exec sleep infinity'
batch_had="$OTHER:0 $OTHER:3 $BATCH:0 "
own_had="$OTHER:0 $IDLE:0 "
ok "the pods run" wait_for 60 policies_are batch "$batch_had" || note "$(policies batch)"
ok "one is idle by its own choice" wait_for 60 policies_are own "$own_had" || note "$(policies own)"
colod_facts

# Without the capability.
colod_policy protect file:///run/pods.json "levels: {P7: {cpu: {scheduling: idle}}}"
ok "start" colod_start
like "$(coloctl doctor | tr -s ' \n' ' ')" 'absent sched-policy .*CapabilityBoundingSet=CAP_SYS_NICE' "as it is shipped colod may not do it, and doctor says how it does"
colod_next_pass
is "$(policies batch)" "$batch_had" "and nothing has changed"
colod_stop
nok "without a record left" test -e /run/colod/originals

mkdir -p $DROPIN
printf '[Service]\nCapabilityBoundingSet=CAP_SYS_NICE\n' >$DROPIN/sched.conf
systemctl daemon-reload
ok "start with it" colod_start
ok "the batch pod's threads are idle, but for the one that chose, and keep their nice values" \
	wait_for 30 policies_are batch "$BATCH:0 $IDLE:0 $IDLE:3 " || note "$(policies batch)"
colod_next_pass
is "$(policies web)" "$OTHER:0 " "the online pod's are as they were"
is "$(policies own)" "$own_had" "so is the pod where one was idle already"
like "$(coloctl why batch)" "sched_policy +now batch, wanted idle" "coloctl why says so" || note "$(coloctl why batch)"
is "$(knob "$(pod_path batch)" cpu.idle)" 0 "the cgroup is not idle"
ok "and its weight bounds it as before" [ "$(knob "$(pod_path batch)" cpu.weight)" -le $(($(knob "$(pod_path web)" cpu.weight) / 10)) ]

if [ -n "${LONG:-}" ]; then
	crun exec -d "$(pod_id batch)" sleep 12345
	late=$(pgrep -f 'sleep 12345')
	ok "what a runtime starts later is found in half a minute" \
		wait_for 60 sh -c "[ \"\$(sed 's/.*) //' /proc/$late/stat | awk '{ print \$39 }')\" = $IDLE ]"
fi

kill -9 "$(unit_pid colod)"
ok "killed, it comes back" wait_for 60 coloctl status --json
is "$(policies batch)" "$BATCH:0 $IDLE:0 $IDLE:3 " "and left them as they were"
colod_stop
is "$(policies batch)" "$batch_had" "a stop gives them back"
is "$(policies own)" "$own_had" "and leaves what is not colod's"
nok "without a record left" test -e /run/colod/originals
rm -f $DROPIN/sched.conf
systemctl daemon-reload
colod_clean
pods_cleanup
done_testing
