#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a reviewer should not have to look for: clang-format (pinned to 14, each release differs),
# SPDX lines, long files and functions, words and paths that do not belong into a commit.
#
#   check-format.sh RESULT CLANG_FORMAT FILE...     (run from the top)
set -uo pipefail
export LC_ALL=C

result=$1 clang_format=$2
shift 2
files=("$@")
passed=0 skipped=0 lines=()

# rule NAME COMMAND...: the command prints the violations.
rule()
{
	local name=$1 found
	shift
	found=$("$@" 2>&1)
	if [ -z "$found" ]; then
		passed=$((passed + 1))
		echo "ok        $name"
	else
		lines+=("fail: $name")
		echo "not ok    $name"
		sed 's/^/          /' <<<"$found"
	fi
}

# Everything of the tree that is text of ours, whether it is committed already or not.
ours()
{
	find . -xdev \( -path ./.git -o -path ./build -o -name __pycache__ -o -path ./tests/golden/\*/\* \
		-o -path ./tests/fuzz/corpus/\*/\* -o -path ./LICENSE \) -prune -o -type f -print
}

formatted()
{
	local f
	for f in "${files[@]}"; do
		"$clang_format" --dry-run --Werror "$f" >/dev/null 2>&1 || echo "$f (run: make format)"
	done
}

spdx()
{
	local f
	ours | while read -r f; do
		case $f in
		*.json | *.xml | *.md | *.tar.gz | *.plan | *.png | ./.gitignore) continue ;;
		*/expect* | */known-* | */corpus/*) continue ;;
		esac
		head -n 5 "$f" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' || echo "$f"
	done
}

# In C files a comment follows the SPDX line: what the file is for. A unit test's name says it.
purpose()
{
	local f
	for f in "${files[@]}"; do
		[[ $f != tests/unit/test_* ]] || continue
		sed -n 2p "$f" | grep -q '^\(//\|/\*\)' || echo "$f: no word on what it is for"
	done
}

sizes()
{
	local f
	for f in "${files[@]}"; do
		awk -v f="$f" '
			/^{/ { start = NR; name = before }
			/^}/ && start { if (NR - start > 60) print f ":" start ": " NR - start " lines: " name; start = 0 }
			NF { before = $0 }
			END { if (NR > 500) print f ": " NR " lines" }' "$f"
	done
}

words()
{
	# Written apart, so that this file does not find itself.
	local todo='TO''DO|FIX''ME|XX''X|for n''ow'
	# In TAP that word is a directive, which the harness must know in order to refuse it.
	ours | grep -vE '\.(tar\.gz|png)$|/vm/tap\.py$|/12-todo\.sh$' | xargs -d '\n' grep -nIwE "$todo" --
	ours | grep -vE '\.(tar\.gz|png)$' | xargs -d '\n' grep -nIE '/wor''k/(main|shared|notes)|\.\./sha''red' --
	return 0
}

if command -v "$clang_format" >/dev/null; then
	rule "clang-format has nothing to change" formatted
else
	skipped=1
	lines+=("skip: clang-format: $clang_format is not there, and other releases format differently")
fi
rule "every file has its SPDX line" spdx
rule "every C file says what it is for" purpose
rule "functions up to 60 lines, files up to 500" sizes
rule "no word or path that does not belong here" words

failed=$(printf '%s\n' ${lines[@]+"${lines[@]}"} | grep -c '^fail: ')
"$(dirname "$0")/summary" write "$result" $passed "$failed" $skipped ${lines[@]+"${lines[@]}"}
