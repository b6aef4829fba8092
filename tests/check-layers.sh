#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The rules that keep deciding apart from doing (README, "the tree"):
#   1. policy/ links only against the symbols of tests/layers.allow, has no static mutable data and
#      no floating point;
#   2. a stage folder of agent/ includes agent/base, include/colod and policy/, never another stage;
#      policy/ includes policy/ and include/colod; agent/base nothing above it;
#   3. each knob of include/colod/knob.h is written by exactly one file of agent/apply/, and nobody
#      else opens a file for writing;
#   4. what can fail outside this process is called through agent/base/sys.c only, whose hook no source
#      of the agent names: so a test can make every such call fail. coloctl (agent/ctl) is not the agent.
# Each rule that is kept counts as one passed test. `tests/check-layers-selftest.sh` breaks each one.
#
#   check-layers.sh RESULT OBJECT...     (OBJECTs: policy/ compiled plainly; run from the top)
set -euo pipefail
export LC_ALL=C

result=$1
shift
objects=("$@")
allow=tests/layers.allow
passed=0 lines=()

# rule NAME COMMAND...: the command prints the violations. One that breaks has not found nothing.
rule()
{
	local name=$1 found rc
	shift
	set +e
	found=$(set -e; "$@" 2>&1)
	rc=$?
	set -e
	[ $rc -eq 0 ] || found+="${found:+$'\n'}the check itself ended with code $rc"
	if [ -z "$found" ]; then
		passed=$((passed + 1))
		echo "ok        $name"
	else
		lines+=("fail: $name")
		echo "not ok    $name"
		sed 's/^/          /' <<<"$found"
	fi
}

