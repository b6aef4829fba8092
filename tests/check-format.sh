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
	"$clang_format" --dry-run --Werror "${files[@]}" 2>&1 |
		sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error: .*/\1 (run: make format)/p' | sort -u
}

spdx()
{
	local f rest=()
	while read -r f; do
		case $f in
		*.json | *.xml | *.md | *.tar.gz | *.record | *.record.gz | *.plan | *.png | ./.gitignore) continue ;;
		*/expect* | */corpus/* | */fixtures/* | ./tests/policy/bad/* | ./tests/policy/good/*) continue ;;
		esac
		rest+=("$f")
	done < <(ours)
	awk 'FNR <= 5 && /SPDX-License-Identifier: LGPL-2.1-or-later/ { good[FILENAME] = 1 }
		END { for (i = 1; i < ARGC; i++) if (!good[ARGV[i]]) print ARGV[i] }' "${rest[@]}"
}

# In C files a comment follows the SPDX line: what the file is for. A unit test's name says it.
purpose()
{
	awk 'FNR == 2 && FILENAME !~ /^tests\/unit\/test_/ && !/^(\/\/|\/\*)/ {
		print FILENAME ": no word on what it is for" }' "${files[@]}"
}

sizes()
{
	awk 'FNR == 1 { start = 0 }
		/^{/ { start = FNR; name = before }
		/^}/ && start {
			if (FNR - start > 60) print FILENAME ":" start ": " FNR - start " lines: " name
			start = 0
		}
		NF { before = $0 }
		FNR == 501 { print FILENAME ": over 500 lines" }' "${files[@]}"
}

# Run seldom, and broken by any change of the line.
mutants() { [ ! -e tests/mutants/list ] || python3 tests/mutants/run.py --list; }

words()
{
	# Written apart, so that this file does not find itself.
	local todo='TO''DO|FIX''ME|XX''X|for n''ow'
	# In TAP that word is a directive, which the harness must know in order to refuse it.
	ours | grep -vE '\.(tar\.gz|png)$|/vm/tap\.py$|/12-todo\.sh$' | xargs -d '\n' grep -nIwE "$todo" --
	ours | grep -vE '\.(tar\.gz|png)$' | xargs -d '\n' grep -nIE '/wor''k/(main|shared|notes)|\.\./sha''red' -- |
		grep -v '^\./Makefile:[0-9]*:export COLOD_SHARED_DATA ?= ' # data for a test that may be absent
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
rule "every mutant of the list fits its source" mutants
rule "no word or path that does not belong here" words

failed=$(printf '%s\n' ${lines[@]+"${lines[@]}"} | grep -c '^fail: ')
"$(dirname "$0")/summary" write "$result" $passed "$failed" $skipped ${lines[@]+"${lines[@]}"}
