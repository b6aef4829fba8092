#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# title: what plan --policy lists is what loading that policy then changes, no knob more and none less; planning itself changes nothing; policy why names rule and condition
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

DEFAULT=/usr/lib/colod/policy.d/00-default.yaml
MIB=1048576

take() { knobs_take "$1" "$CG"/kubepods* "$CG/nightly.slice" "$CG/system.slice"; }
status() { coloctl status --json | jq -r ".$1"; }
plan_exit() { coloctl plan --json --policy "$DEFAULT" "$1" >plan.json 2>plan.err; echo $?; }
batch_weight() { knob "$(pod_path batch)" cpu.weight; }
levelled() { [ "$(batch_weight)" = "$1" ]; }

# path=value of each knob that was there before and is another now.
changed() { join -t: -j 1 "$1" "$2" | awk -F: '$2 != $3 { print $1 "=" $3 }' | sort; }
listed()
{
	jq -r --arg cg "$CG" '.changes[] | select(.allowed and (.alike | not) and
		(.kind == "write" or .kind == "restore")) | "\($cg)/\(.cgroup)/\(.knob)=\(.want)"' plan.json | sort
}

setup()
{
	pod_create web Burstable 1000 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((128 * MIB)) pod_create batch Burstable 1000 0
	systemd-run -q --unit nightly-a --slice nightly.slice sleep 600
	colod_facts
	colod_policy protect file:///run/pods.json
	ok "start" colod_start
	ok "levelled" wait_for 30 levelled 1
	ok "systemd has been told" colod_settled
	cat >new.yaml <<-EOF
	version: 1
	mode: squeeze
	facts: {from: "file:///run/pods.json"}
	levels:
	  P4: {io: {weight: 420}}
	assign:
	  - {match: {unit: "nightly.slice"}, level: P7}
	EOF
	cat >undo.yaml <<-EOF
	version: 1
	mode: protect
	facts: {from: "file:///run/pods.json"}
	assign:
	  - {match: {priorityClass: "batch-*"}, level: P4}
	EOF
}

# as_told FILE N WHAT: the list of at least N knobs is what happens when FILE is loaded.
as_told()
{
	local writes
	take before
	writes=$(status writes)
	is "$(plan_exit "$1")" 6 "$3: something would change"
	ok "$3: the answer is whole" jq -e '.good and .changed' plan.json
	ok "$3: its pods are told" jq -e '[.pods[] | select(.level_changes)] | length >= 1' plan.json
	take after
	is "$(diff before after)" "" "$3: planning changed no knob"
	is "$(status writes)" "$writes" "and colod wrote nothing meanwhile"
	listed >told
	ok "$3: at least $2 knobs are listed" [ "$(wc -l <told)" -ge "$2" ]
	cp "$1" "$COLOD_DROPIN"
	ok "$3: loaded" colod_reload
	ok "$3: and told" colod_settled
	take after
	changed before after >happened
	is "$(diff told happened)" "" "$3: exactly what was listed happened"
	is "$(plan_exit "$1")" 0 "$3: now that it is in force it changes nothing"
}

setup
as_told new.yaml 3 "higher mode and a new unit"
as_told undo.yaml 3 "another level, a unit less, a lower mode"
is "$(batch_weight)" 39 "the batch pod has its own weight again"

printf 'version: 1\nmode: sqeeze\n' >bad.yaml
is "$(coloctl plan --policy bad.yaml >out 2>err; echo $?)" 1 "a bad policy is an error"
is "$(cat err)" "$(coloctl policy check bad.yaml 2>&1 >/dev/null)" "told as policy check tells it"

coloctl policy why "$(pod_uid batch)" >why
ok "policy why names the rule with its line" grep -q '90-test.yaml:5' why
is "$(coloctl policy why "$(pod_uid web)" --json | jq -r '.rules[] | select(.file == "90-test.yaml") | "\(.line) \(.outcome): \(.wants), has \(.has)"')" \
	"5 no: priorityClass: batch-*, has none" "what a rule wants and what the pod has"

colod_stop
is "$(plan_exit new.yaml)" 3 "without colod it is not pretended"
systemctl stop nightly-a nightly.slice
colod_clean
pods_cleanup
done_testing
