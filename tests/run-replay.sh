#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Replays the committed corpora: each file, and each file cut short, through the fuzz target's own
# entry point, in a build with sanitizers.
#
#   run-replay.sh RESULT PROGRAM...     (PROGRAM replay_X reads tests/fuzz/corpus/X)
set -uo pipefail

here=$(dirname "$0")
result=$1
shift
passed=0 lines=()
for program in "$@"; do
	name=${program##*/replay_}
	corpus=$here/fuzz/corpus/$name
	n=$(find "$corpus" -type f 2>/dev/null | wc -l)
	if [ "$n" -eq 0 ]; then
		echo "not ok    $name: no corpus in $corpus"
		lines+=("fail: $name: no corpus")
	elif timeout -k 5 300 "$program" "$corpus"; then
		passed=$((passed + n))
		echo "ok        $name: $n inputs"
	else
		echo "not ok    $name"
		lines+=("fail: $name")
	fi
done
"$here/summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
