#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 210s
# long-budget: 1000s
# profile: default
# title: in observe mode, of five offline pods the one that makes an online pod wait is named first
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

TOOLS=/opt/colod/build/tests/tools
# Busy on both CPUs for four seconds in seven while it is the culprit, else for a moment now and then.
worker='while :; do if [ -e /share/is-$0 ]; then timeout 4 '"$TOOLS"'/cpu_load spin 2; sleep 3
	else timeout 0.$((RANDOM % 3 + 1)) '"$TOOLS"'/cpu_load spin 1; sleep $((RANDOM % 3 + 1)).$((RANDOM % 10)); fi; done'
serve='import time
while True:
    sum(range(20000))
    time.sleep(0.05)'

names="w1 w2 w3 w4 w5"
pod_create web Burstable 1000 33554432 python3 -c "$serve"
for name in $names; do
	POD_PRIORITYCLASS=batch-x pod_create "$name" Burstable 1000 0 bash -c "$worker" "$name"
done
culprit() { rm -f "$PODS_SHARE"/is-*; touch "$PODS_SHARE/is-$1"; }
of_cpu() { coloctl score web --json | jq -r ".[0].score.cpu.$1"; }
first() { of_cpu 'culprits | if .state == "ranked" then .list[0].name else .state end'; }
is_first() { [[ "$(first)" == */$1 ]]; }
is_short() { [ "$(of_cpu culprits.state)" = "too few samples" ]; }

colod_facts
colod_policy observe file:///run/pods.json
ok "start" colod_start
like "$(coloctl doctor | tr -s ' \n' ' ')" 'absent perf .*CAP_PERFMON' "as it is shipped colod may count no cycles, and doctor says how it does"
nok "which the journal does not say where no sli asks" says cpi
ok "the workload is known" wait_for 20 sh -c 'coloctl score web --json | jq -e ".[0].score.workload"'
is "$(of_cpu culprits.state)" learning "while what is usual is learned, nobody is looked for"
workload=$(coloctl score web --json | jq -r '.[0].score.workload')
# As an agent keeps it that has seen 100 calm windows at each load, each stalled for half a percent.
ok "stop" colod_stop
mkdir -p /var/lib/colod
{
	echo "colod-baselines 1 at=$(date +%s)"
	echo "w 1024 0 0 $workload"
	for bin in 0 1 2 3 4; do
		echo "c cpu $bin 100 4 0 200 0 calm 5:102400 all 5:204800"
	done
} >text
{
	cat text
	echo "end $(gzip -c text | tail -c 8 | od -An -N 4 -tx4 | tr -d ' ')"
} >/var/lib/colod/baselines
culprit w3
mkdir -p /etc/colod/policy.d
cat >/etc/colod/policy.d/95-sli.yaml <<'END'
version: 1
sli:
  - {name: front, metric: cpu.some, pods: "*/web", mean: 0.5%, window: 10s}
  - {name: delay, metric: sched-delay, of: online, p99: 10ms}
  - {name: cycles, metric: cpi, of: online, p99: 2}
END
DROPIN=/run/systemd/system/colod.service.d
mkdir -p $DROPIN
printf '[Service]\nCapabilityBoundingSet=CAP_SYS_ADMIN\n' >$DROPIN/cpi.conf
systemctl daemon-reload
ok "start again, with all capabilities that counting cycles takes" colod_start
ok "it waits, and the last minute is too short to say for whom" wait_for 60 is_short
sli_is() { [ "$(coloctl score web --json | jq -r ".[0].slis[] | select(.name == \"$1\") | .state")" = "$2" ]; }
ok "its sli is violated" wait_for 90 sli_is front violated
ok "what is not measured is no violation" sli_is delay "not measured"
ok "nor are cycles, for want of a PMU" sli_is cycles "not measured"
like "$(coloctl score web | tr -s ' \n' ' ')" 'cycles: not measured: p99 of cpi over 60 s: no PMU' "score POD says so"
is "$(coloctl score web --json | jq .[0].score.cpi_milli)" null "and has no number"
is "$(journalctl -q -u colod -o cat | grep -c 'no sli of cpi is measured: no PMU')" 1 "the journal has it once"
is "$(journalctl -q -u colod -o cat | grep -c 'cpi is measured\|cpi of')" 1 "and says nothing else of it"
like "$(coloctl doctor | tr -s ' \n' ' ')" 'absent perf ' "doctor names it"
# Of its own clocks, in place of cycles and instructions: a real cgroup on every CPU.
counts=$(/opt/colod/build/tests/unit/test_cpi_files 2>&1)
ok "events of a cgroup count what it does and nobody else" [ $? = 0 ] || note "$counts"
nok "and none of that was skipped" grep -qi skipped <<<"$counts"
like "$(coloctl status)" 'sli +default/web, front: violated' "status says so"
ok "and so does the journal" wait_for 20 says 'front: violated: mean of cpu.some over 10 s is'
ok "the true culprit is first" wait_for 90 is_first w3
note "$(coloctl score web)"
note "$(of_cpu culprits | jq -c .)"
like "$(coloctl score web)" 'Who seems to make it wait for cpu' "score POD names it"
like "$(coloctl why web)" 'made to wait for cpu, it seems, by default/w3' "so does why"
is "$(of_cpu 'culprits.list[0].role')" offline "with its role"
ok "nothing was written" [ "$(coloctl status --json | jq .writes)" = 0 ]
if [ -n "${LONG:-}" ]; then
	# A minute later nothing of the one before is left in what is looked at.
	hits=0
	tried=0
	for name in w1 w5 w2 w4 w3 w1 w4 w2; do
		culprit "$name"
		sleep 66
		tried=$((tried + 1))
		if is_first "$name"; then hits=$((hits + 1)); fi
		note "$name: first $(first), $(of_cpu 'culprits.list[0] | "\(.confidence) \(.share_permille) \(.fit_permille)"'), excess $(of_cpu excess_permille)"
	done
	note "first: $hits of $tried"
	ok "the true one is first in 9 of 10" [ $((hits * 10)) -ge $((tried * 9)) ]
fi
rm -f "$PODS_SHARE"/is-*
rm -f /etc/colod/policy.d/95-sli.yaml $DROPIN/cpi.conf
systemctl daemon-reload
colod_clean
pods_cleanup
done_testing
