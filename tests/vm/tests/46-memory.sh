#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 300s
# profile: small
# core: late
# title: offline pods that fill the node are held before anybody waits, give back what they can, and are let go again; who does not grow, and who is online, is left alone; of one that is hurt its incident has what its memory was
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))

current() { knob "$(pod_path "$1")" memory.current; }
high() { knob "$(pod_path "$1")" memory.high; }
events() { awk -v k="$2" '$1 == k { print $2 }' "$(pod_path "$1")/memory.events"; }
status() { coloctl status --json | jq -r ".$1"; }
rung_is() { [ "$(status rung_memory)" = "$1" ]; }
room_mib() { coloctl status --json | jq '(.room.available_bytes - .room.line_bytes) / 1048576 | floor'; }

# A pod that takes 2 MiB ten times a second, as long as it may.
growing_pod()
{
	pod_create hog BestEffort 0 0 python3 -c 'import time, os
kept = []
while not os.path.exists("/share/stop"):
    kept.append(b"x" * (2 << 20))
    time.sleep(0.1)
while True:
    time.sleep(1)'
}

# Page cache that nobody needs: it grew once, and rests.
cache_pod()
{
	pod_create cache BestEffort 0 0 sh -c 'dd if=/dev/zero of=/share/blob bs=1M count=100 2>/dev/null; sync; touch /share/written; while :; do sleep 1; done'
	wait_for 90 test -e "$PODS_SHARE/written"
}

told_since() { journalctl -q -u colod -o cat --since "@$1" | grep -qE "$2"; }

# A hold may be let go of for a moment between two passes.
may_grow() { coloctl why default/hog | grep -q 'it may grow by'; }

held()
{
	local before grown taken began ms
	ok "the online pod and the node tell of waits for memory by themselves" [ "$(status triggers)" -ge 2 ]
	ok "the hog is held while there is room left" wait_for 90 grep -qv '^max' "$(pod_path hog)/memory.high"
	note "room $(room_mib) MiB, hog $(($(current hog) / MIB)) MiB, memory.high $(($(high hog) / MIB)) MiB, rung $(status rung_memory)"
	ok "nobody had to wait before: the room told" wait_for 20 told_since "$1" 'memory: calm → squeeze: the room of [0-9.]+ MiB falls by [0-9.]+ MiB a second'
	is "$(high web)" max "the online pod has no bound"
	is "$(high cache)" max "nor has the offline pod that does not grow"
	ok "why says what it may" wait_for 30 may_grow
	before=$(current hog) began=${EPOCHREALTIME/./}
	sleep 10
	grown=$((($(current hog) - before) / MIB)) ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	note "in $ms ms the hog grew by $grown MiB, of some 200 that it would have liked; room $(room_mib) MiB, rung $(status rung_memory)"
	# 4 a second, and what slips over until the kernel slows it down.
	ok "it grows, but only as fast as it may ($grown MiB in $ms ms)" [ $grown -gt 10 -a $((grown * 10000)) -lt $((65 * ms)) ]
	ok "the node's line is not crossed" [ "$(room_mib)" -gt 0 ]
	is "$(events web high) $(events web max) $(events web oom)" "0 0 0" "the online pod met no bound"
	is "$(events hog oom_kill) $(events cache oom_kill)" "0 0" "and nobody was killed"
}

# A dead agent leaves no bound behind, and the next one takes up where it was.
killed()
{
	systemctl kill -s KILL --kill-whom=main colod
	ok "the hold of a killed agent ends" wait_for 5 grep -q '^max' "$(pod_path hog)/memory.high"
	ok "it is held again by the next" wait_for 90 grep -qv '^max' "$(pod_path hog)/memory.high"
}

reclaimed()
{
	ok "when the room falls fast memory is taken back" wait_for 90 gave
	note "reclaim: $(($(status reclaim_got_bytes) / MIB)) MiB of $(($(status reclaim_asked_bytes) / MIB)) MiB asked for"
	ok "from the page cache of the offline pod" wait_for 90 has_given
	is "$(events cache oom_kill) $(events web oom_kill)" "0 0" "nobody was killed"
}

has_given() { [ "$(current cache)" -lt $((90 * MIB)) ]; }
gave() { [ "$(status reclaim_got_bytes)" -gt $((8 * MIB)) ]; }

# Somebody else fills the node: nothing that a hold could stop.
flood()
{
	mkdir -p /run/flood
	mount -t tmpfs flood /run/flood
	local mib=$(($(room_mib) - 20))
	note "filling $mib MiB"
	dd if=/dev/zero of=/run/flood/blob bs=1M count=$mib 2>/dev/null
}

calm()
{
	ok "calm comes back" wait_for 90 rung_is calm
	ok "and says so" wait_for 20 says 'memory: squeeze → calm'
	is "$(high cache) $(high web)" "max max" "nobody has a bound"
}

drain()
{
	rm /run/flood/blob
	umount /run/flood
	calm
	ok "what was taken back is in the history" wait_for 20 says 'memory.reclaim gave [0-9.]+ MiB of'
}

has_woken() { [ "$(status trigger_events)" -gt "$1" ]; }

# The online pod stalls by a bound of its own: its trigger wakes the agent, which finds nobody to blame.
woken()
{
	local web before
	web=$(pod_path web) before=$(status trigger_events)
	echo $((8 * MIB)) >"$web/memory.high"
	crun exec "$(pod_id web)" sh -c 'head -c 30000000 /dev/zero | tail' >/dev/null 2>&1 &
	ok "a stall wakes the agent" wait_for 30 has_woken "$before"
	echo max >"$web/memory.high"
	wait
	colod_next_pass
	# What it takes makes the room fall, which may be a reason to hold whoever grows; that it waits is none.
	is "$(high cache)" max "nobody is held for what a pod does to itself"
	ok "and it is no reason for a rung" sh -c '! journalctl -q -u colod -o cat | grep "^memory: .* waited for memory"'
}

