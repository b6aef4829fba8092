#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs cmocka programs, prints every test by name and counts what really ran: a program that dies,
# stops early, prints fewer results than its plan or no result at all has failed.
#
#   run-tap.sh RESULT PROGRAM...
#
# As many at a time as there are CPUs (TEST_JOBS), told of in their order.
set -uo pipefail

here=$(dirname "$0")
result=$1
shift
passed=0 failed=0 skipped=0 lines=()
limit_s=${TEST_LIMIT_S:-120}
jobs=${TEST_JOBS:-$(nproc)}
# Tests make many small files: where there is room in memory, that takes a tenth of the time.
shm=$(df -P /dev/shm 2>/dev/null | awk 'NR == 2 && $4 > 512 * 1024 { print $6 }')
tmp=$(mktemp -d -p "${TEST_TMP:-${shm:-${TMPDIR:-/tmp}}}")
# Tests that act as another user must be able to reach what they make here.
chmod 711 "$tmp"
# Whoever ends this also ends what it started: a background program gets no Ctrl-C.
trap 'running=$(jobs -pr); [ -z "$running" ] || kill $running; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

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
	done <"$2"
	if [ $planned -eq 0 ]; then
		fail "$prog: printed no plan"
	elif [ $seen -ne $planned ]; then
		fail "$prog: $planned tests planned, $seen reported"
	fi
}

programs=("$@") pids=()

start()
{
	local i=${#pids[@]}
	[ "$i" -lt ${#programs[@]} ] || return 0
	CMOCKA_MESSAGE_OUTPUT=TAP TMPDIR=$tmp timeout -k 5 "$limit_s" "${programs[i]}" \
		>"$tmp/$i.out" 2>"$tmp/$i.err" </dev/null &
	pids+=($!)
}

for ((i = 0; i < jobs; i++)); do start; done
for i in "${!programs[@]}"; do
	prog=${programs[i]##*/}
	before=$failed
	wait "${pids[i]}"
	rc=$?
	start
	count "$prog" "$tmp/$i.out"
	[ $rc -eq 0 ] || [ $failed -gt "$before" ] ||
		fail "$prog: ended with code $rc though every test passed"
	if [ $failed -gt "$before" ]; then
		grep -vE '^(ok|1\.\.)' "$tmp/$i.out" | head -n 60
		tail -n 60 "$tmp/$i.err"
		[ $rc -ne 124 ] || echo "(killed after $limit_s s)"
	fi
	rm "$tmp/$i.out" "$tmp/$i.err"
done
[ ${#lines[@]} -gt 0 ] || lines=('')
"$here/summary" write "$result" $passed $failed $skipped "${lines[@]}"
