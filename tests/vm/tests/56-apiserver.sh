#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 400s
# profile: small
# title: the agent and an API server over TLS that answers each status, hangs, breaks off, rotates its token and shows a stranger's certificate: what is sent field by field, what follows, and who is never asked
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"
. "$VM/guest/cluster.sh"

MIB=$((1024 * 1024))

status() { coloctl status --json | jq -r "$1"; }
says_off() { status .evict.off | grep -q "$1"; }
requests() { wc -l <$C/log; }
did() { jq -r --arg p "/api/v1/namespaces/default/pods/$1/eviction" 'select(.path == $p) | .did' $C/log | tr '\n' ' '; }
told() { coloctl history --kind evict | grep -qE "$1"; }

# Takes 3 MiB ten times a second and gives all back before the node is empty: memory falls for as long as it lives.
saw()
{
	pod_create "$1" BestEffort 0 0 python3 -c "
import time, os
kept = []
def available():
    for line in open('/proc/meminfo'):
        if line.startswith('MemAvailable'):
            return int(line.split()[1])
while True:
    if os.path.exists('/share/go-$1'):
        kept.append(b'x' * (3 << 20))
        if len(kept) > 20 and available() < 140 << 10:
            del kept[:]
    time.sleep(0.1)" && cluster_pods && colod_knows
	touch "$PODS_SHARE/go-$1"
}

colod_knows() { coloctl status >/dev/null && colod_next_pass; }

ends()
{
	rm -f "$PODS_SHARE/go-$1"
	kubelet_ends "$1"
}

policy()
{
	mkdir -p /etc/colod/policy.d
	cat >"$COLOD_DROPIN" <<-END
		version: 1
		mode: full
		facts: {from: "file://$C/pods.json"}
		levels: {P7: {role: offline, memory: {high: none}}}
		pressure: [{when: memory.some of online > 10% over 1s, do: [evict]}]
		evict: {by: [kubernetes, kill], grace: 7s, cooldown: 1s, per-hour: 50}
	END
}

# Each field of each request for this pod's eviction, and no other field in the body.
as_promised()
{
	jq -es --arg n "$1" --arg uid "$2" '
		map(select(.path == "/api/v1/namespaces/default/pods/\($n)/eviction")) | length > 0 and all(
		.method == "POST" and .type == "application/json" and .accept == "application/json" and
		(.agent | startswith("colod/")) and .token == "right" and
		.body == {apiVersion: "policy/v1", kind: "Eviction", metadata: {name: $n, namespace: "default"},
			deleteOptions: {gracePeriodSeconds: 7, preconditions: {uid: $uid}}})' $C/log
}

# No time, no time, none for three seconds; then asked on and on, of one: a conflict, half an answer, none.
answers()
{
	local uid
	cat >$C/script <<-END
		evict busy times=1 status 503 unavailable.json
		evict busy times=1 status 500 internal.json
		evict busy times=1 status 429 flow-control.json after=3
		evict busy times=1 status 409 conflict.json
		evict busy times=1 cut 201 accepted.json
		evict busy times=1 hang
	END
	saw busy
	uid=$(pod_uid busy)
	ok "after all of those an eviction is taken up" wait_for 120 is_deleted busy
	is "$(did busy)" "status status status status cut hang state " "each answer had its turn, and no more questions than that"
	ok "each question has its path, method, types, token, UID, grace, and nothing else" as_promised busy "$uid"
	ok "503 is told" told 'is in trouble \(503\)'
	ok "500 is told" told 'is in trouble \(500\).*leader changed'
	ok "a 429 without a budget is told" told 'more requests than it takes \(429\)'
	ok "409 is told" told 'somebody changed the pod meanwhile \(409\)'
	ok "half an answer is told" told 'was cut short'
	ok "no answer is told" told 'does not answer in time'
	ends busy
	ok "its end is told" wait_for 20 told 'gone|its memory is back'
}