file_mib() { echo $(($(awk '/^file / { print $2 }' "$(pod_path "$1")/memory.stat") / MIB)); }
has_cache() { [ "$(file_mib cache)" -ge "$1" ]; }
gave_ahead() { [ "$(file_mib cache)" -lt $(($1 - 30)) ]; }

# Nobody waits and nothing falls: a level with a watermark gives all the same, and only that level.
ahead()
{
	local before web
	colod_stop
	before=$(file_mib cache)
	crun exec "$(pod_id cache)" sh -c 'dd if=/dev/zero of=/share/blob2 bs=1M count=80 2>/dev/null; sync' >/dev/null
	# The kernel adds up memory.stat every other second.
	ok "there is more to give" wait_for 30 has_cache $((before + 78))
	before=$(file_mib cache) web=$(file_mib web)
	colod_policy squeeze file:///run/pods.json "pressure: []" \
		"levels: {P7: {role: offline, memory: {high: none, watermark: +1000%}}}"
	ok "start with a watermark" colod_start
	ok "below it pages are taken back ahead of need" wait_for 90 gave_ahead "$before"
	is "$(status rung_memory)" calm "on rung calm"
	note "page cache of the offline pod: $before MiB, then $(file_mib cache) MiB"
	is "$(file_mib web)" "$web" "the online pod keeps what it has"
	colod_stop
	ok "the journal says why" wait_for 20 says 'memory.reclaim.*of its level.s watermark'
}

of_web() { awk -v k="$1" '$1 ~ k { n += $2 } END { print n + 0 }' "$(pod_path web)/memory.stat"; }
points() { coloctl incidents show 1 --json | jq ".scene.points | $1"; }
is_memorys() { [ "$(coloctl incidents --json | jq -r '.incidents[0].resource')" = memory ]; }
# In MiB, of the last second of it that was measured, against what the kernel says now.
agrees()
{
	local differs=$((($(points "[.victim.${1}_kib[] | numbers] | last // -9999999") - $(of_web "^$1\$") / 1024) / 1024))
	[ ${differs#-} -le "$2" ]
}

# The slice above it has too little room, which is no fault of the pod's: it reads again what was taken from it.
hurt()
{
	local slice before told grown
	slice=$(dirname "$(pod_path web)")
	rm -rf /var/lib/colod/incidents
	colod_policy squeeze file:///run/pods.json "pressure: []" \
		"sli: [{name: memory, metric: memory.some, of: online, mean: 1%, window: 10s}]"
	ok "start with an SLI" colod_start
	crun exec "$(pod_id web)" python3 -c 'import os, time
kept = b"x" * (20 << 20)
with open("/share/data", "wb") as f:
    for i in range(40):
        f.write(b"y" * (1 << 20))
    os.fsync(f.fileno())
open("/share/reads", "w").close()
while not os.path.exists("/share/enough"):
    with open("/share/data", "rb", buffering=0) as f:
        while f.read(1 << 18):
            pass
    time.sleep(0.2)
while True:
    time.sleep(1)' >/dev/null 2>&1 &
	ok "it reads a file" wait_for 60 test -e "$PODS_SHARE/reads"
	before=$(of_web '^workingset_refault_')
	echo $((48 * MIB)) >"$slice/memory.high"
	ok "that it waits is an incident" wait_for 90 is_memorys
	ok "what it has of its own is in it" wait_for 20 agrees anon 4
	ok "and of files" wait_for 20 agrees file 8
	touch "$PODS_SHARE/enough"
	sleep 4 # the kernel adds up memory.stat every other second
	grown=$(($(of_web '^workingset_refault_') - before))
	told=$(points '[[.victim.refaults_per_s, .span_ms] | transpose[] | select(.[0]) | .[0] * .[1]] | add / 1000 | floor')
	ok "what it read again was counted: $told pages of $grown" [ "$told" -gt 1000 -a $((told * 2)) -ge "$grown" -a $((told * 10)) -le $((grown * 11)) ]
	ok "and what was looked through for it" [ "$(points '[.victim.direct_per_s[] | numbers] | max')" -gt 0 ]
	note "$(coloctl incidents show 1)"
	like "$(coloctl incidents show 1)" 'anonymous memory  .*MiB' "it is shown"
	like "$(coloctl incidents show 1)" 'refaults a second  .*pages' "with the pages that were read again"
	ok "it is drawn" coloctl incidents plot 1 --output /tmp/memory.svg
	ok "with a field of its memory" grep -q 'Memory of the victim, MiB' /tmp/memory.svg
	echo max >"$slice/memory.high"
}

pod_create web Burstable 500 $((64 * MIB))
cache_pod
colod_facts
colod_policy squeeze file:///run/pods.json "pressure: [{when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim]}]" \
	"levels: {P7: {role: offline, memory: {high: none, growth: 4MiB/s}}}"
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
colod_next_pass
is "$(status rung_memory)" calm "calm with a room of $(room_mib) MiB"
# First, while the page cache that can be given back is there: a hog that is held makes reclaim begin early.
flood
reclaimed
drain
since=$(date +%s)
growing_pod
colod_facts
held "$since"
killed
touch "$PODS_SHARE/stop"
pod_delete hog
calm
woken
ahead
hurt
colod_clean
pods_cleanup
done_testing
