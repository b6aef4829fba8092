# SPDX-License-Identifier: LGPL-2.1-or-later
#
# colod as a service in the guest, for tests: policy, start, stop, and knob values read by a program
# that is not colod. Source lib.sh and pods.sh first.
#
#   colod_policy MODE [FACTS] [YAML...]   a drop-in over the shipped default profile. Where YAML has no `pressure:`, one
#                                         that squeezes the CPU, which no profile asks for; not with AS_SHIPPED=1
#   colod_start, colod_stop, colod_clean  (clean also removes the drop-in and /run/colod)
#   knobs_take FILE                       every knob colod may write, below DIR (default kubepods)
#   knob DIR FILE                         one value
#   says PATTERN [SINCE]                  a line of colod's journal, which takes a moment to get there: wait for it
#   colod_settled                         all that colod plans is written, systemd has been told of it and has written its files

COLOD_DROPIN=/etc/colod/policy.d/90-test.yaml
CG=/sys/fs/cgroup

colod_policy()
{
	local mode=$1 facts=${2:-}
	shift $(($# < 2 ? $# : 2))
	mkdir -p /etc/colod/policy.d
	{
		echo "version: 1"
		echo "mode: $mode"
		[ -z "$facts" ] || echo "facts: {from: \"$facts\"}"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		[ -n "${AS_SHIPPED:-}" ] || [[ "$*" == *pressure:* ]] || echo "pressure: [{when: cpu.some of online > 5% over 2s, do: [squeeze cpu]}]"
	} >"$COLOD_DROPIN.new"
	# Whole, for an agent that reads it just now.
	mv "$COLOD_DROPIN.new" "$COLOD_DROPIN"
}

colod_facts() { pods_json /run/pods.json; }

colod_start() { systemctl start colod; }

colod_stop() { systemctl stop colod; }

colod_reload() { systemctl reload colod; }

colod_restored()
{
	[ "$(systemctl show -p Job --value colod-restore)" = "" ] &&
		[ "$(systemctl show -p ActiveState --value colod-restore)" != activating ]
}

colod_clean()
{
	systemctl stop colod
	# Stopped while it waits for its next start, it leaves the giving back to this unit, which systemd has
	# put in line by now.
	wait_for 30 colod_restored || note "colod-restore is still at work"
	systemctl reset-failed colod 2>/dev/null
	rm -rf "$COLOD_DROPIN" /run/colod /run/pods.json /etc/colod/disable
	rmdir /etc/colod/policy.d /etc/colod 2>/dev/null
	rm -rf /var/lib/colod
	return 0
}

knob() { cat "$1/$2" 2>/dev/null; }

# `cpu.weight` of an idle group shows 0 or 1 whatever it was: cpu.idle beside it tells.
knobs_take()
{
	local dirs=("$CG"/kubepods*)
	[ $# -lt 2 ] || dirs=("${@:2}")
	find "${dirs[@]}" -type f \( -name cpu.weight -o -name cpu.idle -o -name cpu.max \
		-o -name memory.min -o -name memory.low -o -name memory.high -o -name io.weight \
		-o -name io.bfq.weight -o -name memory.max -o -name cgroup.freeze \) -exec grep -H . {} + | sort >"$1"
}

says()
{
	journalctl -q -u colod -o cat ${2:+--since "@$2"} | grep -qE -- "$1"
}

# systemd has been told of everything: it writes the files of a unit anew with each call.
colod_told() { coloctl status --json | jq -e '.units_waiting == 0' >/dev/null; }

# What systemd has written over as it was told, a pass puts back.
colod_settled() { wait_for 60 colod_told && systemd_wrote && colod_next_pass; }

# One pass more than has been made so far.
colod_passes() { coloctl status --json | jq .passes; }
colod_next_pass()
{
	local before
	before=$(colod_passes) || return
	wait_for 30 sh -c "[ \$(coloctl status --json | jq .passes) -gt $((before + 1)) ]"
}
