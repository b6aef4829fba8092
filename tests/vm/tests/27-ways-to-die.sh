#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 1200s
# profile: default
# core: no
# title: a quota stands when the agent is killed, stopped, aborted, out of descriptors, out of room or out of its clock: it ends within its bound, and nothing else moves
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/watch.sh"
. "$VM/guest/pressure.sh"
. "$VM/guest/soak.sh"

# WatchdogSec=5s and TimeoutAbortSec=1s, and what an emulated machine takes for ExecStopPost=.
BOUND_S=6
SLACK_S=20

# The first time that the quota was away after a moment in milliseconds, by the witness.
free_at() { watch_changes | awk -v "since=$1" '$1 >= since && $3 == "cpu.max" && $5 ~ /^max/ { print $1; exit }'; }

freed() { [ -n "$(free_at "$1")" ]; }

# ends WAY COMMAND...: the quota stands, the agent meets its end, the quota goes in time.
ends()
{
	local way=$1 end
	shift
	ok "$way: a quota stands" wait_for 90 pressure_held
	since=$(watch_mark)
	"$@"
	ok "$way: the quota ends" wait_for $((BOUND_S + SLACK_S)) freed "$since"
	end=$(free_at "$since")
	note "$way: held for $((${end:-0} - since)) ms more; the bound is ${BOUND_S}000 ms and the time of colod restore"
}

dies()
{
	ends "$@"
	is "$(pressure_strays "$since")" "" "$1: nothing else was written"
}

kill_main() { kill -"$1" "$(unit_pid colod)"; }

knobs_back() { knobs_take now && cmp -s before now; }

# Not one more descriptor for the agent: the mode is lowered, and the hold must end without opening.
no_descriptors()
{
	local pid n=3
	pid=$(unit_pid colod)
	# Up to the first number that is not in use: what a leak comes to. The reserve is below it.
	while [ -e "/proc/$pid/fd/$n" ]; do n=$((n + 1)); done
	note "the agent has $(ls "/proc/$pid/fd" | wc -l) descriptors and may have $n"
	prlimit --pid "$pid" --nofile=$n:
	touch /etc/colod/disable
}

descriptors()
{
	ends "out of descriptors" no_descriptors
	# Off means that everything comes back, and so it must without a descriptor.
	ok "shares and protection go, too" wait_for 20 knobs_back
	prlimit --pid "$(unit_pid colod)" --nofile=65536:
	rm -f /etc/colod/disable
	ok "it goes on after that" wait_for 30 sh -c "! grep -qx 0 '$pressure_at/cpu.idle'"
	sleep 2
}

fill() { dd if=/dev/zero of=/run/colod/fill bs=4k 2>/dev/null; kill_main KILL; }

free_or_recorded() { pressure_free || grep -q "$(basename "$pressure_at") .*cpu.max" /run/colod/originals; }

no_room()
{
	dies "no room under /run, and killed" fill
	ok "the next agent starts" wait_for 30 systemctl is-active -q colod
	sleep 3
	ok "and holds nothing that it cannot record" free_or_recorded
	rm -f /run/colod/fill
}

# The sums of the agent are in CLOCK_BOOTTIME: a step of the other clock is no time.
clock_step()
{
	ok "a clock step: a quota stands" wait_for 90 pressure_held
	date -s '+2 hours' >/dev/null
	sleep 2
	like "$(coloctl status)" 'holds .*the oldest for [0-9.]+ s' "a clock step is not the age of a hold"
	date -s '-2 hours' >/dev/null
	dies "after a clock step, killed" kill_main KILL
}

suspend()
{
	if ! grep -qw mem /sys/power/state 2>/dev/null || [ ! -e /sys/class/rtc/rtc0/wakealarm ]; then
		note "this kernel cannot suspend: $(cat /sys/power/state 2>/dev/null); unit test_life covers the gap"
		return
	fi
	dies "a suspend" rtcwake -m mem -s 8
	ok "and it is said" wait_for 20 says 'did not run for'
}

# Pods come and go, systemd reloads, the agent is killed and restarted: what must hold holds throughout.
soak()
{
	local seed=${COLOD_SEED:-$(date +%s)}
	is "$(soak_sees)" "0 1 1 " "the check of a long run sees what it looks for"
	soak_start
	note "COLOD_SEED=$seed"
	ok "pods come and go, and the agent, too" soak_rounds 80 "$seed"
	ok "and they are gone" soak_end
	is "$(soak_breaches)" "" "no online pod was below a quota, no offline branch outside its bound"
	is "$(grep -c '^# [wt]' "$WATCH_LOG")" 0 "and the witness missed nothing"
}

mkdir -p /run/colod
mount -t tmpfs -o size=256k,mode=755 tmpfs /run/colod
pressure_start
knobs_take before
colod_facts
colod_policy squeeze file:///run/pods.json
mkdir -p /run/systemd/system/colod.service.d
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\n' >/run/systemd/system/colod.service.d/50-test.conf
systemctl daemon-reload
allow_core colod 6
ok "start" colod_start
ok "a quota stands" wait_for 90 pressure_held
ok "systemd has been told" wait_for 60 colod_told
watch_start
dies "SIGSTOP past the watchdog" kill_main STOP
if [ -n "${LONG:-}" ]; then
	dies SIGKILL kill_main KILL
	dies abort kill_main ABRT
	descriptors
	no_room
	clock_step
	suspend
fi
watch_stop "the ways to die"
if [ -n "${LONG:-}" ]; then
	watch_start
	soak
	watch_stop "the soak"
fi
pressure_end
# Stopped while it waits for its next start it would leave the giving back to another unit.
ok "it is started again" wait_for 60 coloctl status
colod_stop
ok "after the stop every value is as it was" knobs_back || note "$(diff before now)"
umount /run/colod
rm -rf /run/systemd/system/colod.service.d
systemctl daemon-reload
systemctl reset-failed colod colod-restore 2>/dev/null
colod_clean
pods_cleanup
done_testing
