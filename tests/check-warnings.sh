#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Compiles everything, tests too, with each compiler in a folder of its own, a warning being an error. What
# clang warns of it finds before it optimizes, and needs no debug information for; some of gcc's come from the
# optimizer.
#
#   check-warnings.sh RESULT O MAKE
set -uo pipefail

result=$1 out=$2 make=$3
passed=0 lines=()
declare -A flags=([gcc]="-g0" [clang]="-O0 -g0 -U_FORTIFY_SOURCE")
for cc in gcc clang; do
	# shellcheck disable=SC2086
	if $make --no-print-directory -k O="$out/warn-$cc" CC=$cc WERROR=1 CFLAGS="${flags[$cc]}" objects; then
		passed=$((passed + 1))
		echo "ok        $cc compiles everything without a warning"
	else
		lines+=("fail: $cc")
		echo "not ok    $cc"
	fi
done
"$(dirname "$0")/summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