# The C files without their comments, in one go: code FILE prints one of them.
plain=$(mktemp -d)
trap 'rm -rf "$plain"' EXIT
python3 - "$plain" include/colod/*.h policy/*.[ch] agent/*.[ch] agent/*/*.[ch] <<'END'
import os, re, sys
token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.S)
for name in sys.argv[2:]:
    if os.path.exists(name):
        text = open(name, encoding="utf-8").read()
        text = token.sub(lambda m: m[0] if m[0][0] in "\"'" else re.sub(r"[^\n]+", " ", m[0]), text)
        path = os.path.join(sys.argv[1], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w", encoding="utf-8").write(text)
END

code()
{
	cat "$plain/$1"
}

undefined_symbols()
{
	comm -23 <(nm -u "${objects[@]}" | awk '$1 ~ /^[Uvw]$/ { print $2 }' | sort -u) \
		<(nm --defined-only "${objects[@]}" | awk 'NF == 3 { print $3 }' | sort -u) |
		comm -23 - <(sed -n 's/^symbol \([^ ]*\)$/\1/p' $allow | sort -u) |
		while read -r symbol; do
			nm -A -u "${objects[@]}" | awk -v s="$symbol" '$NF == s { print $1 " uses " s }'
		done
}

mutable_data()
{
	nm -A "${objects[@]}" | awk '$(NF - 1) ~ /^[bBcCdDgGsSuV]$/ { print $1 " " $NF " can be written (" $(NF - 1) ")" }'
}

floats()
{
	(cd "$plain" && grep -nwE 'float|double|__float128|_Float[0-9]+x?' policy/*.[ch]) || true
}

# includes FILES -- PREFIX...: the project's headers that start with none of the prefixes.
includes()
{
	local files=() f what prefix ok
	while [ "$1" != -- ]; do files+=("$1"); shift; done
	shift
	for f in "${files[@]}"; do
		[ -f "$f" ] || continue
		while read -r what; do
			ok=
			for prefix in "$@"; do
				[[ $what != "$prefix"* || $what == *..* ]] || ok=1
			done
			[ -n "$ok" ] || echo "$f includes $what"
		done < <(code_includes "$f")
	done
}

# Every quoted include, and what names one of our folders in angle brackets.
code_includes()
{
	sed -nE -e 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' \
		-e 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*<((agent|policy|colod|tests)\/[^>]*)>.*/\1/p' "$1"
}

stage_includes()
{
	local stage more
	for stage in agent/*/; do
		stage=${stage%/} more=()
		# coloctl checks policy files by itself, without a daemon.
		[ "$stage" != agent/ctl ] || more=(agent/policy_files.h agent/policy_probe.h)
		[ "$stage" = agent/base ] ||
			includes "$stage"/*.[ch] -- "$stage/" agent/base/ colod/ policy/ "${more[@]}"
	done
}

knobs()
{
	code include/colod/knob.h | tr ',{}' '\n\n\n' | sed -n 's/^[[:space:]]*\(KNOB_[A-Z_]*\)[[:space:]]*$/\1/p' |
		grep -vE '^KNOB_(COUNT|UNREAD|MISSING|KNOWN)$'
}

# A knob is written by the cgroup_*.c file that names it; the other files of apply/ name none.
writers()
{
	local knob files n f
	[ "$(knobs | wc -l)" -ge 8 ] || echo "include/colod/knob.h: found only these knobs:" $(knobs)
	for knob in $(knobs); do
		files=()
		for f in agent/apply/*.c; do
			if grep -qw "$knob" "$plain/$f"; then files+=("$f"); fi
		done
		n=${#files[@]}
		if [ "$n" -ne 1 ]; then
			echo "$knob must be named by one file of agent/apply/, not $n: ${files[*]}"
		elif [[ ${files[0]} != agent/apply/cgroup_*.c ]]; then
			echo "$knob is written by ${files[0]}, which is no cgroup_*.c"
		fi
	done
}

opens_for_writing()
{
	local f calls='fs_write|pwritev?|creat|mknod(at)?|rename(at2?)?|unlink(at)?|mkdir(at)?|rmdir'
	for f in agent/*.c agent/*/*.c; do
		[[ $f != agent/apply/* && $f != agent/base/fs.c && $f != agent/base/sys.c ]] || continue
		! grep -qF "write $f: " $allow || continue
		grep -HnE "\\b(sys_)?($calls)\\(|\\bO_(WRONLY|RDWR|CREAT)\\b|fopen\([^,]*, *\"[wa]" "$plain/$f" |
			sed "s|^$plain/||" || true
	done
}

# seam FILE...: calls that go past agent/base/sys.c, and the name of its hook.
seam()
{
	python3 - "$plain" "$allow" "$@" <<'END'
import re, sys
calls = ("open openat openat2 creat fopen fdopen freopen memfd_create read pread readv preadv write pwrite writev "
         "pwritev sendfile mkdir mkdirat mknod mknodat link linkat symlink symlinkat rename renameat renameat2 unlink "
         "unlinkat rmdir truncate ftruncate fsync fdatasync fstat fstatat lstat statx access faccessat statfs fstatfs "
         "statvfs fstatvfs opendir fdopendir readdir scandir scandirat getdents64 nftw readlink readlinkat realpath "
         "fchmod fchmodat fchown fchownat flock inotify_init inotify_init1 inotify_add_watch poll ppoll select "
         "epoll_create1 epoll_ctl epoll_wait epoll_pwait timerfd_create timerfd_settime eventfd signalfd pipe pipe2 socket "
         "socketpair connect bind listen accept4 sendto sendmsg recv recvfrom recvmsg syscall ioctl pidfd_open "
         "pidfd_send_signal process_mrelease sched_setscheduler sched_getscheduler nl_send nl_send_auto nl_send_sync nl_send_simple nl_recvmsgs nl_recvmsgs_default nl_connect")
direct = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(calls.split()))
bus = re.compile(r"(?<!sys_bus\()\bsd_bus_(?:open|call|send|emit|request_name|release_name|reply_method|"
                 r"query_sender|match_signal|add_match|get_name_creds|wait)\w*\(")
# These start with a question to sys_fault().
asked = {"pthread_create": "SYS_THREAD", "curl_easy_perform": "SYS_HTTP", "curl_multi_add_handle": "SYS_HTTP",
         "curl_multi_perform": "SYS_HTTP", "curl_multi_socket_action": "SYS_HTTP", "bpf_prog_load": "SYS_BPF",
         "bpf_link_create": "SYS_BPF", "bpf_link_update": "SYS_BPF", "bpf_prog_query": "SYS_BPF",
         "bpf_obj_get_info_by_fd": "SYS_BPF"}
allowed = set(re.findall(r"^direct ([^:]*): ", open(sys.argv[2]).read(), re.M))
for name in sys.argv[3:]:
    if name.startswith(("agent/ctl/", "agent/base/sys.")) or name in allowed:
        continue
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', open(sys.argv[1] + "/" + name).read())
    for number, line in enumerate(text.split("\n"), 1):
        for m in direct.finditer(line):
            print(f"{name}:{number}: {m[1]}() goes past the seam: use sys_{m[1]}() (agent/base/sys.h; add it there)")
    for m in bus.finditer(re.sub(r"\bsys_bus\(\s+", "sys_bus(", text)):
        print(f"{name}: {m[0][:-1]}() goes past the seam: sys_bus({m[0]}...))")
    for call, kind in asked.items():
        if re.search(r"\b%s\s*\(" % call, text) and not re.search(r"\bsys_fault\(%s\b" % kind, text):
            print(f"{name}: {call}() goes past the seam: ask sys_fault({kind}, ...) before it")
    if "sys_set_hook" in text:
        print(f"{name}: names sys_set_hook, which is for tests alone")
END
}

allow_file()
{
	local f
	sed -nE 's/^(write|direct) ([^:]*): .*/\2/p' $allow | while read -r f; do
		[ -f "$f" ] || echo "$allow names $f, which is not there"
	done
	grep -vE '^(#.*|symbol [A-Za-z_0-9]+|(write|direct) [^ ]+: .+|)$' $allow || true
}

[ ${#objects[@]} -gt 0 ] || { echo "check-layers: no objects of policy/" >&2; exit 2; }

rule "policy/ links only against what tests/layers.allow names" undefined_symbols
rule "policy/ has no static data that can be written" mutable_data
rule "policy/ has no floating point" floats
rule "policy/ includes only policy/ and include/colod" includes policy/*.[ch] -- policy/ colod/
rule "include/colod includes only include/colod" includes include/colod/*.h -- colod/
rule "agent/base includes nothing above it" includes agent/base/*.[ch] -- agent/base/ colod/
rule "no stage of agent/ includes another" stage_includes
rule "agent/ includes only the product's own folders" includes agent/*.[ch] -- agent/ policy/ colod/
rule "each knob is written by exactly one file" writers
rule "only agent/apply opens files for writing" opens_for_writing
rule "what can fail goes through agent/base/sys.c" seam agent/*.[ch] agent/*/*.[ch]
rule "tests/layers.allow is well formed" allow_file

tests/summary write "$result" $passed ${#lines[@]} 0 ${lines[@]+"${lines[@]}"}
