#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests of the checks: each one is shown a violation in a copy of the tree and must catch that one.
# A check that nothing can fail would be worse than none.
#
#   check-selftest.sh RESULT MAKE     (run from the top)
set -uo pipefail
export LC_ALL=C

result=$1
read -ra make <<<"$2"
passed=0 lines=()
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
copy=$tmp/tree
# The parts started here report into the copy.
unset RESULT
unset MAKEFLAGS MAKELEVEL MFLAGS

ok()
{
	passed=$((passed + 1))
	echo "ok        $1"
}

fail()
{
	lines+=("fail: $1")
	echo "not ok    $1"
	sed 's/^/          /' "$tmp/out" | tail -n 20
}

# caught WHAT TEXT CODE: the last run failed, and because of TEXT.
caught()
{
	if [ "$3" -ne 0 ] && grep -qF -- "$2" "$tmp/out"; then ok "caught: $1"; else fail "caught: $1"; fi
}

fresh()
{
	rm -rf "$copy"
	mkdir "$copy"
	cp -a Makefile .clang-format LICENSE include policy agent packaging "$copy/"
	mkdir -p "$copy/tests"
	find tests -mindepth 1 -maxdepth 1 ! -name vm ! -name golden -exec cp -a {} "$copy/tests/" \;
}

target()
{
	"${make[@]}" -C "$copy" --no-print-directory O="$copy/out" RESULT="$tmp/result" "$@" >"$tmp/out" 2>&1
}

# layers WHAT RULE FILE TEXT: appends TEXT to FILE and expects just this rule to be broken.
layers()
{
	local what=$1 rule=$2 file=$copy/$3 existed=0 rc=0
	[ ! -e "$file" ] || existed=1
	cp "$file" "$tmp/saved" 2>/dev/null
	printf '%s\n' "$4" >>"$file"
	target check-layers || rc=$?
	grep '^not ok' "$tmp/out" | grep -vxFf "$tmp/baseline" >"$tmp/broken"
	if [ $rc -ne 0 ] && [ "$(cat "$tmp/broken")" = "not ok    $rule" ]; then
		ok "caught: $what"
	else
		fail "caught: $what"
	fi
	if [ $existed -eq 1 ]; then cp "$tmp/saved" "$file"; else rm -f "$file"; fi
}

layer_rules()
{
	local symbols="policy/ links only against what tests/layers.allow names"
	local data="policy/ has no static data that can be written"
	local writers="each knob is written by exactly one file"
	fresh
	target check-layers
	grep '^not ok' "$tmp/out" >"$tmp/baseline"
	layers "a clock in policy/" "$symbols" policy/planted.c \
		$'#include <time.h>\nlong planted(void);\nlong planted(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec; }'
	layers "a file that policy/ opens" "$symbols" policy/planted.c \
		$'#include <stdio.h>\nvoid *planted(void);\nvoid *planted(void) { return fopen("/proc/stat", "re"); }'
	layers "libyaml reading from a file in policy/" "$symbols" policy/planted.c \
		$'#include <yaml.h>\nvoid planted(yaml_parser_t *p, FILE *f);\nvoid planted(yaml_parser_t *p, FILE *f) { yaml_parser_set_input_file(p, f); }'
	layers "a static variable in policy/" "$data" policy/planted.c \
		$'int planted(void);\nint planted(void) { static int n; return ++n; }'
	layers "a table that is not const in policy/" "$data" policy/planted.c \
		$'extern const char *planted[];\nconst char *planted[] = {"a", "b"};'
	layers "a float in policy/" "policy/ has no floating point" policy/planted.c \
		$'int planted(int x);\nint planted(int x) { return (int)(x * (double)0.5); }'
	layers "policy/ including agent/" "policy/ includes only policy/ and include/colod" policy/planted.c \
		'#include "agent/base/fs.h"'
	layers "a noun including arithmetic" "include/colod includes only include/colod" include/colod/planted.h \
		'#include "policy/diff.h"'
	layers "agent/base including a stage" "agent/base includes nothing above it" agent/base/planted.c \
		'#include "agent/apply/apply.h"'
	layers "one stage including another" "no stage of agent/ includes another" agent/observe/planted.c \
		'#include "agent/apply/apply.h"'
	layers "the same in angle brackets" "no stage of agent/ includes another" agent/observe/planted.c \
		'#include <agent/apply/apply.h>'
	layers "the product including a test" "agent/ includes only the product's own folders" agent/planted.c \
		'#include "tests/lib/tree.h"'
	layers "a second writer of cpu.weight" "$writers" agent/apply/cgroup_planted.c \
		$'#include "colod/knob.h"\nint planted = KNOB_CPU_WEIGHT;'
	layers "a write outside apply" "only agent/apply opens files for writing" agent/discover/planted.c \
		$'#include "agent/base/fs.h"\nint planted(int d);\nint planted(int d) { return fs_write(d, "cpu.weight", "1"); }'
	local seam="what can fail goes through agent/base/sys.c"
	layers "a read past the seam" "$seam" agent/observe/planted.c \
		$'#include <unistd.h>\nlong planted(int fd, char *b);\nlong planted(int fd, char *b) { return read(fd, b, 1); }'
	layers "a bus call past the seam" "$seam" agent/serve/planted.c \
		$'#include <systemd/sd-bus.h>\nint planted(sd_bus_message *m);\nint planted(sd_bus_message *m) { return sd_bus_send(NULL, m, NULL); }'
	layers "a request past the seam" "$seam" agent/discover/planted.c \
		$'#include <curl/curl.h>\nint planted(CURL *c);\nint planted(CURL *c) { return (int)curl_easy_perform(c); }'
	layers "an agent that sets the hook of the seam" "$seam" agent/planted.c \
		$'#include "agent/base/sys.h"\nvoid planted(void);\nvoid planted(void) { sys_set_hook(NULL, NULL); }'
	layers "an allowed writer that is gone" "tests/layers.allow is well formed" tests/layers.allow \
		'write agent/nobody.c: it was here once'
}

