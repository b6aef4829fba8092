# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the witness of a storm saw (tests/tools/storm_watch.c says how it writes it down), as the numbers of one row:
#
#   onset_ms    from the first look until the online pod waits for memory in more than a tenth of a second; -1 never
#   back_ms     from then until it does so no more; -1 where that was not seen
#   stall_ms    what it waited in all
#   first       who was first to kill, of the kernel and the agent
#   kernel_ms, agent_ms    when; -1 never
#   kernel_kills           what the kernel's OOM killer counts, of all pods: the process it chose counts twice
#   free_ms                longest time from the last process of a pod being gone to its memory being free
#   lost_ms                CPU time of those that died
#   victims, victims_least     those that an agent or the kernel ended, and how few would have done: all but the last were not
#               enough, so the fewest of the offline pods that had more than those together when the first one died
#   died        in what order, and by whom: hog1:agent,hog2:kernel
#
# A pod has one container and dies as a whole (memory.oom.group), so where the kernel killed in it, it died of that.
# -v online=NAME is no victim of an agent, and with -v arm=none nobody is: they end by themselves. A death is seen when the
# last process is gone, a kernel's kill when it is made: this never makes an agent look earlier than it was.

BEGIN {
	WINDOW_MS = 1000
	WINDOW_STALL_US = 100000
	onset = over = kernel_at = agent_at = -1
	n = from = 0
	first = "nobody"
	died = ""
	victims = 0
}

$1 == "s" {
	if (!n)
		start = $2
	at[n] = $2 - start
	stall[n] = $3
	# The window is never shorter than it should be.
	while (from < n && at[n] - at[from + 1] >= WINDOW_MS)
		from++
	if (at[n] - at[from] >= WINDOW_MS && (stall[n] - stall[from]) * WINDOW_MS >= WINDOW_STALL_US * (at[n] - at[from])) {
		over = at[n]
		if (onset < 0)
			onset = over
	}
	n++
}

$1 == "k" {
	now = $2 - start
	kills += $4 - killed[$3]
	killed[$3] = $4
	if (kernel_at < 0) {
		kernel_at = now
		if (agent_at < 0)
			first = "kernel"
	}
}

$1 == "d" {
	now = $2 - start
	by = ($3 in killed) ? "kernel" : "agent"
	if (by == "agent" && (arm == "none" || $3 == online))
		by = "itself"
	died = died (died == "" ? "" : ",") $3 ":" by
	lost_us += $4
	dead_at[$3] = now
	if (by != "itself") {
		bytes[++victims] = $5
		if (victims == 1) {
			had[$3] = $5
			first_at = $2
		}
	}
	if (by == "agent" && agent_at < 0) {
		agent_at = now
		if (kernel_at < 0)
			first = "agent"
	}
}

# What the others had when the first one died.
$1 == "l" && victims == 1 && $2 == first_at && $3 != online { had[$3] = $4 }

$1 == "f" && $2 - start - dead_at[$3] > free { free = $2 - start - dead_at[$3] }

function fewest(   i, name, most, enough, n) {
	enough = 0
	for (i = 1; i < victims; i++)
		enough += bytes[i]
	for (n = 0; n < victims && (n == 0 || enough >= 0); n++) {
		most = ""
		for (name in had)
			if (most == "" || had[name] + 0 > had[most] + 0)
				most = name
		if (most == "")
			return victims
		enough -= had[most]
		delete had[most]
	}
	return n
}

# The last window must have been quiet to say that it is over.
END {
	end = n ? at[n - 1] : 0
	# Nor does a pod wait that is dead.
	back = onset >= 0 && end - over >= WINDOW_MS && !(online in dead_at) ? over - onset : -1
	printf "onset_ms=%d back_ms=%d stall_ms=%d end_ms=%d first=%s kernel_ms=%d agent_ms=%d kernel_kills=%d free_ms=%d lost_ms=%d victims=%d victims_least=%d died=%s\n",
		onset, back, n ? (stall[n - 1] - stall[0]) / 1000 : 0, end, first, kernel_at, agent_at, kills, free, lost_us / 1000, victims, fewest(),
		died == "" ? "-" : died
}
