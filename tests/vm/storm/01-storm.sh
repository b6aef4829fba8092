#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 36000s
# profile: storm swap
# title: offline work that fills a small node beside an online pod: who dies, by whom, and what the online pod waits
#
# The guest's part of `make storm` (bench_storm.py is the host's; guest/storm.sh makes a round). Rounds come outermost, so
# that a run that is interrupted has measured all cases and arms about equally often.
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/loads.sh"
. "$VM/guest/cluster.sh"
. "$VM/guest/bench.sh"
. "$VM/guest/storm.sh"

# The rows of a kind of swap are a part of their own.
PART=$STORM_SWAP
: "${BENCH_CASES:=$(storm_cases)}" "${BENCH_ARMS:=none colod systemd-oomd oomd}"
read -ra arms <<<"$BENCH_ARMS"

# What could not be measured is said, and the next one is tried: a storm may take anything with it.
one_arm()
{
	storm_round_name=$1
	# A node that is lost in it cannot say so.
	note "begins: $PART $BENCH_CASE $2 $1"
	if storm_round "$BENCH_CASE" "$2"; then
		# shellcheck disable=SC2086 # words
		row_json "$BENCH_CASE" "$2" "$1" $storm_numbers
	else
		missing+=" $BENCH_CASE/$2/$1"
	fi
}

# What carries the rows out of the guest is no part of the node: the kernel was seen to take it.
while read -r pid; do
	echo -1000 >"/proc/$pid/oom_score_adj"
done <"$CG/system.slice/colod-vm.service/cgroup.procs"

missing=
ok "swap: $STORM_SWAP" storm_swap "$STORM_SWAP"
for n in $(seq 1 "$BENCH_ROUNDS"); do
	for BENCH_CASE in $BENCH_CASES; do
		bench_round "$n" one_arm
	done
done
is "$missing" "" "all rounds were measured"
ok "swap is off again" storm_swap_end "$STORM_SWAP"
done_testing
