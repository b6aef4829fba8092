#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 3000s
# profile: small
# title: a pod that is made anew on the node each time it was evicted: 50 times within the limits and never beyond, over an agent that is killed; the taint and the floor for the cool-down and no longer
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"
. "$VM/guest/cluster.sh"

MIB=$((1024 * 1024))
TIMES=50
REST_MS=6000

status() { coloctl status --json | jq -r "$1"; }
why_nobody() { status .evict.why_nobody | grep -q "$1"; }
quota() { cat "$(pod_path "$1")/cpu.max"; }
is_held() { [ "$(cut -d' ' -f1 "$(pod_path "$1")/cpu.max")" != max ]; }
is_free() { [ "$(cut -d' ' -f1 "$(pod_path "$1")/cpu.max")" = max ]; }

policy()
{
	mkdir -p /etc/colod/policy.d
	cat >"$COLOD_DROPIN" <<-END
		version: 1
		mode: full
		facts: {from: "file://$C/pods.json"}
		levels: {P7: {role: offline, memory: {high: none}}}
		pressure: [{when: memory.some of online > 10% over 1s, do: [evict]}]
		evict: {by: [kubernetes], grace: 20s, cooldown: $((REST_MS / 1000))s, per-hour: $TIMES, taint: true}
	END
}

# As a Job's controller does: another name, another UID, the same owner.
comes_back()
{
	POD_OWNER_KIND=Job growing_pod "$1" 4 && cluster_pods
}

# When the server was asked, in ms: for evictions of any pod.
asked_ms() { jq -r 'select(.path | endswith("/eviction")) | .at_ms' $C/log; }

# `comes_back`, asked, deleted, gone; what is not as it should be is a line of output.
one_round()
{
	local name=train-1-$1 before
	comes_back "$name" || echo "$name: cannot be made"
	[ "$1" -eq 10001 ] || wait_for 30 is_held "$name" || echo "$name: starts with a quota of $(quota "$name")"
	touch "$PODS_SHARE/go-$name"
	wait_for 120 is_deleted "$name" || { echo "$name: not evicted: $(status '.evict | tostring')"; return 1; }
	[ "$(evictions "$name")" = 1 ] || echo "$name: asked $(evictions "$name") times"
	wait_for 20 tainted || echo "$name: no taint"
	[ "$1" -ne 10020 ] || { before=$(agent); systemctl kill -s KILL --kill-whom=main colod; wait_for 30 is_another "$before"; } || echo "$name: no next agent"
	kubelet_ends "$name"
	rm -f "$PODS_SHARE/go-$name"
}

rounds()
{
	local i
	for ((i = 1; i <= TIMES; i++)); do
		one_round $((10000 + i)) || return 1
	done
}

# The one after the last that may go: it grows until the limit is said, and then rests.
one_too_many()
{
	local name=train-1-back
	comes_back "$name"
	ok "it comes back once more, and is held" wait_for 30 is_held "$name"
	touch "$PODS_SHARE/go-$name"
	ok "the limit of the hour refuses, and says so" wait_for 90 why_nobody "evict.per-hour allows no more in this hour"
	rm -f "$PODS_SHARE/go-$name"
	is "$(status .evict.in_hour)" "$TIMES" "status counts all, also those before the agent died"
	is "$(evictions "$name")" 0 "nobody is asked any more"
}

cool_down()
{
	local last first_off
	ok "the taint is up" tainted
	ok "and goes when the cool-down is over" wait_for 330 eval '! tainted'
	ok "and so does the quota of who came back" wait_for 20 is_free train-1-back
	last=$(asked_ms | tail -n 1)
	first_off=$(jq -r 'select(.method == "PATCH" and (.body.spec.taints // [] | any(.key == "colod.io/pressure") | not)) | .at_ms' $C/log | head -n 1)
	note "it went $(((first_off - last) / 1000)) s after the last eviction"
	ok "not before five minutes were over" [ $((first_off - last)) -ge 300000 ]
}

pod_create web Burstable 500 $((64 * MIB))
pod_create calm BestEffort 0 0 python3 -c "
kept = b'x' * (40 << 20)
open('/share/calm', 'w').close()
import time
while True:
    time.sleep(1)"
wait_for 90 test -e "$PODS_SHARE/calm"
ok "an API server" cluster_start
web=$(pids web) calm=$(pids calm) kills=$(oom_kills)
policy
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
colod_next_pass
is "$(rounds)" "" "each time it is asked once, deleted, the taint is up, and it starts with its CPU held"
is "$(asked_ms | wc -l)" "$TIMES" "so many went, and nobody else"
gaps=$(asked_ms | awk 'NR > 1 { print $1 - last } { last = $1 }' | sort -n | tr '\n' ' ')
note "ms between them: $gaps"
ok "never two within the rest between them" [ "${gaps%% *}" -ge $REST_MS ]
one_too_many
cool_down
is "$(evictions calm) $(evictions web)" "0 0" "nobody else was ever asked"
is "$(pids web)" "$web" "the online pod lost no process"
is "$(pids calm)" "$calm" "nor did the offline pod that rests"
is "$(oom_kills)" "$kills" "the kernel killed nobody"
colod_stop
colod_clean
cluster_stop
pods_cleanup
done_testing
