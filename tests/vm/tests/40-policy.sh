#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# long-budget: 600s
# profile: default
# title: reloads under churn take no pod's level and flap no knob; a broken file changes nothing and is told; changed files are noticed; the last good policy survives a power cut
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

RELOADS=${LONG:+200}
RELOADS=${RELOADS:-20}

batch_weight() { knob "$(pod_path batch)" cpu.weight; }
levelled() { [ "$(batch_weight)" = 1 ]; }
status() { coloctl status --json | jq -r ".$1"; }
is_status() { [ "$(status "$1")" = "$2" ]; }
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(unit_pid colod)/status"; }
without_level() { coloctl pods --json | jq '[.[] | select(.level == null and .state != "waiting")] | length'; }

setup()
{
	pod_create web Burstable 1000 0
	POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
	colod_facts
	colod_policy protect file:///run/pods.json
	ok "start" colod_start
	ok "levelled" wait_for 15 levelled
}

# The same policy in other words, again and again, while cgroups of pods come and go.
reload_under_churn()
{
	local i before after cursor digest flaps=0 uncovered=0 dir
	digest=$(status policy_digest)
	like "$digest" '^[0-9a-f]{16}$' "the policy has a digest"
	for i in 1 2 3; do colod_reload; done
	before=$(rss_kb)
	cursor=$(journalctl -q -u colod -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
	for i in $(seq "$RELOADS"); do
		echo "# $i" >>"$COLOD_DROPIN"
		dir=$CG/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod$(printf '%08d' "$i")_0000_4000_8000_000000000000.slice
		mkdir -p "$dir"
		colod_reload || flaps=$((flaps + 100))
		levelled || flaps=$((flaps + 1))
		[ $((i % 10)) -ne 0 ] || uncovered=$((uncovered + $(without_level)))
		rmdir "$dir"
	done
	after=$(rss_kb)
	note "$RELOADS reloads: RSS $before kB before, $after kB after"
	is "$flaps" 0 "no reload failed, and the value stayed through all of them"
	is "$uncovered" 0 "no pod was without its level"
	is "$(journalctl -q -u colod -o cat --after-cursor "$cursor" | grep -c "$(basename "$(pod_path batch)").*cpu.weight .*→")" 0 \
		"nothing was written to a pod that stayed"
	ok "memory does not grow" [ "$after" -le $((before + 1024)) ]
	is "$(status policy_digest)" "$digest" "the digest is that of the meaning"
}

broken_in_the_middle()
{
	local digest
	digest=$(status policy_digest)
	cp "$COLOD_DROPIN" /run/good.yaml
	printf 'version: 1\nmode: sqeeze\n' >"$COLOD_DROPIN"
	ok "a broken file is noticed without a reload" wait_for 15 says '90-test.yaml:2:7: '
	like "$(status policy_state)" '^rejected .*the last good policy stays in force' "status says so"
	is "$(status policy_digest)" "$digest" "the last good one stays in force"
	ok "and the value" levelled
	is "$(coloctl policy check >/dev/null 2>&1; echo $?)" 1 "policy check says the same"
	cp /run/good.yaml "$COLOD_DROPIN"
	ok "a mended file is noticed too" wait_for 15 is_status policy_state ok
}

# What a power cut may leave of a drop-in: half of it, or a file without a byte.
after_a_power_cut()
{
	local how
	ok "the policy is kept" grep -q '^# whole: ' /var/lib/colod/last-good.yaml
	for how in 30 0; do
		systemctl stop colod
		is "$(batch_weight)" 39 "stopped: the value is back"
		head -c "$how" /run/good.yaml >"$COLOD_DROPIN"
		ok "start with $how bytes of the drop-in" colod_start
		ok "the last good policy is in force" wait_for 15 levelled
		like "$(status policy_state)" '^rejected' "and status tells what is wrong"
	done
	systemctl stop colod
	truncate -s -5 /var/lib/colod/last-good.yaml
	ok "start with the kept one cut, too" colod_start
	ok "then it only observes" wait_for 15 is_status mode observe
	is "$(batch_weight)" 39 "and writes nothing"
	cp /run/good.yaml "$COLOD_DROPIN"
	ok "mended" wait_for 15 levelled
}

masked()
{
	ln -sf /dev/null /run/colod/policy.d/90-test.yaml 2>/dev/null ||
		{ mkdir -p /run/colod/policy.d && ln -s /dev/null /run/colod/policy.d/90-test.yaml; }
	ok "a link to /dev/null hides the drop-in" wait_for 15 is_status mode observe
	rm -r /run/colod/policy.d
	ok "and no longer" wait_for 15 is_status mode protect
	printf 'version: 1\nnodes: {host: "no-such-host"}\nmode: off\n' >/etc/colod/policy.d/95-others.yaml
	ok "a file for other hosts is no error" wait_for 15 sh -c 'coloctl policy show | grep -q "left out on this node"'
	is "$(status mode)" protect "and changes nothing"
	rm /etc/colod/policy.d/95-others.yaml
}

setup
reload_under_churn
broken_in_the_middle
after_a_power_cut
masked
colod_clean
pods_cleanup
done_testing
