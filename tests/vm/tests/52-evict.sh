#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 300s
# profile: small
# title: on the last rung one offline pod is evicted through the API server, and nobody else; in the long form though answers are lost, by an agent that is killed in each state, without Kubernetes, and where every budget refuses
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"
. "$VM/guest/cluster.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq -r "$1"; }
policy()
{
	mkdir -p /etc/colod/policy.d
	cat >"$COLOD_DROPIN" <<-END
		version: 1
		mode: full
		facts: {from: "file://$C/pods.json"}
		levels: {P7: {role: offline, memory: {high: none}}}
		pressure: [$1]
		evict: {by: [kubernetes, kill], grace: 20s, cooldown: 3s, per-hour: 20, taint: ${2:-true}}
		${3:-}
	END
}

majflt() { awk '{ print $12 }' "/proc/$(agent)/stat"; }

EVICT="{when: memory.some of online > 10% over 1s, do: [evict]}"

nobody_beside()
{
	is "$(pids web)" "$web" "$1: the online pod lost no process"
	is "$(pids calm)" "$calm" "$1: nor did the offline pod that rests"
	is "$(oom_kills)" "$kills" "$1: the kernel killed nobody"
}

# One that grows, one that rests beside it and an online one: the first goes.
one_goes()
{
	local uid
	uid=$(pod_uid hog)
	policy "$EVICT"
	ok "start" colod_start
	ok "status answers" wait_for 20 coloctl status
	ok "the API server is greeted" wait_for 60 says 'the API server answers'
	colod_next_pass
	# What the agent has not used yet would have to be read from the disk while there is no memory.
	faults=$(majflt)
	echo 3 >/proc/sys/vm/drop_caches
	touch "$PODS_SHARE/go-hog"
	ok "the API server is asked" wait_for 90 was_asked hog
	ok "and has the pod deleted" wait_for 20 is_deleted hog
	like "$(grep '/pods/hog/eviction' $C/log | head -n 1)" "\"uid\":\"$uid\"" "it was asked for this very pod"
	ok "the taint is up" wait_for 20 tainted
	kubelet_ends hog
	ok "what came back is told" wait_for 20 says 'evict (gone|its memory is back), [0-9.]+ [MG]iB back in [0-9]+ ms'
	note "$(journalctl -u colod -o cat | grep ' evict ' | head -c 900)"
	is "$(evictions hog) $(evictions calm) $(evictions web)" "1 0 0" "nobody else was asked, and it once"
	is "$(status '.evict.in_hour')" 1 "status counts it"
	like "$(coloctl status)" 'evict +1 in the last hour of at most 20' "and says so"
	like "$(coloctl history --kind evict)" 'accepted: the pod is being deleted' "history has it"
	ok "the cluster was told" wait_for 20 grep -q EvictedByColod $C/log
	is "$(majflt)" "$faults" "the agent has not waited for a page of its own"
	nobody_beside "the eviction"
	rm -f "$PODS_SHARE"/go-*
}

# An order is answered as the API server answers, and the cluster hears who it was. The policy need not have the step.
by_hand()
{
	local said
	policy "{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}"
	ok "a policy that evicts nobody" colod_reload
	echo "evict calm2 times=1 status 429 budget.json" >$C/script
	said=$(coloctl evict calm2 2>&1)
	is $? 1 "an order against a budget"
	like "$said" 'refused: .*calm2 stays: its PodDisruptionBudget keeps it' "says so"
	said=$(coloctl evict calm2 2>&1)
	is $? 0 "the same once more"
	like "$said" 'calm2 was asked to go, which was accepted' "says that it was accepted"
	ok "the pod is deleted" wait_for 20 is_deleted calm2
	like "$(coloctl why calm2 | tr -s '[:space:]' ' ')" 'uid 0 .coloctl, pid [0-9]+. ordered it' "why says who wanted it"
	is "$(evictions calm2)" 2 "it was asked for twice, as ordered"
	kubelet_ends calm2
	ok "its end is told with who wanted it" wait_for 20 says 'evict gone.*uid 0 .coloctl, pid [0-9]+. ordered it'
	ok "to the cluster too" wait_for 20 grep -q 'evicted default/calm2: uid 0 (coloctl, pid [0-9]*) ordered it' $C/log
	nobody_beside "an order"
	: >$C/script
	policy "$EVICT"
	ok "the policy that evicts" colod_reload
}

# No answer, then half of one: it may have been done, and the UID makes asking again safe.
answers_are_lost()
{
	printf 'evict odd times=1 close\nevict odd times=1 cut 201 accepted.json\n' >$C/script
	touch "$PODS_SHARE/go-odd"
	ok "who was asked to go without a whole answer is asked again" wait_for 90 is_deleted odd
	is "$(evictions odd)" 3 "until there is one, and no more"
	kubelet_ends odd
	is "$(evictions calm) $(evictions web)" "0 0" "nobody was asked instead"
	nobody_beside "lost answers"
	: >$C/script
	rm -f "$PODS_SHARE"/go-*
}

ends_told() { [ "$(journalctl -q -u colod -o cat | grep -cE 'evict (gone|its memory is back).*: a colod that ended meanwhile had asked it to go')" -ge "$1" ]; }