source_rules()
{
	local rc=0
	fresh
	printf '// SPDX-License-Identifier: LGPL-2.1-or-later\n// Planted.\n#pragma once\n\nstruct pod *planted(size_t n);\n' \
		>"$copy/include/colod/planted.h"
	target check-headers || rc=$?
	caught "a header that needs another one first" "not ok    include/colod/planted.h" $rc

	fresh
	printf '// SPDX-License-Identifier: LGPL-2.1-or-later\n// Planted.\nint   planted( void );\n' >"$copy/policy/planted.h"
	printf 'int planted2(void);\n' >"$copy/policy/planted2.h"
	printf '\nname: planted\nfile: policy/wait.c\ntest: unit test_wait\ntext: not there\nwith: x\n' >>"$copy/tests/mutants/list"
	rc=0
	target check-format || rc=$?
	if command -v clang-format-14 >/dev/null; then
		caught "a line that clang-format would change" "policy/planted.h (run: make format)" $rc
	fi
	caught "a file without its SPDX line" "./policy/planted2.h" $rc
	caught "a mutant whose line has changed" "tests/mutants/list: planted: found 0 times in policy/wait.c" $rc
}

archived()
{
	nm "$copy/out/libpolicy.a" >"$tmp/symbols" 2>/dev/null
	grep -qw planted "$tmp/symbols"
}

# The stamps of the Makefile: flags, sources, headers.
make_rules()
{
	local rc=0
	fresh
	printf 'int planted(void);\nint planted(void) { return 1; }\n' >"$copy/policy/planted.c"
	if ! target "$copy/out/libpolicy.a"; then fail "libpolicy.a builds in a copy"; return; fi
	archived || { fail "a new source is archived"; return; }
	ok "a new source is archived"
	rm "$copy/policy/planted.c"
	target "$copy/out/libpolicy.a"
	if archived; then
		fail "a deleted source leaves the archive"
	else
		ok "a deleted source leaves the archive"
	fi
	target "$copy/out/libpolicy.a"
	if grep -q . "$tmp/out" && ! grep -q 'up to date' "$tmp/out"; then
		fail "a second make does nothing"
	else
		ok "a second make does nothing"
	fi
	target "$copy/out/libagent.a" CFLAGS=-DPLANTED
	if grep -q 'CC .*agent/base/fs.c' "$tmp/out"; then ok "other flags compile anew"; else fail "other flags compile anew"; fi
	touch "$copy/agent/base/fs.h"
	target "$copy/out/libagent.a" CFLAGS=-DPLANTED
	if grep -q 'CC .*agent/base/fs.c' "$tmp/out" && ! grep -q 'CC .*utf8' "$tmp/out"; then
		ok "a header compiles its users anew, and only them"
	else
		fail "a header compiles its users anew, and only them"
	fi
	printf 'int planted(int x);\nint planted(int x) { long y = x; return y; }\n' >"$copy/policy/planted.c"
	target "$copy/out/libpolicy.a" WERROR=1 || rc=$?
	caught "a warning" "-Werror" $rc
}

