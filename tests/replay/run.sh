#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Replays the committed series and compares what is decided with what is expected. A case is a directory with
#
#     series.record   what was seen (policy/record.h): recorded, or made by make.py; or series.record.gz, of a recording
#                     that is large and has steps of its own: of those only the turns are expected once more
#     expect.steps    what colod --replay prints of it
#     note.md         begins with `recorded` or `made`, and says what the case shows
#
# A recorded series also holds the steps of its own day: the replay must find them, byte for byte.
#
#     run.sh RESULT COLOD [CASE...]
#     run.sh --bless COLOD [CASE...]     writes expect.steps; read the diff before you commit it
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
result=$1 colod=$2
shift 2
[ "$result" != --bless ] || result=
passed=0 lines=()
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok() { passed=$((passed + 1)); echo "ok        $1"; }
fail() { lines+=("fail: $1"); echo "not ok    $1"; }

run_case()
{
	local name=$1 dir=$here/$1 rc=0 series
	if ! head -n 1 "$dir/note.md" 2>/dev/null | grep -qE '^(recorded|made)\b'; then
		fail "$name: note.md must begin with 'recorded' or 'made'"
		return
	fi
	series=$dir/series.record
	if [ -e "$series.gz" ]; then
		gzip -dc "$series.gz" >"$tmp/series"
		series=$tmp/series
	fi
	"$colod" --replay "$series" >"$tmp/steps" 2>"$tmp/messages" </dev/null || rc=$?
	[ "$series" = "$dir/series.record" ] || sed -i -E '/^  (scores|plan|unplan|reclaim) /d' "$tmp/steps"
	if [ -z "$result" ]; then
		cp "$tmp/steps" "$dir/expect.steps"
		ok "$name: written"
		return
	fi
	if [ $rc -ne 0 ]; then
		cat "$tmp/messages"
		fail "$name: ended with code $rc"
	elif ! diff -u --label "$name/expect.steps" --label "what colod decides" "$dir/expect.steps" "$tmp/steps"; then
		fail "$name: the steps differ"
	else
		ok "$name: $(tail -n 1 "$tmp/steps")"
	fi
}

cases=("$@")
if [ ${#cases[@]} -eq 0 ]; then
	mapfile -t cases < <(find "$here" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
	if python3 "$here/make.py" --check; then
		ok "the made series are what make.py makes"
	else
		fail "a made series is not what make.py makes"
	fi
fi
for name in "${cases[@]}"; do
	run_case "$name"
done
if [ -n "$result" ]; then
	"$here/../summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
else
	[ ${#lines[@]} -eq 0 ]
fi
