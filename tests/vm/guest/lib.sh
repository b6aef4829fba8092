# SPDX-License-Identifier: LGPL-2.1-or-later
#
# TAP for test scripts, and small waits. Source it first; call `done_testing` last (or `plan N` first).
# A test that stops half-way has no plan, and that is a failure.
#
#   ok "name" COMMAND...        passes if the command succeeds
#   nok "name" COMMAND...       passes if it fails
#   is GOT WANTED "name"        passes if equal
#   like GOT REGEX "name"       passes if it matches (extended regex)
#   note TEXT, diag TEXT        comments on stdout
#   skip "name" REASON          needs a line in tests/vm/skips
#   wait_for SECONDS COMMAND... polls until the command succeeds; few seconds are a promise, where later it would be so
#                               for another reason (a rescan, the next agent, a freeze's own end)
#   allow_core COMMAND SIGNAL   the test makes this crash on purpose
#   rmdir_all DIR...            removes cgroups as soon as nobody is in them; true when none is left
#   systemd_wrote               what systemctl set-property and its like have told systemd is in its files now
#   power_cut PHASE             see below; needs a line "# reboots: N"
#
# Where a test's seconds go is in $RESULTS/times: for each point the seconds since the one before.

read -r tap_count tap_failed <<<"${VM_TAP:-0 0}"
tap_plan=
tap_last=${EPOCHREALTIME/./}

plan() { tap_plan=$1; echo "1..$1"; }

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

diag() { note "$@"; }

tap_time()
{
	local now=${EPOCHREALTIME/./}
	printf '%5d.%d %s\n' $(((now - tap_last) / 1000000)) $(((now - tap_last) / 100000 % 10)) "$1" >>"$RESULTS/times"
	tap_last=$now
}

tap_point()
{
	local good=$1 name=$2
	tap_count=$((tap_count + 1))
	tap_time "$name"
	if [ "$good" = 0 ]; then
		echo "ok $tap_count - $name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $name"
	fi
	return "$good"
}

ok()
{
	local name=$1 said rc
	shift
	said=$("$@" 2>&1)
	rc=$?
	[ $rc = 0 ] && { tap_point 0 "$name"; return; }
	note "exit $rc: $*"
	[ -z "$said" ] || note "$said"
	tap_point 1 "$name${said:+ (said: $(one_line "$said"))}"
}

nok()
{
	local name=$1 said rc
	shift
	said=$("$@" 2>&1)
	rc=$?
	[ $rc != 0 ] && { tap_point 0 "$name"; return; }
	note "succeeded: $*"
	[ -z "$said" ] || note "$said"
	tap_point 1 "$name${said:+ (said: $(one_line "$said"))}"
}

# In a name that fails, for a log of which only the names are kept.
one_line() { local text=${1//$'\n'/ | }; text=${text//\#/}; echo "${text:0:200}"; }

is()
{
	[ "$1" = "$2" ] && { tap_point 0 "$3"; return; }
	note "got:    $1"
	note "wanted: $2"
	tap_point 1 "$3 (got: $(one_line "$1"), wanted: $(one_line "$2"))"
}

like()
{
	grep -qE -- "$2" <<<"$1" && { tap_point 0 "$3"; return; }
	note "got:           $1"
	note "does not match: $2"
	tap_point 1 "$3 (got: $(one_line "$1"))"
}

skip()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

done_testing()
{
	[ -n "$tap_plan" ] || echo "1..$tap_count"
	tap_time "the end"
	exit $((tap_failed != 0))
}

wait_for()
{
	local seconds=$1 end
	shift
	end=$(($(date +%s%N) / 1000000 + seconds * 1000))
	until "$@" >/dev/null 2>&1; do
		[ $(($(date +%s%N) / 1000000)) -lt $end ] || return 1
		sleep 0.1
	done
}

rmdir_all()
{
	local dir
	rmdir "$@"
	for dir; do [ ! -d "$dir" ] || return 1; done
}

# systemd answers such a call before it writes the files; it does that before it looks at the next call.
systemd_wrote() { systemctl show -p Id -- -.slice >/dev/null; }

allow_core() { echo "$1 signal $2" >>/run/vm-cores/allowed; }

# Of a running unit only: MainPID is 0 otherwise, and kill 0 is the test itself.
unit_pid()
{
	local pid
	pid=$(systemctl show -p MainPID --value "$1")
	[ "${pid:-0}" -gt 1 ] && echo "$pid"
}

tap_arrived() { [ "$(grep -cE '^(not )?ok ' "$RESULTS/tap")" -ge "$tap_count" ]; }

# As a hand on the plug: what the kernel had not written to the disk yet is lost. After the boot the test is
# run again from its top, with VM_PHASE as given here (1 before) and its results counted on.
power_cut()
{
	# What was printed so far is on its way through the runner's pipes: to the file first, then to the port.
	wait_for 30 tap_arrived
	sleep 1
	sync "$RESULTS/tap"
	echo "$VM_TEST $1 $tap_count $tap_failed" >"$VM_KEPT/resume"
	sync "$VM_KEPT/resume"
	echo b >/proc/sysrq-trigger
	sleep 60
	exit 1
}