# A part that misreports is a failed part.
summary_rules()
{
	local dir=$tmp/summary rc sum
	expect_sums()
	{
		rc=0
		rm -rf "$dir"
		tests/summary part "$dir" planted bash -c "$2" >"$tmp/out" 2>&1 || rc=$?
		tests/summary show "$dir" >>"$tmp/out" 2>&1 || rc=$?
		sum=$(tail -n 1 "$tmp/out")
		if [ "$sum" = "$3" ] && [ $rc -eq "$4" ]; then ok "$1"; else fail "$1"; fi
	}
	expect_sums "sums are printed" 'printf "3 0 1\nskip: a: no PMU\n" >$RESULT' \
		"3 passed, 0 failed, 1 skipped" 0
	expect_sums "caught: a part without a result" 'true' "0 passed, 1 failed, 0 skipped" 1
	expect_sums "caught: a part that ran nothing" 'echo 0 0 0 >$RESULT' "0 passed, 1 failed, 0 skipped" 1
	expect_sums "caught: a part that fails without a failed test" 'echo 5 0 0 >$RESULT; exit 3' \
		"5 passed, 1 failed, 0 skipped" 1
	expect_sums "caught: a skip without a reason" 'echo 5 0 1 >$RESULT' "5 passed, 1 failed, 1 skipped" 1
	expect_sums "caught: nonsense for a result" 'echo five >$RESULT' "0 passed, 1 failed, 0 skipped" 1
	rc=0
	tests/summary show "$tmp/nothing" >"$tmp/out" 2>&1 || rc=$?
	caught "a run of no part" "no part ran" $rc
}

