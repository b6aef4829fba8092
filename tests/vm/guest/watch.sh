# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The outside witness in tests: tests/tools/knobwatch.c samples every knob each 10 ms. Source lib.sh
# and colod.sh first.
#
#   watch_start [DIR...]     from here on (default: everything below kubepods)
#   watch_changes            what changed so far: MS PATH KNOB OLD NEW, values with '/' for blanks
#   watch_count              how many changes
#   watch_stop [WORD]        ends it and notes how closely it looked
#   watch_mark               the present time in its milliseconds

WATCH_LOG=/run/knobwatch.log
# A witness that sees nothing would make every test pass: it shows each time that it does.
WATCH_PROBE=/run/knobwatch-probe

watch_start()
{
	local dirs=("$CG"/kubepods*)
	[ $# -eq 0 ] || dirs=("$@")
	rm -f "$WATCH_LOG"
	mkdir -p $WATCH_PROBE
	echo 1 >$WATCH_PROBE/cpu.max
	/opt/colod/build/tests/tools/knobwatch "$WATCH_LOG" "${dirs[@]}" $WATCH_PROBE &
	watch_pid=$!
	wait_for 30 grep -q '^# ready' "$WATCH_LOG"
	echo 2 >$WATCH_PROBE/cpu.max
	ok "the witness sees a write" wait_for 20 grep -q " $WATCH_PROBE cpu.max .* 2\$" "$WATCH_LOG"
}

watch_changes() { sed "1,/^# ready/d; /^#/d; \\|$WATCH_PROBE|d" "$WATCH_LOG"; }

watch_count() { watch_changes | wc -l; }

watch_stop()
{
	kill "$watch_pid"
	wait "$watch_pid"
	rm -r $WATCH_PROBE
	note "the witness${1:+ of $1}: $(grep '^# ready' "$WATCH_LOG" | tr -d '#'), $(tail -1 "$WATCH_LOG")"
}

# CLOCK_MONOTONIC, which a guest that does not sleep shares with /proc/uptime.
watch_mark() { awk '{ print int($1 * 1000) }' /proc/uptime; }
