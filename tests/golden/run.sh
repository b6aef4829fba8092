#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Golden cases: a whole pass of colod over a recorded or hand-made machine, compared with a plan that
# people have read. A case is a folder here:
#     note.md        begins with "recorded" or "made", then from where, or what is broken in it
#     tree.tar.gz    or tree/: the machine, as `colod --root` sees it
#     made-by        or this: one line, the program of this folder that makes the machine, and its words
#     policy.yaml    optional; the whole policy. Without it the built-in profile,
#     policy.d/      optional; and these drop-ins over it (put into the tree as /etc/colod/policy.d)
#     pods.json      optional; put into the tree as /pods.json (facts: {from: file:///pods.json})
#     options        optional; more words for the command line of colod
#     expect.plan    what `colod --once --mode observe` must print; expect.stderr, if there, its messages
#     expect.code    optional; the exit code of a case that must be refused (then nothing may be written)
# Then the plan is carried out over a private copy, twice: the second time nothing is left to write,
# and observe mode must not have touched a byte.
#
#   run.sh RESULT COLOD [CASE...]     run the cases (all by default)
#   run.sh --bless COLOD [CASE...]    write expect.plan anew; read the diff before you commit it
# GOLDEN_WRAP="valgrind ..." runs only the observe pass, under that command.
set -uo pipefail
export LC_ALL=C TZ=UTC

here=$(cd "$(dirname "$0")" && pwd)
result=$1 colod=$(realpath "$2")
shift 2
[ "$result" != --bless ] || result=
read -ra wrap <<<"${GOLDEN_WRAP:-}"
passed=0 lines=()
# Trees are many small files: where there is room in memory, that takes a tenth of the time.
shm=$(df -P /dev/shm 2>/dev/null | awk 'NR == 2 && $4 > 512 * 1024 { print $6 }')
top=$(mktemp -d -p "${TEST_TMP:-${shm:-${TMPDIR:-/tmp}}}")
# Whoever ends this also ends what it started.
trap 'running=$(jobs -pr); [ -z "$running" ] || kill $running; chmod -R u+w "$top"; rm -rf "$top"' EXIT
trap 'exit 130' INT TERM HUP

ok()
{
	passed=$((passed + 1))
	printf 'ok        %s\n' "$1"
}

fail()
{
	lines+=("fail: $1")
	printf 'not ok    %s\n' "$1"
}

unpack()
{
	local dir=$1 to=$2 made
	mkdir -p "$to"
	if [ -f "$dir/tree.tar.gz" ]; then
		tar -xzf "$dir/tree.tar.gz" -C "$to" --no-same-owner
	elif [ -d "$dir/tree" ]; then
		cp -a "$dir/tree/." "$to/"
	elif [ -f "$dir/made-by" ]; then
		read -ra made <"$dir/made-by"
		"$here/${made[0]}" "${made[@]:1}" "$to" || return
	else
		return 1
	fi
	[ ! -f "$dir/pods.json" ] || cp "$dir/pods.json" "$to/pods.json"
	if [ -d "$dir/policy.d" ]; then
		install -D -m 644 "$here/../../policy/profiles/default.yaml" \
			"$to/usr/lib/colod/policy.d/00-default.yaml"
		mkdir -p "$to/etc/colod/policy.d"
		cp "$dir"/policy.d/*.yaml "$to/etc/colod/policy.d/"
	fi
	# What the kernel shows as writable is so in the copy, whoever runs this.
	chmod -R u+rwX "$to"
}

# The content of a tree as one list, to see that nothing changed.
fingerprint()
{
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum; find . | sort) | sha256sum
}

# once TREE MODE: standard output and messages into $tmp/plan and $tmp/messages.
once()
{
	local tree=$1 mode=$2
	"${wrap[@]}" "$colod" --root "$tree" --once --mode "$mode" "${words[@]}" \
		>"$tmp/plan" 2>"$tmp/messages" </dev/null
}

compare()
{
	local name=$1 want=$2 have=$3
	if diff -u --label "$name/${want##*/}" --label "what colod prints" "$want" "$have"; then
		ok "$name: ${want##*/}"
	else
		fail "$name: ${want##*/} differs"
	fi
}

# A message carries the private directory; the expected text must not.
neutral()
{
	sed -i "s|$tmp/[a-z]*|ROOT|g; s|$here|CASES|g" "$@"
}

