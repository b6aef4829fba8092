# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The guest's state as sorted text, for "a test leaves nothing behind". Sourced by the runner.
# Two snapshots are compared line by line; a knob counts only where both have the cgroup, because
# systemd switches controllers on and off in its own slices as units come and go.

# Cgroups that come and go by themselves: units that systemd starts on demand.
STATE_IGNORE='/(system-modprobe\.slice|system-vmtest.*|vmtest-.*|user\.slice|systemd-journald.*|polkit\.service)'

# One walk for cgroups and knobs: there are dozens of tests, and two walks after each.
state_cgroups()
{
	find /sys/fs/cgroup -type d -printf 'cgroup %p\n' -o \( -name cpu.weight -o -name cpu.idle -o -name cpu.max \
		-o -name memory.min -o -name memory.low -o -name memory.high -o -name memory.max -o -name memory.oom.group \
		-o -name io.weight -o -name cgroup.freeze \) -exec grep -H '' {} + 2>/dev/null | sed 's/^\//knob &/'
}

state_take()
{
	{
		state_cgroups
		tc qdisc show | sed 's/^/tc /'
		ip -o link show | awk '{ print "link", $2 }'
		awk '{ print "mount", $5, $4 }' /proc/self/mountinfo
		awk 'NR > 1 { print "swap", $1 }' /proc/swaps
		find /run/systemd/system.control /run/systemd/transient /run/colod /var/lib/colod \
			/etc/colod -mindepth 1 -printf 'file %p\n' 2>/dev/null
		grep -H '' /proc/sys/vm/{min_free_kbytes,watermark_scale_factor,swappiness} |
			sed 's/^/sysctl /'
	} | grep -vE "$STATE_IGNORE" | sort >"$1"
}

# Prints what differs, "+" for new and "-" for gone.
state_diff()
{
	awk '
		function key(line) { sub(/:.*/, "", line); return line }
		NR == FNR { base[$0]; if ($1 == "knob") knobs[key($0)]; next }
		{ now[$0] }
		$1 == "knob" { if (key($0) in knobs && !($0 in base)) print "+ " $0; next }
		!($0 in base) { print "+ " $0 }
		END {
			for (line in base)
				if (!(line in now) && line !~ /^knob /)
					print "- " line
		}' "$1" "$2"
}
