#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make check`: every part in turn, the rest goes on when one fails, one summary at the end.
#
#   check.sh O MAKE PART...      (PART x is the target check-x)
set -uo pipefail

here=$(dirname "$0")
out=$1 make=$2
shift 2
results=$out/results
trap '"$here/give-back.sh" "$out" ${VM_CACHE:+"$VM_CACHE"}' EXIT
rm -rf "$results"
mkdir -p "$results"
# A run that is interrupted ends as a whole, not part by part.
trap 'echo "interrupted" >&2; exit 130' INT TERM

for part in "$@"; do
	# shellcheck disable=SC2086
	"$here/summary" part "$results" "$part" $make --no-print-directory "check-$part"
done
"$here/summary" show "$results"