# make check-all remembers what passed, for the same sources only.
all_rules()
{
	local rc
	fresh
	cat >"$tmp/make" <<-'END'
		#!/bin/bash
		part=${2#check-}
		echo "$part" >>"${0%/*}/ran"
		[ "$LONG" = 1 ] || exit 3
		[ "$part" != "$(cat "${0%/*}/breaks" 2>/dev/null)" ] || { printf "0 1 0\nfail: it\n" >"$RESULT"; exit 1; }
		echo "2 0 0" >"$RESULT"
	END
	chmod +x "$tmp/make"
	# all WHAT RAN SUMS PART...: what was run, and the last line.
	all()
	{
		local what=$1 ran=$2 sums=$3
		shift 3
		: >"$tmp/ran"
		rc=0
		(cd "$copy" && tests/check-all.sh "$tmp/all" "$tmp/make" "$@") >"$tmp/out" 2>&1 || rc=$?
		if [ "$(tr '\n' ' ' <"$tmp/ran")" = "$ran" ] && [ "$(tail -n 1 "$tmp/out")" = "$sums" ]; then
			ok "$what"
		else
			fail "$what"
		fi
	}
	all "the first part of an interrupted run" "a " "2 passed, 0 failed, 0 skipped" a
	echo c >"$tmp/breaks"
	all "what is left is run, what passed is counted" "b c " "4 passed, 1 failed, 0 skipped" a b c
	caught "a long part that fails" "FAILED:  c: it" $rc
	rm "$tmp/breaks"
	all "what failed is run again" "c " "6 passed, 0 failed, 0 skipped" a b c
	all "nothing is left" "" "6 passed, 0 failed, 0 skipped" a b c
	FRESH=1 all "FRESH=1 runs all" "a b c " "6 passed, 0 failed, 0 skipped" a b c
	echo "// planted" >>"$copy/agent/main.c"
	all "other sources run all" "a b " "4 passed, 0 failed, 0 skipped" a b
}

# What runs beside the guest runs then, is counted, is missed where it does not end, and ends with all.
beside_rules()
{
	local rc=0 runner last
	cat >"$tmp/make" <<-'END'
		#!/bin/bash
		cd "${0%/*}"
		part=${2#check-}
		case $part in
		vm) for _ in $(seq 100); do [ -e "beside" ] && break; sleep 0.1; done; [ -e beside ] || exit 3 ;;
		b) touch beside; chrt -p $$ | grep -q SCHED_IDLE || exit 3 ;;
		c) printf '0 1 0\nfail: it\n' >"$RESULT"; exit 1 ;;
		d) kill -9 $PPID "$(ps -o ppid= $PPID)"; exit 3 ;;
		endless) echo $$ >pid; exec sleep 60 ;;
		esac
		echo "2 0 0" >"$RESULT"
	END
	chmod +x "$tmp/make"
	beside()
	{
		local what=$1 sums=$2
		shift 2
		rm -f "$tmp/beside"
		rc=0
		tests/check.sh "$tmp/check" "$tmp/make" "$@" >"$tmp/out" 2>&1 || rc=$?
		last=$(tail -n 1 "$tmp/out")
		if [ "$last" = "$sums" ]; then ok "$what"; else fail "$what"; fi
	}
	beside "parts run beside the guest" "6 passed, 0 failed, 0 skipped" a vm --beside b
	beside "or in their turn where there is none" "4 passed, 0 failed, 0 skipped" a --beside d2
	beside "one that fails there counts" "4 passed, 1 failed, 0 skipped" vm --beside b c
	caught "and is named" "FAILED:  c: it" $rc
	beside "one that is killed there counts" "4 passed, 2 failed, 0 skipped" vm --beside b d e
	caught "and is named" "e: came to no end" $rc
	rm -f "$tmp/pid"
	set -m
	tests/check.sh "$tmp/check" "$tmp/make" vm --beside endless >"$tmp/out" 2>&1 &
	runner=$!
	set +m
	until [ -s "$tmp/pid" ]; do sleep 0.1; done
	kill -- "-$runner"
	wait "$runner"
	rc=$?
	for _ in $(seq 100); do kill -0 "$(cat "$tmp/pid")" 2>/dev/null || break; sleep 0.1; done
	if [ $rc -eq 130 ] && ! kill -0 "$(cat "$tmp/pid")" 2>/dev/null; then
		ok "and end with an interrupted run"
	else
		fail "and end with an interrupted run"
	fi
}

# Two programs at a time: who failed is not lost behind who was done earlier, and an end of the run is an end of all.
tap_together()
{
	local rc=0 runner
	printf '#!/bin/bash\nsleep 1; echo 1..1; echo "not ok 1 - it"\n' >"$tmp/slow"
	printf '#!/bin/bash\necho 1..1; echo "ok 1 - it"\n' >"$tmp/quick"
	printf '#!/bin/bash\necho $$ >"%s/pid"; exec sleep 60\n' "$tmp" >"$tmp/endless"
	chmod +x "$tmp"/{slow,quick,endless}
	TEST_JOBS=2 tests/run-tap.sh "$tmp/result" "$tmp/slow" "$tmp/quick" >"$tmp/out" 2>&1 || rc=$?
	caught "a slow program that fails beside a quick one" "not ok    slow: it" $rc
	rm -f "$tmp/pid"
	tests/run-tap.sh "$tmp/result" "$tmp/endless" >"$tmp/out" 2>&1 &
	runner=$!
	until [ -s "$tmp/pid" ]; do sleep 0.1; done
	kill "$runner"
	wait "$runner" && rc=0 || rc=$?
	sleep 0.5
	if [ "$rc" -eq 130 ] && ! kill -0 "$(cat "$tmp/pid")" 2>/dev/null; then
		ok "what an interrupted run has started ends with it"
	else
		fail "what an interrupted run has started ends with it"
	fi
}

# Test programs that end otherwise than by passing.
tap_rules()
{
	local rc
	program()
	{
		printf '#!/bin/bash\n%s\n' "$2" >"$tmp/planted"
		chmod +x "$tmp/planted"
		rc=0
		tests/run-tap.sh "$tmp/result" "$tmp/planted" >"$tmp/out" 2>&1 || rc=$?
		caught "$1" "$3" $rc
	}
	program "a test that fails" 'echo 1..1; echo "not ok 1 - it"' "not ok    planted: it"
	program "a program that dies" 'echo 1..2; echo "ok 1 - it"; kill -SEGV $$' "2 tests planned, 1 reported"
	program "a program that stops early" 'echo 1..2; echo "ok 1 - it"' "2 tests planned, 1 reported"
	program "a program that reports nothing" 'true' "printed no plan"
	program "a leak report after the tests" 'echo 1..1; echo "ok 1 - it"; exit 23' "ended with code 23"
	tap_together
	program "a skip that gives no reason" 'echo 1..1; echo "not ok 1 # SKIP it"' "gives no reason"
}

# The golden runner against programs that do what colod must not.
golden_rules()
{
	local rc case=$tmp/golden/one
	mkdir -p "$case/tree/sys/fs/cgroup"
	echo "made: one weight" >"$case/note.md"
	echo 100 >"$case/tree/sys/fs/cgroup/cpu.weight"
	printf 'cpu.weight 100 -> 50\n' >"$case/expect.plan"
	# Stands in for colod: MODE is $5, ROOT is $2.
	local good='
w=$2/sys/fs/cgroup/cpu.weight
if [ "$(cat "$w")" = 50 ]; then printf "done: 0\n0 written, 0 refused\n"; exit; fi
printf "cpu.weight 100 -> 50\n"
[ $5 = observe ] || echo 50 >"$w"'
	program()
	{
		printf '#!/bin/bash\n%s\n' "$1" >"$tmp/fake"
		chmod +x "$tmp/fake"
		rc=0
		TEST_JOBS=1 tests/golden/run.sh "$tmp/result" "$tmp/fake" "$case" "${@:2}" >"$tmp/out" 2>&1 || rc=$?
	}
	program "$good" "$case" "$case"
	if [ "$(head -n 1 "$tmp/result")" = "6 0 0" ]; then ok "each case counts once"; else fail "each case counts once"; fi
	program "$good"
	if [ $rc -eq 0 ]; then ok "the golden runner passes a good program"; else fail "the golden runner passes a good program"; fi
	program "${good/-> 50/-> 51}"
	caught "another plan" "expect.plan differs" $rc
	program "${good/"[ \$5 = observe ] || "/}"
	caught "observe mode that writes" "observe mode changed the tree" $rc
	program "${good/"echo 50 >"/"echo 51 >"}"
	caught "a pass that never settles" "still has something to write" $rc
	program "exit 1"
	caught "a pass that fails" "ended with code 1" $rc
	program 'kill -9 $PPID'
	caught "a case whose process dies" "one: came to no end" $rc
	echo "a note" >"$case/note.md"
	program "$good"
	caught "a case that does not say where it is from" "must begin with" $rc
}

deps_rules()
{
	local rc=0
	printf 'ID=planted\nVERSION_ID=1\nPRETTY_NAME="Planted Linux 1"\n' >"$tmp/os-release"
	OS_RELEASE_FILE=$tmp/os-release packaging/deps.sh install >"$tmp/out" 2>&1 || rc=$?
	caught "a distribution that nobody knows is refused by name" "Planted Linux 1" $rc
	grep -q libsystemd-dev "$tmp/out" && grep -q QEMU "$tmp/out" && ok "and told what is needed" ||
		fail "and told what is needed"
}

# A manifest that gives more, or binds less, than it should.
kubernetes_rules()
{
	local rc what edit file text
	while IFS='|' read -r what file edit text; do
		fresh
		sed -i "$edit" "$copy/packaging/kubernetes/$file"
		(cd "$copy" && python3 tests/check_kubernetes.py) >"$tmp/out" 2>&1
		rc=$?
		caught "$what" "$text" $rc
	done <<'END'
a right that nobody uses|rbac.yaml|s,nodes/pods\],nodes/pods\, nodes/proxy],|gives get on nodes/proxy, which no source needs
a right that is missing|rbac.yaml|s,\[get\, patch\],[get],|lacks patch on nodes, which the sources need
a policy that passes what it cannot judge|admission.yaml|s,failurePolicy: Fail,failurePolicy: Ignore,|passes what it cannot judge
a policy about another account|admission.yaml|s,colod:colod',colod:other',|is not about system:serviceaccount:colod:colod alone
a policy without a variable|admission.yaml|s,name: othersBefore,name: before,|no variable othersBefore
END
}

# What turns measurements into verdicts must be able to say no.
bench_rules()
{
	local line
	python3 "tests/vm/test_$1_table.py" >"$tmp/bench" 2>"$tmp/out"
	while read -r line; do
		case $line in
		"ok "*) ok "$1: ${line#* - }" ;;
		"not ok "*) fail "$1: ${line#* - }" ;;
		esac
	done <"$tmp/bench"
	grep -q '^1\.\.[1-9]' "$tmp/bench" || fail "the tests of the tables of $1 ran to their end"
}

bench_rules bench
bench_rules storm
bench_rules score
layer_rules
source_rules
make_rules
summary_rules
all_rules
beside_rules
tap_rules
golden_rules
deps_rules
kubernetes_rules
tests/summary write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
