#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the guest as the unit colod-vm.service: readies the guest, runs the planned tests one after
# another as transient units, compares the guest with its state after boot after each, and sends
# everything through the virtio port colod.tap (tap.py describes the lines). Then it powers off.
set -u

VM=/opt/colod/vm
RUN=/run/vmtest
RESULTS=/var/vm-results
CORES=/run/vm-cores
# What outlives a boot: the state after the first one, and which test cut the power (lib.sh, power_cut).
VM_KEPT=/var/vm-kept
export VM RESULTS VM_KEPT

. "$VM/settings"
. "$VM/guest/state.sh"
. "$VM/guest/setup.sh"

port_device()
{
	local name
	for name in /sys/class/virtio-ports/*/name; do
		if [ "$(cat "$name")" = "$1" ]; then
			echo "/dev/$(basename "$(dirname "$name")")"
			return
		fi
	done
	return 1
}

# Faults are also noted for this script, which keeps the scene where there is one.
send()
{
	case $1 in
	@fault*) echo "$*" >>"$RUN/faults" ;;
	esac
	printf '%s\n' "$*" >&3
}

# Boot work must be over before the state after boot is taken.
wait_for_boot()
{
	local state tries=0
	until state=$(systemctl is-system-running); [ "$state" = running ] || [ "$state" = degraded ]; do
		tries=$((tries + 1))
		[ $tries -lt 900 ] || break
		sleep 0.2
	done
	if [ "$state" != running ]; then
		send "@fault - the guest is '$state' after boot:" \
			"$(systemctl --failed --plain --no-legend | awk '{ print $1 }' | tr '\n' ' ')"
	fi
	send "@boot $(uname -r) $(cut -d' ' -f1 /proc/uptime)"
}

run_unit()
{
	local name=$1 budget=$2 rc out err
	rm -f "$RUN/out" "$RUN/err"
	mkfifo "$RUN/out" "$RUN/err"
	# One process each, not a pipeline: bash waits for all of a pipeline, and settle_pipe() must end it.
	sed -u -e 'w /dev/stderr' -e 's/^/|/' <"$RUN/out" >&3 2>>"$RESULTS/$name/tap" &
	out=$!
	sed -u -e 'w /dev/stderr' -e 's/^/~/' <"$RUN/err" >&3 2>>"$RESULTS/$name/stderr" &
	err=$!
	systemd-run --quiet --wait --pipe --collect --unit="vmtest-$name" \
		-p "RuntimeMaxSec=$budget" -p TimeoutStopSec=3 -p OOMScoreAdjust=-900 \
		-E VM="$VM" -E VM_KEPT="$VM_KEPT" -E VM_PHASE="$phase" -E VM_TAP="$tap" -E RESULTS="$RESULTS/$name" -E VM_KERNEL="$VM_KERNEL" \
		-E VM_PROFILE="$VM_PROFILE" -E LONG="${LONG:-}" -E VM_TEST="$name" -E HOME=/root \
		/bin/bash "$VM/guest/run-one.sh" "$name" >"$RUN/out" 2>"$RUN/err" 3>&- </dev/null
	rc=$?
	settle_pipe "$name" "$out"
	settle_pipe "$name" "$err"
	return $rc
}

# Something that left the test's unit may still hold its pipe.
settle_pipe()
{
	local tries=0
	while kill -0 "$2" 2>/dev/null && [ $tries -lt 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	if kill -0 "$2" 2>/dev/null; then
		send "@fault $1 something that outlived the test holds its output open"
		kill "$2"
	fi
	wait "$2" 2>/dev/null
}

check_sanitizers()
{
	journalctl -q -o cat --since "@$2" |
		grep -aE 'ERROR: [A-Za-z]+Sanitizer|WARNING: [A-Za-z]+Sanitizer|runtime error: ' |
		head -3 | while read -r line; do send "@fault $1 sanitizer report: $line"; done
}

check_cores()
{
	local line
	[ -s "$CORES/list" ] || return 0
	while read -r line; do
		if [ -f "$CORES/allowed" ] && grep -qxF "$line" "$CORES/allowed"; then
			continue
		fi
		send "@fault $1 core dump: $line"
	done <"$CORES/list"
	mkdir -p "$RESULTS/$1/cores"
	mv "$CORES"/* "$RESULTS/$1/cores/"
}

check_taint()
{
	local now
	now=$(cat /proc/sys/kernel/tainted)
	if [ "$now" != "$taint" ]; then
		send "@fault $1 kernel taint went from $taint to $now"
		taint=$now
	fi
}

check_leftovers()
{
	local tries=0
	until state_take "$RUN/now"; [ -z "$(state_diff "$VM_KEPT/base" "$RUN/now")" ]; do
		tries=$((tries + 1))
		if [ $tries -ge 24 ]; then
			state_diff "$VM_KEPT/base" "$RUN/now" | head -20 |
				while read -r line; do send "@fault $1 left behind: $line"; done
			# The next test is not to be blamed for this one.
			cp "$RUN/now" "$VM_KEPT/base"
			return
		fi
		sleep 0.5
	done
}

save_scene()
{
	journalctl -q -o short-monotonic --since "@$2" >"$RESULTS/$1/journal" 2>&1
	dmesg >"$RESULTS/$1/dmesg" 2>&1
	systemd-cgls --no-pager -al >"$RESULTS/$1/cgroups" 2>&1
	cp "$RUN/now" "$RESULTS/$1/state-after" 2>/dev/null
}

run_test()
{
	local name=$1 budget=$2 since rc start end faults
	mkdir -p "$RESULTS/$name"
	since=$(date +%s.%6N)
	start=$(date +%s%N)
	echo "colod-vm: start $name" >/dev/kmsg
	[ -n "$resumed" ] || send "@start $name $budget"
	: >"$RUN/faults"
	run_unit "$name" "$budget"
	rc=$?
	end=$(date +%s%N)
	[ $(((end - start) / 1000000)) -lt $((budget * 1000)) ] ||
		send "@fault $name ran into its budget of $budget s"
	check_sanitizers "$name" "$since"
	check_cores "$name"
	check_taint "$name"
	check_leftovers "$name"
	if [ $rc -ne 0 ] || [ -s "$RUN/faults" ] || grep -q '^not ok' "$RESULTS/$name/tap"; then
		save_scene "$name" "$since"
	fi
	send "@end $name $rc $(awk "BEGIN { print ($end - $start) / 1e9 }")"
}

# After a power cut the test that made it goes on, at its next phase. A guest that boots again for any other
# reason has failed, and ends.
resume()
{
	resumed= phase=1 tap=
	[ -e "$VM_KEPT/boot" ] || return 0
	if ! read -r resumed phase tap <"$VM_KEPT/resume"; then
		echo o >/proc/sysrq-trigger
		sleep 60
	fi
	rm "$VM_KEPT/resume"
}

# A boot gives back the state after the first one, whatever a test had left behind since.
take_base()
{
	if [ -z "$resumed" ]; then
		state_take "$VM_KEPT/boot"
		sync "$VM_KEPT/boot"
	fi
	cp "$VM_KEPT/boot" "$VM_KEPT/base"
}

run_tests()
{
	local name budget
	while read -r name budget; do
		[ -z "$resumed" ] || [ "$name" = "$resumed" ] || continue
		run_test "$name" "$budget" </dev/null
		resumed= phase=1 tap=
	done
}

main()
{
	local device resumed phase tap
	mkdir -p "$RUN" "$VM_KEPT"
	if [ "${VM_MODE:-test}" = shell ]; then
		exec "$VM/guest/shell.sh"
	fi
	exec 3>"$(port_device colod.tap)"
	resume
	guest_setup
	wait_for_boot
	taint=$(cat /proc/sys/kernel/tainted)
	take_base
	run_tests <"$VM/plan"
	device=$(port_device colod.results)
	tar -C "$RESULTS" -cz . >"$device"
	send "@done"
	sync
	echo o >/proc/sysrq-trigger
}

main
