#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs tests/vm/run.py and hands its sums on to tests/summary. Booting needs root for nothing but
# building a guest root; run.py says so itself.
#
#   run-vm.sh RESULT ARGUMENT-OF-run.py...
set -uo pipefail

here=$(dirname "$0")
result=$1
shift
out=$(mktemp)
trap 'rm -f "$out"' EXIT
rm -f "$result"
"$here/vm/run.py" "$@" 2>&1 | tee "$out"
rc=${PIPESTATUS[0]}
sums=$(tail -n 1 "$out" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p')
if [ -n "$sums" ]; then
	mkdir -p "$(dirname "$result")"
	{
		echo "$sums"
		sed -nE 's/^FAILED (.*)$/fail: \1/p; s/^skipped ([^:]*: .*)$/skip: \1/p' "$out"
	} >"$result"
fi
exit "$rc"
