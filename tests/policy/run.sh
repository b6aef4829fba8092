#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Policies that people might write, each named for what is wrong with it (bad/) or for what it shows
# (good/, and the shipped profiles): `coloctl policy check` must say exactly what NAME.expect holds, and of
# a good one `coloctl policy show` must print what follows there: for no node, which is the same on every
# machine. All of them are made.
#
#   run.sh RESULT COLOCTL       compare
#   run.sh --bless COLOCTL      write the .expect files anew; read the diff before you commit it
set -uo pipefail
export LC_ALL=C COLUMNS=120

here=$(cd "$(dirname "$0")" && pwd)
result=$1 coloctl=$(realpath "$2")
[ "$result" != --bless ] || result=
passed=0 lines=()

# said DIR FILE: what people read, messages first, then the exit code; of a good one the policy
said()
{
	local rc
	cd "$1" || return
	"$coloctl" policy check --node none "$2" 2>&1
	rc=$?
	echo "-- exit code $rc"
	[ "$rc" -ne 0 ] || "$coloctl" policy show --node none "$2" 2>&1
}

# compare NAME DIR FILE CODE: CODE is the exit code that is due
compare()
{
	local got expect=$here/$1.expect
	got=$(said "$2" "$3")
	if [ -z "$result" ]; then
		printf '%s\n' "$got" >"$expect"
		return
	fi
	if ! grep -qx -- "-- exit code $4" <<<"$got"; then
		lines+=("fail: $1: is not $4")
	elif [ "$got" != "$(cat "$expect" 2>/dev/null)" ]; then
		lines+=("fail: $1")
		diff -u "$expect" - <<<"$got" | head -20
	else
		passed=$((passed + 1))
		echo "ok        $1"
		return
	fi
	echo "not ok    $1"
}

for f in "$here"/bad/*.yaml; do
	compare "bad/$(basename "$f" .yaml)" "$here/bad" "$(basename "$f")" 1
done
for f in "$here"/good/*.yaml; do
	compare "good/$(basename "$f" .yaml)" "$here/good" "$(basename "$f")" 0
done
for f in "$here"/../../policy/profiles/*.yaml; do
	compare "good/profile-$(basename "$f" .yaml)" "$here/../../policy/profiles" "$(basename "$f")" 0
done
# A file without its expectation, or one that stayed behind.
for f in "$here"/*/*.expect; do
	name=$(basename "$f" .expect)
	[ -f "${f%.expect}.yaml" ] || [ -f "$here/../../policy/profiles/${name#profile-}.yaml" ] ||
		{ lines+=("fail: $name.expect belongs to no policy"); echo "not ok    $name.expect belongs to no policy"; }
done
[ -z "$result" ] || exec "$here/../summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
