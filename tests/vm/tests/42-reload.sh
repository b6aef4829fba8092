#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 900s
# profile: default
# core: no
# title: reloaded again and again while pods come and go, no pod loses its level and no knob moves, seen from outside; a broken file in the middle changes nothing; what a power cut leaves starts with the last good policy
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/watch.sh"

RELOADS=200
SAMPLES=/run/levels.log

levelled() { [ "$(knob "$(pod_path batch)" cpu.weight)" = 1 ]; }
status() { coloctl status --json | jq -r ".$1"; }
is_status() { [ "$(status "$1")" = "$2" ]; }
rejected() { status policy_state | grep -q '^rejected'; }
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(unit_pid colod)/status"; }
loaded() { coloctl history --kind policy -n 0 --json | jq '[.. | objects | select(.to? == "loaded")] | length'; }

setup()
{
	pod_create web Burstable 1000 0
	POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
	colod_facts
	colod_policy protect file:///run/pods.json
	ok "start" colod_start
	ok "levelled" wait_for 60 levelled
}

# Pods of crun that come, are told of, and go.
churn()
{
	local i=0
	while [ ! -e /run/churn.end ]; do
		i=$((i + 1))
		POD_PRIORITYCLASS=batch-x pod_create "churn$i" Burstable 100 0
		colod_facts
		pod_delete "churn$i"
		colod_facts
		echo "$i" >/run/churn.n
	done
}

# What colod says of the two pods that stay, over and over.
sample_levels()
{
	while [ ! -e /run/churn.end ]; do
		coloctl pods --json | jq -r '[.[] | select(.name == "default/web" or .name == "default/batch")
			| "\(.name) \(.state) \(.level)"] | sort | join(", ")'
	done >>$SAMPLES
}

reload_once()
{
	echo "# $1" >>"$COLOD_DROPIN"
	if [ $(($1 % 2)) -eq 0 ]; then
		colod_reload
	else
		busctl call -q io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager Reload
	fi
}

broken_in_the_middle()
{
	local digest
	digest=$(status policy_digest)
	cp "$COLOD_DROPIN" /run/good.yaml
	printf 'version: 1\nmode: sqeeze\n' >"$COLOD_DROPIN"
	ok "in the middle, a broken file: the reload is answered" colod_reload
	ok "and status says so" wait_for 60 rejected
	like "$(status policy_state)" 'the last good policy stays in force' "what stays in force, too"
	ok "the journal has the place" wait_for 60 says '90-test.yaml:2:7: '
	is "$(status policy_digest)" "$digest" "the last good one stays"
	cp /run/good.yaml "$COLOD_DROPIN"
}

reload_under_churn()
{
	local i failed=0 before after first
	for i in 1 2 3 4; do reload_once "$i"; done
	rm -f /run/churn.end /run/churn.n $SAMPLES
	first=$(loaded)
	ok "systemd has been told" wait_for 60 colod_told
	watch_start "$(pod_path web)" "$(pod_path batch)"
	churn >/run/churn.log 2>&1 &
	local churner=$!
	sample_levels &
	local sampler=$!
	before=$(rss_kb)
	for i in $(seq "$RELOADS"); do
		reload_once "$i" || failed=$((failed + 1))
		[ "$i" -ne $((RELOADS / 2)) ] || broken_in_the_middle
	done
	ok "the last reload is in force" wait_for 60 is_status policy_state ok
	after=$(rss_kb)
	touch /run/churn.end
	wait $churner $sampler
	note "$RELOADS reloads ($(($(loaded) - first)) loaded) while $(cat /run/churn.n) pods came and went: RSS $before kB, then $after kB"
	is "$failed" 0 "no reload failed"
	is "$(watch_changes)" "" "no knob of a pod that stays was written"
	watch_stop "reloads"
	note "levels: $(sort $SAMPLES | uniq -c)"
	is "$(sort -u $SAMPLES)" "default/batch levelled P7, default/web levelled P4" "no pod was ever without its level"
	ok "memory does not grow" [ "$after" -le $((before + 1024)) ]
	ok "the agent that started runs" [ "$(systemctl show -p NRestarts --value colod)" = 0 ]
	nok "churn failed nowhere" grep -i 'failed\|error' /run/churn.log
}

# The machine of this test boots once. What a power cut leaves, piece by piece: an agent that neither
# stopped nor was waited for, half of a drop-in, half of a file it was just writing, an empty /run/colod and
# cgroups that are new.
power_cut()
{
	local half
	ok "the policy is kept" grep -q '^# whole: ' /var/lib/colod/last-good.yaml
	systemctl stop colod
	colod 2>/run/by-hand.log &
	local hand=$!
	ok "an agent nobody restarts" wait_for 60 levelled
	head -c 30 /run/good.yaml >"$COLOD_DROPIN"
	kill -KILL $hand
	wait $hand 2>/dev/null
	half=$(($(stat -c %s /var/lib/colod/last-good.yaml) / 2))
	head -c $half /var/lib/colod/last-good.yaml >/var/lib/colod/last-good.yaml.new
	rm -rf /run/colod/*
	pod_delete web; pod_delete batch
	pod_create web Burstable 1000 0
	POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
	colod_facts
	is "$(knob "$(pod_path batch)" cpu.weight)" 39 "the cut: new cgroups"
	ok "start with half a drop-in" colod_start
	ok "the last good policy is in force" wait_for 60 levelled
	ok "and status tells what is wrong" wait_for 60 rejected
	is "$(status mode)" protect "in the mode of before"
	is "$(systemctl show -p NRestarts --value colod)" 0 "the service did not fail"
	cp /run/good.yaml "$COLOD_DROPIN"
	ok "mended" wait_for 60 is_status policy_state ok
	ok "levelled" levelled
	rm -f /run/by-hand.log
}

setup
reload_under_churn
power_cut
rm -f /run/churn.* $SAMPLES /run/good.yaml
colod_clean
pods_cleanup
done_testing
