#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs cmocka programs, prints every test by name and counts what really ran: a program that dies,
# stops early, prints fewer results than its plan or no result at all has failed.
#
#   run-tap.sh RESULT PROGRAM...
set -uo pipefail

here=$(dirname "$0")
result=$1
shift
passed=0 failed=0 skipped=0 lines=()
limit_s=${TEST_LIMIT_S:-120}
tmp=$(mktemp -d)
# Tests that act as another user must be able to reach what they make here.
chmod 711 "$tmp"
trap 'rm -rf "$tmp"' EXIT

fail()
{
	failed=$((failed + 1))
	lines+=("fail: $1")
	printf 'not ok    %s\n' "$1"
}

# Reads the TAP of one program; cmocka 1.1 marks a skip as "not ok N # SKIP name". The reason is the
# line that the test printed before it.
count()
{
	local prog=$1 line planned=0 seen=0 said='' name
	while IFS= read -r line; do
		if [[ $line =~ ^1\.\.([0-9]+) ]]; then
			planned=$((planned + BASH_REMATCH[1]))
		elif [[ $line =~ ^(not\ )?ok\ [0-9]+\ \#\ SKIP\ ?(.*)$ ]]; then
			name=${BASH_REMATCH[2]} seen=$((seen + 1))
			if [ -n "$said" ]; then
				skipped=$((skipped + 1))
				lines+=("skip: $prog: $name: $said")
				printf 'skipped   %s: %s (%s)\n' "$prog" "$name" "$said"
			else
				fail "$prog: $name: skipped, and gives no reason"
			fi
			said=''
		elif [[ $line =~ ^ok\ [0-9]+\ -\ (.*)$ ]]; then
			seen=$((seen + 1)) passed=$((passed + 1))
			printf 'ok        %s: %s\n' "$prog" "${BASH_REMATCH[1]}"
			said=''
		elif [[ $line =~ ^not\ ok\ [0-9]+\ -\ (.*)$ ]]; then
			seen=$((seen + 1))
			fail "$prog: ${BASH_REMATCH[1]}"
			said=''
		elif [[ $line == \#\ ok* || -z $line ]]; then
			:
		else
			said=${line#\# }
		fi
	done <"$tmp/out"
	if [ $planned -eq 0 ]; then
		fail "$prog: printed no plan"
	elif [ $seen -ne $planned ]; then
		fail "$prog: $planned tests planned, $seen reported"
	fi
}

for program in "$@"; do
	prog=${program##*/}
	before=$failed
	CMOCKA_MESSAGE_OUTPUT=TAP TMPDIR=$tmp timeout -k 5 "$limit_s" "$program" >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	count "$prog"
	[ $rc -eq 0 ] || [ $failed -gt "$before" ] ||
		fail "$prog: ended with code $rc though every test passed"
	if [ $failed -gt "$before" ]; then
		grep -vE '^(ok|1\.\.)' "$tmp/out" | head -n 60
		tail -n 60 "$tmp/err"
		[ $rc -ne 124 ] || echo "(killed after $limit_s s)"
	fi
done
[ ${#lines[@]} -gt 0 ] || lines=('')
"$here/summary" write "$result" $passed $failed $skipped "${lines[@]}"
