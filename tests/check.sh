#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make check`: every part in turn, the rest goes on when one fails, one summary at the end.
#
#   check.sh O MAKE PART... [--beside PART...]      (PART x is the target check-x)
#
# Beside the part vm, which leaves a third of two CPUs idle, run those parts that no clock decides. They
# get only what it leaves, so that it hardly notices, and are shown when it has ended.
set -uo pipefail

here=$(dirname "$0")
out=$1 make=$2
shift 2
results=$out/results
parts=() beside=()
while [ $# -gt 0 ] && [ "$1" != --beside ]; do parts+=("$1"); shift; done
[ $# -eq 0 ] || beside=("${@:2}")
# Where there is no such part they run in their turn.
[[ " ${parts[*]} " == *" vm "* ]] || { parts+=("${beside[@]}"); beside=(); }
other=
trap '[ -z "$other" ] || kill -- "-$other"; "$here/give-back.sh" "$out" ${VM_CACHE:+"$VM_CACHE"}' EXIT
rm -rf "$results"
mkdir -p "$results"
# A run that is interrupted ends as a whole, not part by part.
trap 'echo "interrupted" >&2; exit 130' INT TERM

run()
{
	local part
	for part in "$@"; do
		# shellcheck disable=SC2086
		"$here/summary" part "$results" "$part" $make --no-print-directory "check-$part"
	done
}

start_beside()
{
	[ ${#beside[@]} -gt 0 ] || return
	echo "beside it, and shown after it: ${beside[*]}"
	# In a process group of its own, to be ended as a whole.
	set -m
	{
		chrt --idle -p 0 $BASHPID || renice -n 19 -p $BASHPID
		trap - EXIT INT TERM
		run "${beside[@]}"
	} >"$results/beside.log" 2>&1 </dev/null &
	other=$!
	set +m
}

for part in "${parts[@]}"; do
	[ "$part" != vm ] || start_beside
	run "$part"
done
if [ -n "$other" ]; then
	wait "$other"
	other=
	cat "$results/beside.log"
	for part in "${beside[@]}"; do
		[ -f "$results/$part" ] ||
			"$here/summary" write "$results/$part" 0 1 0 "fail: $part: came to no end"
	done
fi
"$here/summary" show "$results"
