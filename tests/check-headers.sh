#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Compiles each header as a file of its own: what it needs, it includes.
#
#   check-headers.sh RESULT COMPILER FLAG... -- HEADER...
set -uo pipefail

result=$1
shift
compile=()
while [ "$1" != -- ]; do compile+=("$1"); shift; done
shift
passed=0 lines=()
for header in "$@"; do
	# Included from a file, so that #pragma once is at home; twice, so that it is needed.
	if printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
		"${compile[@]}" -fsyntax-only -x c -; then
		passed=$((passed + 1))
	else
		echo "not ok    $header"
		lines+=("fail: $header")
	fi
done
echo "ok        $passed of $# headers compile alone"
"$(dirname "$0")/summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
