#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# profile: default
# title: what the node lacks is warned of; a file for labelled nodes waits for labels; a broken file changes nothing and is told; changed files are noticed; the last good policy survives a power cut
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

batch_weight() { knob "$(pod_path batch)" cpu.weight; }
levelled() { [ "$(batch_weight)" = 1 ]; }
status() { coloctl status --json | jq -r ".$1"; }
is_status() { [ "$(status "$1")" = "$2" ]; }

setup()
{
	pod_create web Burstable 1000 0
	POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
	colod_facts
	colod_policy protect file:///run/pods.json
	ok "start" colod_start
	ok "levelled" wait_for 30 levelled
}

broken_in_the_middle()
{
	local digest
	digest=$(status policy_digest)
	cp "$COLOD_DROPIN" /run/good.yaml
	printf 'version: 1\nmode: sqeeze\n' >"$COLOD_DROPIN"
	ok "a broken file is noticed without a reload" wait_for 30 says '90-test.yaml:2:7: '
	like "$(status policy_state)" '^rejected .*the last good policy stays in force' "status says so"
	is "$(status policy_digest)" "$digest" "the last good one stays in force"
	ok "and the value" levelled
	is "$(coloctl policy check >/dev/null 2>&1; echo $?)" 1 "policy check says the same"
	cp /run/good.yaml "$COLOD_DROPIN"
	ok "a mended file is noticed too" wait_for 30 is_status policy_state ok
}

# What a power cut may leave: a drop-in without a byte, and a kept policy without its end. 43-power-cut has the
# drop-in that is half there.
after_a_power_cut()
{
	ok "the policy is kept" grep -q '^# whole: ' /var/lib/colod/last-good.yaml
	systemctl stop colod
	is "$(batch_weight)" 39 "stopped: the value is back"
	: >"$COLOD_DROPIN"
	ok "start with an empty drop-in" colod_start
	ok "the last good policy is in force" wait_for 30 levelled
	like "$(status policy_state)" '^rejected' "and status tells what is wrong"
	systemctl stop colod
	truncate -s -5 /var/lib/colod/last-good.yaml
	ok "start with the kept one cut, too" colod_start
	ok "then it only observes" wait_for 30 is_status mode observe
	is "$(batch_weight)" 39 "and writes nothing"
	cp /run/good.yaml "$COLOD_DROPIN"
	ok "mended" wait_for 30 levelled
}

# Nobody tells this node's labels but the file of an admin.
labelled()
{
	printf 'version: 1\nnodes: {label: pool=batch}\nmode: observe\n' >/etc/colod/policy.d/95-pool.yaml
	ok "a file for labelled nodes: the policy waits" wait_for 30 sh -c 'coloctl status | grep -q "waiting: waits for the labels"'
	is "$(status mode)" protect "what was in force stays"
	ok "and the value" levelled
	echo pool=db >/etc/colod/node-labels
	ok "another pool: it is in force without that file" wait_for 30 is_status policy_state ok
	is "$(status mode)" protect "and nothing else changed"
	echo pool=batch >/etc/colod/node-labels
	ok "this pool: the file holds" wait_for 30 is_status mode observe
	rm /etc/colod/policy.d/95-pool.yaml /etc/colod/node-labels
	ok "gone again" wait_for 30 levelled
}

# Of this kernel: iocost is off on a fresh disk, and both the agent and the check say so.
lacking()
{
	ok "policy check is for this node" sh -c 'coloctl policy check 2>&1 | grep -q "checked for this node and its kernel$"'
	like "$(coloctl policy check 2>&1)" 'this node lacks io-(cost|weight)\. Without it: ' "it names what the node lacks"
	is "$(coloctl policy check >/dev/null 2>&1; echo $?)" 0 "which is no mistake"
	is "$(coloctl policy check --json | jq '[.messages[] | select(.about_node)] | length')" "$(status policy_lacks)" \
		"the agent counts the same"
	is "$(coloctl policy check --node none 2>&1 | grep -c 'this node lacks')" 0 "for no node it is not said"
}

masked()
{
	ln -sf /dev/null /run/colod/policy.d/90-test.yaml 2>/dev/null ||
		{ mkdir -p /run/colod/policy.d && ln -s /dev/null /run/colod/policy.d/90-test.yaml; }
	ok "a link to /dev/null hides the drop-in" wait_for 30 is_status mode observe
	rm -r /run/colod/policy.d
	ok "and no longer" wait_for 30 is_status mode protect
	printf 'version: 1\nnodes: {host: "no-such-host"}\nmode: off\n' >/etc/colod/policy.d/95-others.yaml
	ok "a file for other hosts is no error" wait_for 30 sh -c 'coloctl policy show | grep -q "left out on this node"'
	is "$(status mode)" protect "and changes nothing"
	rm /etc/colod/policy.d/95-others.yaml
}

setup
labelled
lacking
broken_in_the_middle
after_a_power_cut
masked
colod_clean
pods_cleanup
done_testing
