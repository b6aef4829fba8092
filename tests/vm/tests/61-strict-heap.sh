#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 360s
# profile: small
# core: no
# title: under strict-memory an online heap at 85 % of its limit gets its memory.high out of its way, and nobody is held for it
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
LIMIT=$((100 * MIB))

current() { knob "$(pod_path "$1")" memory.current; }
high() { knob "$(pod_path "$1")" memory.high; }
events() { awk -v k="$2" '$1 == k { print $2 }' "$(pod_path "$1")/memory.events"; }
stalled() { awk '/^full/ { sub("total=", "", $5); print $5 }' "$(pod_path "$1")/memory.pressure"; }
status() { coloctl status --json | jq -r ".$1"; }

# Grows by 2 MiB a second from when it may until it is told that it is enough, and from then on makes garbage of half a
# MiB and looks at all that it keeps, as a collector does.
heap_pod()
{
	POD_MEM_LIMIT=$LIMIT pod_create heap Burstable 200 $((64 * MIB)) python3 -c "
import os, time
kept = [bytearray(b'x' * (1 << 20)) for i in range(55)]
while not os.path.exists('/share/grow'):
    time.sleep(0.1)
while not os.path.exists('/share/enough'):
    kept.append(bytearray(b'x' * (1 << 18)))
    time.sleep(0.125)
while True:
    passing = b'y' * (1 << 19)
    for block in kept:
        block[0] = (block[0] + 1) & 255
    time.sleep(0.02)"
}

is_full() { [ "$(current heap)" -ge $((LIMIT * 85 / 100)) ]; }
rung_is() { [ "$(status rung_memory)" = "$1" ]; }
out_of_the_way() { [ "$(high heap)" -gt "$(current heap)" ]; }

filled()
{
	ok "strict-memory bounds the online pod" wait_for 30 grep -qx $((80 * MIB)) "$(pod_path heap)/memory.high"
	touch "$PODS_SHARE/grow"
	ok "the heap gets to 85 % of its limit" wait_for 90 is_full
	touch "$PODS_SHARE/enough"
	ok "and its bound is out of its way" wait_for 30 out_of_the_way
	note "heap $(($(current heap) / MIB)) MiB of $((LIMIT / MIB)), memory.high $(($(high heap) / MIB)) MiB, met $(events heap high) times"
	ok "which it met" [ "$(events heap high)" -gt 0 ]
}

rests()
{
	local met before
	sleep 3 # the longest delay that the kernel may still owe it
	met=$(events heap high) before=$(stalled heap)
	sleep 10
	note "in 10 s it met its bound $(($(events heap high) - met)) times and stood still for $((($(stalled heap) - before) / 1000)) ms"
	ok "it does not stand still" [ $(($(stalled heap) - before)) -lt 200000 ]
	is "$(events heap max) $(events heap oom_kill)" "0 0" "it never met its limit"
}

touch "$PODS_SHARE/grow" 2>/dev/null || pods_rootfs
rm -f "$PODS_SHARE/grow" "$PODS_SHARE/enough"
heap_pod
pod_create tame BestEffort 0 0 python3 -c 'import time
kept = b"x" * (48 << 20)
while True: time.sleep(1)'
colod_facts
colod_policy full file:///run/pods.json "levels:" \
	"  P4: {role: online, memory: {min: request, high: 80% of limit}}" \
	"  P7: {role: offline, memory: {high: none}}" \
	"pressure:" \
	"- {when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim, freeze]}" \
	"- {when: memory.full of online > 5% over 1s, do: [squeeze memory, reclaim, freeze]}"
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
filled
rests
# What the start of all this takes of a small node's room may squeeze for a moment; the heap's own stalls must not.
nok "no step was taken for what it waits" says 'waited for memory'
ok "the ladder is calm" wait_for 60 rung_is calm
is "$(high tame)" max "nobody was held for it"
is "$(status pods_held) $(status reclaim_asked_bytes) $(status kills)" "0 0 0" "nor reclaimed from, nor killed"
like "$(coloctl why default/heap)" 'memory.high' "why tells of its bound"
colod_stop
is "$(high heap)" max "a stop gives it back"
rm -f "$PODS_SHARE/grow" "$PODS_SHARE/enough"
colod_clean
pods_cleanup
done_testing
