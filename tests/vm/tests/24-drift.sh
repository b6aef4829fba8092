#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# long-budget: 600s
# profile: default
# title: others who write over colod's values, as the kubelet and systemd do: put back at once, counted, without a storm; a fight is bounded and named
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
REWRITES=20 RELOADS=3
[ -z "${LONG:-}" ] || REWRITES=200 RELOADS=50

status() { coloctl status --json | jq -r ".$1"; }

# What the kubelet's loop does to a class once a minute: the property, then the file.
kubelet_systemd()
{
	busctl call -q org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager \
		SetUnitProperties 'sba(sv)' kubepods-besteffort.slice true 1 CPUWeight t 1
	echo 1 >$BE/cpu.weight
}
kubelet_cgroupfs() { echo 1 >$CG/kubepods/besteffort/cpu.weight; }

setup()
{
	ok "an online pod" pod_create web Burstable 6000 $((64 * 1048576))
	ok "a BestEffort pod" pod_create hog BestEffort
	ok "an online pod in the cgroupfs layout" pod_create_cgroupfs cweb Burstable 6000 0
	ok "a BestEffort one" pod_create_cgroupfs chog BestEffort
	colod_facts
	colod_policy protect file:///run/pods.json
	ok "start" colod_start
	ok "the class is levelled" wait_for 20 sh -c "[ \$(cat $BE/cpu.weight) -gt 1 ]"
	W=$(knob $BE cpu.weight) C=$(knob "$CG/kubepods/besteffort" cpu.weight)
	note "the class of each driver has $W and $C where a kubelet says 1"
	colod_next_pass
	ok "systemd has been told" wait_for 60 colod_told
}

# How soon: the time from the foreign write to the value being back, by a program that is not colod.
at_once()
{
	local i before
	before=$(status rewrites)
	inotifywait -q -m -e modify --format '%w%f' "$(pod_path web)/cpu.weight" "$(pod_path cweb)/cpu.weight" >innocent 2>/dev/null &
	watcher=$!
	for i in 1 2 3; do
		echo 3 >$CG/kubepods/besteffort/cpu.weight
		ok "a hand edit is put back" wait_for 2 grep -qx "$C" $CG/kubepods/besteffort/cpu.weight
		sleep 0.3
	done
	is $(($(status rewrites) - before)) 3 "each is counted once"
	like "$(coloctl why default/chog)" "originally 3, wanted $C, written over by others 3 times" "why says what was overwritten"
	like "$(coloctl status)" "drift +$((before + 3)) times" "and status how often"
}

# One write each, as the minute loop, but without the minute: regular ones fit into the budget of six.
minute_loop()
{
	local before passes
	before=$(status writes)
	passes=$(status passes)
	kubelet_systemd
	ok "the kubelet's loop through systemd is put back" wait_for 3 grep -qx "$W" $BE/cpu.weight
	kubelet_cgroupfs
	ok "and with the cgroupfs driver" wait_for 3 grep -qx "$C" $CG/kubepods/besteffort/cpu.weight
	ok "systemd is told again" wait_for 30 sh -c \
		"[ \"\$(systemctl show -p CPUWeight --value kubepods-besteffort.slice)\" = $W ]"
	sleep 1
	note "$(($(status writes) - before)) writes, $(($(status passes) - passes)) passes for one loop of each driver"
	ok "no more than two writes for each" [ $(($(status writes) - before)) -le 4 ]
	is "$(status fights)" 0 "and no fight"
}

reloads()
{
	local i before=$(status writes) passes=$(status passes) start=$SECONDS
	for i in $(seq $RELOADS); do systemctl daemon-reload; done
	sleep 1
	note "$RELOADS daemon-reloads: $(($(status writes) - before)) writes, $(($(status passes) - passes)) passes in $((SECONDS - start)) s"
	is "$(knob $BE cpu.weight)" "$W" "the class has colod's value after $RELOADS daemon-reloads"
	ok "without a write storm" [ $(($(status writes) - before)) -le 2 ]
	ok "nor a storm of passes" [ $(($(status passes) - passes)) -le $(((SECONDS - start + 2) * 3)) ]
}

storm()
{
	local i before=$(status writes) passes=$(status passes) start=$SECONDS
	for i in $(seq $REWRITES); do kubelet_systemd; kubelet_cgroupfs; sleep 0.1; done
	note "$REWRITES rewrites of each driver in $((SECONDS - start)) s: $(($(status writes) - before)) writes, $(($(status passes) - passes)) passes"
	ok "the writes are bounded" [ $(($(status writes) - before)) -le $((2 * (6 + 2 + (SECONDS - start) / 5))) ]
	ok "and the passes" [ $(($(status passes) - passes)) -le $((30 + (SECONDS - start) * 2)) ]
	is "$(status contested)" 2 "both knobs are contested now"
	ok "who it is, is said" wait_for 20 says "kubepods/besteffort cpu.weight: somebody else keeps writing 1 over colod's $C.*most likely the kubelet\."
	ok "of the other driver too" wait_for 20 says "kubepods-besteffort.slice cpu.weight: .*most likely the kubelet \(through systemd\)"
	is "$(journalctl -q -u colod -o cat | grep -c 'keeps writing')" 2 "once for each"
	ok "the values come back when it ends" wait_for 120 sh -c \
		"grep -qx $W $BE/cpu.weight && grep -qx $C $CG/kubepods/besteffort/cpu.weight"
	ok "and the fight is over, and said" wait_for 120 sh -c '[ "$(coloctl status --json | jq .contested)" = 0 ]'
	ok "in the journal" wait_for 20 says "the fight is over"
}

innocent()
{
	kill $watcher
	wait $watcher 2>/dev/null
	is "$(cat innocent)" "" "no write to a weight that colod does not own"
	is "$(knob "$(pod_path web)" cpu.weight) $(knob "$(pod_path cweb)" cpu.weight)" "235 235" "the online pods have the kubelet's weights"
}

gone()
{
	local fd pid before
	pid=$(unit_pid colod)
	fd=$(find /proc/$pid/fd -lname '*inotify*' -printf '%f\n' | head -1)
	before=$(grep -c ^inotify "/proc/$pid/fdinfo/$fd")
	pod_delete hog
	colod_facts
	ok "a deleted pod takes its watches along" wait_for 20 sh -c "[ \$(grep -c ^inotify /proc/$pid/fdinfo/$fd) -lt $before ]"
}

setup
at_once
minute_loop
reloads
storm
innocent
gone
colod_stop
is "$(find /run/systemd/system.control -name '50-*.conf' 2>/dev/null)" "" "a stop leaves no drop-in"
is "$(systemctl show -p CPUWeight --value kubepods-besteffort.slice)" 1 "and the kubelet's weight in systemd"
is "$(knob "$CG/kubepods/besteffort" cpu.weight)" 1 "and in the file of the other driver"
colod_clean
pods_cleanup
done_testing