# Of which the pod is gone by now, and the next one's budget keeps it: nobody is left, and that is said.
others()
{
	printf 'evict absent times=1 status 404 gone.json\nevict second times=1 status 429 budget.json\n' >$C/script
	pod_create second BestEffort 0 0 python3 -c "
kept = b'x' * (60 << 20)
open('/share/second', 'w').close()
import time
while True:
    time.sleep(1)"
	ok "another offline pod" wait_for 90 test -e "$PODS_SHARE/second"
	saw absent
	ok "who is gone is asked" wait_for 90 was_asked absent
	ok "then another one" wait_for 90 was_asked second
	ok "whose budget keeps it" wait_for 20 told 'allows no disruption: The disruption budget train-pdb'
	ok "then nobody is left, and that is said" wait_for 60 eval '[ "$(status .evict.why_nobody)" = "no pod may be evicted" ]'
	is "$(evictions absent) $(evictions second)" "1 1" "each was asked once"
	ok "404 is told" told 'knows no such pod any more'
	ends absent
	kubelet_ends second
}

# 200 is as good as 201.
accepted()
{
	echo "evict fine times=1 status 200 accepted.json" >$C/script
	saw fine
	ok "200" wait_for 90 was_asked fine
	ok "is an eviction that was taken up" wait_for 20 eval '[ "$(status .evict.pending)" = 1 ]'
	ends fine
	is "$(evictions fine)" 1 "and not asked again"
}

restart() { systemctl restart colod; ok "$1: a new start asks again" wait_for 30 coloctl status; }

# What a person has to mend: nobody is asked until then.
refused()
{
	local n
	echo "evict kept times=1 status 403 forbidden.json" >$C/script
	saw kept
	ok "403" wait_for 90 was_asked kept
	ok "stops all evictions, and says so" wait_for 20 says_off 'colod may not evict'
	colod_next_pass
	colod_next_pass
	is "$(evictions kept)" 1 "nothing is asked, though memory falls on"
	: >$C/script
	echo "second.very-secret" >$C/token
	restart 403
	ok "a token that counts no more is told" wait_for 90 told 'does not know the token in /var/run/secrets'
	is "$(jq -r 'select(.path | endswith("/kept/eviction")) | .token' $C/log | tail -n 1)" wrong "that was the old one"
	cluster_silent
	"$TOOLS/fake_kubelet" certificate $C stranger wrong "DNS:localhost,IP:127.0.0.1"
	cluster_serve wrong
	token second
	n=$(requests)
	restart 401
	ok "a stranger's certificate is not trusted, and that is said" wait_for 90 says_off 'certificate is not trusted'
	is "$(requests)" "$n" "who shows it gets no question, and no token"
	cluster_silent
	cluster_serve
	restart certificate
	ok "the right one, and a token that rotated" wait_for 90 is_deleted kept
	is "$(jq -r 'select(.path | endswith("/kept/eviction")) | .token' $C/log | tail -n 1)" right "it is the new one"
	ends kept
}

# While it is running, in the middle of everything.
rotates()
{
	: >$C/script
	account third
	saw turn
	ok "a token that rotates while colod runs is read for the next question" wait_for 90 is_deleted turn
	ok "which is as promised too" as_promised turn "$(pod_uid turn)"
	ends turn
}

pod_create web Burstable 500 $((64 * MIB))
pod_create calm BestEffort 0 0
ok "an API server" cluster_start
web=$(pids web) calm=$(pids calm) kills=$(oom_kills)
policy
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
answers
others
accepted
refused
rotates
is "$(evictions calm) $(evictions web)" "0 0" "nobody else was asked"
is "$(pids web)" "$web" "the online pod lost no process"
is "$(pids calm)" "$calm" "nor did the offline pod that rests"
is "$(oom_kills)" "$kills" "the kernel killed nobody"
nok "no token is in the journal" eval 'journalctl -b -o json | grep -q very-secret'
nok "nor in what colod answers" eval 'coloctl history --json | grep -q very-secret'
colod_stop
colod_clean
cluster_stop
pods_cleanup
done_testing
