#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make check-all`: the long companions of `make check`, one after another. What passed is remembered
# with a hash of the sources, so that after an interruption only what is left runs; a part that failed
# runs again.
#
#   check-all.sh O MAKE PART...      (PART x is the target check-x; FRESH=1 forgets what passed)
set -uo pipefail
export LC_ALL=C

here=$(dirname "$0")
out=$1 make=$2
shift 2
dir=$out/check-all
shown=$dir/shown
trap '"$here/give-back.sh" "$out" ${VM_CACHE:+"$VM_CACHE"}' EXIT
trap 'echo "interrupted: the same command goes on from here" >&2; exit 130' INT TERM
# Parts that are long by a variable see it; those of `make check` see it empty.
export LONG=1

# Everything a part is made from, whether committed or not, and what compiles it.
tree_state()
{
	{
		find Makefile agent include policy packaging tests -type f ! -name '*.pyc' -printf '%m %p\n' |
			sort
		find Makefile agent include policy packaging tests -type f ! -name '*.pyc' -print0 |
			sort -z | xargs -0 sha256sum
		echo "${CC:-} ${CFLAGS:-}"
	} | sha256sum | cut -d' ' -f1
}

[ "${FRESH:-}" != 1 ] || rm -rf "$dir"
rm -rf "$shown"
mkdir -p "$dir/passed" "$shown"
before=0
for part in "$@"; do
	state=$(tree_state)
	if [ "$(cat "$dir/passed/$part" 2>/dev/null)" = "$state" ] && [ -f "$dir/$part" ]; then
		before=$((before + 1))
		printf '\n=== %s: passed before with the same sources: %s\n' "$part" \
			"$(awk 'NR == 1 { print $1 " passed, " $3 " skipped" }' "$dir/$part")"
	else
		rm -f "$dir/passed/$part"
		# shellcheck disable=SC2086
		if "$here/summary" part "$dir" "$part" $make --no-print-directory "check-$part" &&
			[ "$(tree_state)" = "$state" ]; then
			echo "$state" >"$dir/passed/$part"
		fi
	fi
	cp "$dir/$part" "$shown/"
done
[ $before -eq 0 ] || printf '\n%s of %s parts passed before and were not run again (FRESH=1 runs all)\n' \
	$before $#
"$here/summary" show "$shown"