observe_pass()
{
	local name=$1 dir=$2 before rc=0
	before=$(fingerprint "$tmp/tree")
	once "$tmp/tree" observe || rc=$?
	neutral "$tmp/plan" "$tmp/messages"
	if [ "$before" != "$(fingerprint "$tmp/tree")" ]; then
		fail "$name: observe mode changed the tree"
		return
	fi
	if [ -z "$result" ]; then
		rm -f "$dir/expect.code"
		if [ $rc -ne 0 ]; then
			echo $rc >"$dir/expect.code"
			: >"$dir/expect.stderr"
		fi
		cp "$tmp/plan" "$dir/expect.plan"
		[ ! -f "$dir/expect.stderr" ] || cp "$tmp/messages" "$dir/expect.stderr"
		ok "$name: written"
		return
	fi
	if [ $rc -ne "$code" ]; then
		tail -n 30 "$tmp/messages"
		fail "$name: the observe pass ended with code $rc, not $code"
		return
	fi
	if [ ! -f "$dir/expect.plan" ]; then
		fail "$name: no expect.plan (make golden-bless writes it)"
		return
	fi
	compare "$name" "$dir/expect.plan" "$tmp/plan"
	[ ! -f "$dir/expect.stderr" ] || compare "$name" "$dir/expect.stderr" "$tmp/messages"
}

# A pass in which the kernel (here: the tree) refused a knob says so, and ends with code 1.
expected_code()
{
	if tail -n 1 "$tmp/plan" | grep -qE ', [1-9][0-9]* refused'; then echo 1; else echo 0; fi
}

# The plan over a private copy: the first pass writes it, the second finds nothing to do.
apply_twice()
{
	local name=$1 pass rc after
	for pass in first second; do
		rc=0
		once "$tmp/copy" squeeze || rc=$?
		if [ $rc -ne "$(expected_code)" ]; then
			tail -n 30 "$tmp/messages"
			fail "$name: the $pass squeeze pass ended with code $rc"
			return
		fi
		[ $pass = second ] || after=$(fingerprint "$tmp/copy")
	done
	if ! grep -qx 'done: 0' "$tmp/plan" || ! grep -q '^0 written, ' "$tmp/plan"; then
		cat "$tmp/plan"
		fail "$name: the second pass still has something to write"
	elif [ "$after" != "$(fingerprint "$tmp/copy")" ]; then
		fail "$name: the second pass changed the tree"
	else
		ok "$name: a second pass writes nothing"
	fi
}

# A machine that colod refuses is left as it is.
refused()
{
	local name=$1 before rc=0
	before=$(fingerprint "$tmp/copy")
	once "$tmp/copy" squeeze || rc=$?
	if [ $rc -eq "$code" ] && [ "$before" = "$(fingerprint "$tmp/copy")" ]; then
		ok "$name: is refused, and nothing is written"
	else
		fail "$name: ended with code $rc, not $code, or wrote something"
	fi
}

run_case()
{
	local dir=$1 name code=0
	name=$(basename "$dir")
	head -n 1 "$dir/note.md" 2>/dev/null | grep -qE '^(# )?(recorded|made)\b' || {
		fail "$name: note.md must begin with 'recorded' or 'made'"
		return
	}
	rm -rf "$tmp/tree" "$tmp/copy"
	unpack "$dir" "$tmp/tree" || { fail "$name: no tree"; return; }
	cp -a "$tmp/tree" "$tmp/copy"
	words=()
	[ ! -f "$dir/policy.yaml" ] || words+=(--policy "$dir/policy.yaml")
	[ ! -f "$dir/options" ] || read -ra more <"$dir/options"
	[ ! -f "$dir/options" ] || words+=("${more[@]}")
	[ ! -f "$dir/expect.code" ] || code=$(<"$dir/expect.code")
	observe_pass "$name" "$dir"
	[ -n "$result" ] && [ ${#wrap[@]} -eq 0 ] || return 0
	if [ "$code" -eq 0 ]; then apply_twice "$name"; else refused "$name"; fi
}

cases=("$@")
[ ${#cases[@]} -gt 0 ] || mapfile -t cases < <(find "$here" -mindepth 1 -maxdepth 1 -type d ! -name record | sort)

# One case in a process and a folder of its own; what it found is handed over in files.
start()
{
	local i=${#pids[@]} dir
	[ "$i" -lt ${#cases[@]} ] || return 0
	dir=${cases[i]}
	[ -d "$dir" ] || dir=$here/$dir
	(
		trap - EXIT INT TERM HUP
		passed=0 lines=()
		tmp=$top/$i
		mkdir "$tmp"
		run_case "$dir"
		chmod -R u+w "$tmp"
		rm -rf "$tmp"
		printf '%s\n' "$passed" ${lines[@]+"${lines[@]}"} >"$top/$i.sum"
	) >"$top/$i.out" 2>&1 &
	pids+=($!)
}

# As many at a time as there are CPUs (TEST_JOBS), told of in their order.
pids=()
for ((i = 0; i < ${TEST_JOBS:-$(nproc)}; i++)); do start; done
for i in "${!cases[@]}"; do
	wait "${pids[i]}"
	start
	cat "$top/$i.out"
	found=()
	[ ! -f "$top/$i.sum" ] || mapfile -t found <"$top/$i.sum"
	if [ ${#found[@]} -eq 0 ]; then
		fail "${cases[i]##*/}: came to no end"
		continue
	fi
	passed=$((passed + found[0]))
	lines+=("${found[@]:1}")
done
if [ -n "$result" ]; then
	"$here/../summary" write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
else
	[ ${#lines[@]} -eq 0 ]
fi