# Taken up by the server, and the agent dies before it has the answer.
agent_dies_unanswered()
{
	echo "evict done times=1 late" >$C/script
	touch "$PODS_SHARE/go-done"
	ok "one is asked to go, and deleted, without an answer yet" wait_for 90 is_deleted "done"
	killed answered
	ok "the next agent knows of it" wait_for 20 eval '[ "$(status .evict.pending)" = 1 ]'
	colod_next_pass
	kubelet_ends "done"
	ok "and tells of its end" wait_for 20 ends_told 1
	is "$(evictions "done") $(evictions calm) $(evictions web)" "1 0 0" "it was not asked again, and nobody else was"
	ok "the taint is up for it" wait_for 20 tainted
	nobody_beside "a lost answer"
	: >$C/script
	rm -f "$PODS_SHARE"/go-*
}

# Asked, dying, taint up.
agent_dies()
{
	echo "evict next times=1 hang" >$C/script
	touch "$PODS_SHARE/go-next"
	ok "the next one is asked to go, without an answer" wait_for 90 was_asked next
	killed asked
	ok "asked again, of which the pod is deleted" wait_for 90 is_deleted next
	is "$(evictions next)" 2 "once more, and not twice"
	killed dying
	colod_next_pass
	is "$(evictions next)" 2 "who dies is not asked again"
	kubelet_ends next
	ok "the agent after that one tells of its end" wait_for 20 ends_told 2
	ok "the taint is still up" tainted
	killed "taint up"
	policy "$EVICT" false
	ok "without the taint in the policy" colod_reload
	ok "the taint that a dead agent had put up is taken off" wait_for 90 eval '! tainted'
	is "$(evictions calm) $(evictions web)" "0 0" "nobody else was asked"
	nobody_beside "killed agents"
	rm -f "$PODS_SHARE"/go-*
}

# Every budget refuses while memory goes to empty: the emergency takes one.
budgets()
{
	echo "evict * status 429 budget.json" >$C/script
	policy "$EVICT, {when: memory.empty of node in 3s, do: [kill]}"
	ok "a policy that kills in an emergency" colod_reload
	colod_next_pass
	touch "$PODS_SHARE/go-last"
	ok "the last one is asked to go" wait_for 90 was_asked last
	ok "it is killed, since its budget keeps it" wait_for 90 dead last
	ok "and that is said" wait_for 20 says 'cgroup.kill dead.*its PodDisruptionBudget had refused an eviction'
	is "$(status .kills)" 1 "one kill"
	nobody_beside "the emergency"
}

grower() { echo "
import time, os
kept = []
while True:
    if os.path.exists('$PODS_SHARE/go-$1'):
        kept.append(b'x' * (4 << 20))
    time.sleep(0.1)"; }

# Without Kubernetes: a unit stops as systemd stops it, what nobody owns is killed.
units()
{
	local plain=/sys/fs/cgroup/plain-hog
	: >$C/script
	policy "$EVICT" false "assign: [{match: {unit: hog-unit.service}, level: P7}, {match: {cgroup: plain-hog}, level: P7}]"
	systemd-run -q --unit=hog-unit -p ExecStopPost="/bin/touch $PODS_SHARE/stopped" python3 -c "$(grower unit)"
	mkdir $plain
	python3 -c "$(grower plain)" &
	echo $! >$plain/cgroup.procs
	ok "a policy with a unit and a plain cgroup" colod_reload
	colod_next_pass
	touch "$PODS_SHARE/go-unit"
	ok "the unit is stopped" wait_for 90 test -e "$PODS_SHARE/stopped"
	nok "systemd says so" systemctl -q is-active hog-unit
	nok "and does not call it failed" systemctl -q is-failed hog-unit
	ok "colod says through whom" wait_for 20 says 'hog-unit.service evict accepted.*through systemd'
	touch "$PODS_SHARE/go-plain"
	ok "the plain cgroup is killed" wait_for 90 grep -qx 'populated 0' $plain/cgroup.events
	ok "and that is said" wait_for 20 says 'plain-hog evict accepted.*by cgroup.kill'
	is "$(evictions calm) $(evictions web)" "0 0" "nobody was asked through Kubernetes"
	nobody_beside "units"
	rmdir $plain
	rm -f "$PODS_SHARE"/go-*
}

pod_create web Burstable 500 $((64 * MIB))
pod_create calm BestEffort 0 0 python3 -c "
kept = b'x' * (40 << 20)
open('/share/calm', 'w').close()
import time
while True:
    time.sleep(1)"
wait_for 90 test -e "$PODS_SHARE/calm"
growing_pod hog 4
[ -z "${LONG:-}" ] || { growing_pod odd 1; growing_pod "done" 1; pod_create calm2 BestEffort; growing_pod next 1; growing_pod last 4; }
ok "an API server" cluster_start
web=$(pids web) calm=$(pids calm) kills=$(oom_kills)
one_goes
[ -z "${LONG:-}" ] || { by_hand; answers_are_lost; agent_dies_unanswered; agent_dies; units; budgets; }
[ -n "${LONG:-}" ] || ok "the taint is still up" tainted
account second
colod_stop
nok "a stop leaves no taint, though the token rotated meanwhile" tainted
nok "no token is in the journal" eval 'journalctl -b -o json | grep -q very-secret'
colod_clean
cluster_stop
pods_cleanup
done_testing
