#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# long-budget: 400s
# profile: default
# core: no
# title: without systemd a guard ends the holds of an agent that is killed or hangs; where the guard is gone, status and doctor say so
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/watch.sh"
. "$VM/guest/pressure.sh"

LOG=/run/guard-test.log

# By hand: no watchdog, no ExecStopPost=, nobody who starts it again.
by_hand()
{
	colod --with-guard 2>>$LOG &
	hand=$!
	ok "a quota stands" wait_for 90 pressure_held
}

guard_of() { pgrep -f "^colod guard --for $1 " | head -1; }

watched()
{
	local guard
	guard=$(guard_of $hand)
	ok "it has started its own guard" [ -n "$guard" ]
	like "$(coloctl status)" 'holds .*colod guard ends each within 5.0 s' "status says who ends the hold"
	like "$(coloctl doctor)" 'present +hold-guard' "so does doctor"
	note "the guard has $(awk '/VmLck/ { print $2 }' /proc/$guard/status) KiB locked"
	ok "its memory is locked" [ "$(awk '/VmLck/ { print $2 }' /proc/$guard/status)" -gt 8000 ]
}

# ends SIGNAL BOUND_S
ends()
{
	local since=$SECONDS
	watch_start
	kill -"$1" $hand
	ok "$1: the hold ends" wait_for $(($2 + 20)) pressure_free
	note "$1: free after at most $((SECONDS - since + 1)) s, the bound is $2 s"
	is "$(pressure_strays)" "" "$1: shares stay"
	watch_stop "$1"
	wait $hand
	ok "$1: the guard says so" wait_for 20 grep -q 'its holds have ended' $LOG
	note "$(grep 'its holds have ended' $LOG | tail -1)"
	ok "$1: and is no longer there" wait_for 20 sh -c "! pgrep -f '^colod guard'"
	: >$LOG
}

# The guard itself dies: it is said, and the hold still ends in good order.
unguarded()
{
	kill -KILL "$(guard_of $hand)"
	ok "without its guard, status says so" wait_for 20 sh -c 'coloctl status | grep -q "nothing would end one"'
	like "$(coloctl doctor)" 'absent +hold-guard' "and doctor"
	like "$(coloctl doctor)" 'freeze is not used' "with what that costs"
	kill -TERM $hand
	wait $hand
	ok "a stop ends the hold all the same" pressure_free
}

pressure_start
knobs_take before
colod_facts
colod_policy squeeze file:///run/pods.json
by_hand
watched
ends KILL 1
if [ -n "${LONG:-}" ]; then
	by_hand
	ends STOP 5
	by_hand
	unguarded
else
	ok "colod restore gives the shares back" colod restore
fi
pressure_end
knobs_take after
is "$(diff before after)" "" "and everything is back"
rm -f $LOG
colod_clean
pods_cleanup
done_testing
