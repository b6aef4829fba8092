#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 900s
# profile: small
# title: a hog that fills the node in seconds beside an online pod that allocates and reads: what the online pod waits, and who ends it
#
# The short form is one arm: mode squeeze, which may hold and reclaim but not kill. What it must not do is to keep
# the hog from growing when nothing is left: then nobody is killed, and the online pod is reclaimed from for ever. The
# long form measures unmanaged, squeeze and full (with a rule that kills), beside a slow hog and a fast one.
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=$((1024 * 1024))
STEPS='squeeze memory, reclaim'

status() { coloctl status --json | jq -r ".$1"; }
oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }
refaults() { awk '/^workingset_refault_file / { print $2 }' "$(pod_path web)/memory.stat"; }
waited() { awk '/^some/ { sub("total=", "", $5); print $5 }' "$(pod_path web)/memory.pressure"; }
result() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" "$PODS_SHARE/result"; }

# Allocates 4 MiB and reads 1 MiB of a file of 40 MiB, twenty times a second.
web_program()
{
	cat >"$PODS_SHARE/web.py" <<-'P'
		import os, time
		path, took = "/share/data", []
		with open(path, "wb") as f:
		    f.write(os.urandom(1 << 20) * 40)
		os.sync()
		open("/share/ready", "w").close()
		while not os.path.exists("/share/webstop"):
		    t = time.monotonic()
		    kept = bytearray(b"z" * (4 << 20))
		    with open(path, "rb") as f:
		        f.seek(int(t * 1000) % 39 << 20)
		        f.read(1 << 20)
		    if os.path.exists("/share/measure"):
		        took.append(time.monotonic() - t)
		    del kept
		    time.sleep(0.05)
		took.sort()
		at = lambda q: int(took[int((len(took) - 1) * q)] * 1000000)
		with open("/share/result", "w") as f:
		    f.write("n=%d p50_us=%d p99_us=%d max_us=%d\n" % (len(took), at(0.5), at(0.99), at(1)))
	P
}

pods()
{
	mkdir -p "$PODS_SHARE"
	web_program
	pod_create web Burstable 500 $((64 * MIB)) python3 /share/web.py
	wait_for 60 test -e "$PODS_SHARE/ready"
	pod_create calm BestEffort 0 0 sh -c 'dd if=/dev/zero of=/share/blob bs=1M count=80 2>/dev/null; touch /share/rests; while :; do sleep 1; done'
	wait_for 60 test -e "$PODS_SHARE/rests"
	colod_facts
}

begin()
{
	local high="levels: {P7: {role: offline, memory: {high: none}}}" pressure="pressure: [{when: memory.some of online > 10% over 1s, do: [$STEPS]}"
	case $1 in
	none) return ;;
	squeeze) colod_policy squeeze file:///run/pods.json "$high" "$pressure]" ;;
	full) colod_policy full file:///run/pods.json "$high" "$pressure, {when: memory.empty of node in 3s, do: [kill]}]" ;;
	esac
	colod_start && wait_for 10 coloctl status && colod_next_pass
}

# HOW MIB PAUSE: the hog takes MIB at a time.
arm()
{
	local how=$1 before_faults before_waited kills
	ok "$how, $2 MiB each $3 s: pods" pods
	ok "$how begins" begin "$how"
	kills=$(oom_kills) before_faults=$(refaults) before_waited=$(waited)
	touch "$PODS_SHARE/measure"
	pod_create hog BestEffort 0 0 python3 -c "import time
kept = []
while True:
    kept.append(b'x' * ($2 << 20))
    time.sleep($3)"
	colod_facts
	sleep 20
	kills=$(($(oom_kills) - kills))
	note "$how, $2 MiB each $3 s: the kernel killed $kills, refaults of web $(($(refaults) - before_faults)), it waited $((($(waited) - before_waited) / 1000)) ms of 20 s"
	touch "$PODS_SHARE/webstop"
	ok "$how: the online pod gets on with its work" wait_for 20 test -e "$PODS_SHARE/result"
	note "$how, $2 MiB each $3 s: $(cat "$PODS_SHARE/result")"
	is "$(awk '/^oom_kill / { print $2 }' "$(pod_path web)/memory.events")" 0 "$how: nobody of the online pod was killed"
	if [ "$how" != none ]; then
		note "$how: $(coloctl status --json | jq -c '{rung_memory, kills, reclaim_got_bytes, writes}')"
		[ "$how" = squeeze ] || is "$kills" 0 "$how: the kernel did not have to choose"
		ok "$how: stop" colod_stop
		colod_clean
	fi
	pods_cleanup
}

if [ -z "${LONG:-}" ]; then
	arm squeeze 16 0.01
else
	for rate in "4 0.1" "16 0.01"; do
		for how in none squeeze full; do
			# shellcheck disable=SC2086 # two words
			arm $how $rate
		done
	done
fi
done_testing
