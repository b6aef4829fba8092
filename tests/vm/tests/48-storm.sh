#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 360s
# long-budget: 3000s
# profile: small
# title: storms of offline memory beside an online pod: nobody online is killed, the agent waits for no page, the pod that does no harm is left alone, all is undone
#
# The short form is a round each of what tells most, in mode full with the colocation profile as it is shipped, on a node with
# less room, so that it takes seconds: a hog as fast as it can, and a fork bomb. Either is held so well that nobody has to die, or
# killed by the agent: the kernel never has to choose. The long form is a round of every case, and
# three arms of two of them: in mode squeeze nobody may be killed, and then the hold must not keep the hog from growing
# for ever when nothing is left. `make storm` measures; this only counts.
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/storm.sh"

counts() { for key in "$@"; do printf '%s=%s ' "$key" "$(storm_get "$key")"; done; }

one()
{
	local case=$1 arm=$2
	storm_round "$case" "$arm"
	is $? 0 "$case, $arm: a round" || return
	note "$case, $arm: $storm_numbers"
	[ "$arm" != none ] || return 0
	is "$(counts online_killed agent_died majflt undone)" "online_killed=0 agent_died=0 majflt=0 undone=1 " \
		"$case, $arm: nobody online killed, the agent lived and waited for no page of its own, all is undone"
	ok "$case, $arm: the online pod got on with its work" [ "$(storm_get online_n)" -gt 0 ]
}

# A pod that rests may be chosen where those that grow would free nothing, or take little of what is lost.
calm() { is "$(counts calm_killed calm_held)" "calm_killed=0 calm_held=0 " "$1: the offline pod that does no harm was neither killed nor held"; }

if [ -z "${LONG:-}" ]; then
	# In a storm this short not every look knows what grows yet: the one that rests is the smaller one here.
	STORM_TAKEN_MIB=220 STORM_CALM_MIB=20 STORM_SECONDS=12
	for case in hog-max fork; do
		one $case colod && calm $case
		like "$(storm_get kernel_kills) $(storm_get died)" '^0 (-|hog1:agent)$' "$case: the kernel did not have to choose"
	done
else
	for case in hog-20 hog-max; do
		for arm in none squeeze colod; do
			one "$case" "$arm"
			[ "$arm" = none ] || calm "$case"
		done
	done
	for case in hog-5 hog-100 flood map fork; do
		one "$case" colod && calm "$case"
		[[ $case = hog-* || $case = fork ]] || is "$(storm_get died)" - "$case: nobody is killed for page cache"
	done
	for case in hogs-20 tmpfs; do
		one "$case" colod
	done
fi
done_testing
