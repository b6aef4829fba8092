#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The demo must be able to fail: the same demo, three rounds, with colod in mode observe, has to end with
# exit code 1 and say that colod was not good enough; everything else of it has to work.
#
#   check-demo.sh RESULT ARGUMENT-OF-demo.py...
set -uo pipefail

here=$(dirname "$0")
result=$1
shift
out=$(mktemp)
trap 'rm -f "$out"' EXIT
DEMO_MODE=observe DEMO_ROUNDS=3 "$here/vm/demo.py" "$@" 2>&1 | tee "$out"
rc=${PIPESTATUS[0]}
if [ "$rc" -eq 1 ] && grep -q 'NOT good enough' "$out" && ! grep -q '^FAILED' "$out"; then
	"$here/summary" write "$result" 1 0 0
	exit 0
fi
"$here/summary" write "$result" 0 1 0 "fail: the demo in mode observe ended with code $rc, not with a clean no"
exit 1
