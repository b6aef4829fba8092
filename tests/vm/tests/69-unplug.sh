#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 480s
# profile: icount
# title: a disk on which offline work is held goes while it is used: the hold goes with it and nothing else; it comes back under another number, is found and held there; sixty-four disks are as many as colod looks at
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/disks.sh"

TOOLS=/opt/colod/build/tests/tools
SCENE=$CG/unplug
MBPS=20

held_on() { [ -n "$(io_bound "$SCENE/hog" "$1" rbps)" ]; }
rung() { coloctl status --json | jq -r .rung_io; }
on_rung() { [ "$(rung)" = "$1" ]; }
doctor_disks() { coloctl doctor --json | jq -r '.disks[].number'; }
knows() { doctor_disks | grep -qx "$1"; }
forgot() { ! knows "$1"; }
left_out() { [ "$(coloctl doctor --json | jq -r '.n_disks_left_out // 0')" -ge 1 ]; }

policy()
{
	colod_policy squeeze cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}}, P7: {role: offline, memory: {high: none}, io: {weight: keep, squeeze: {floor: 10%}}}}" \
		"assign: [{match: {cgroup: unplug/web}, level: P0}, {match: {cgroup: unplug/hog}, level: P7}]" \
		"pressure: [{when: io.some of online > 10% over 2s, do: [squeeze io]}]"
}

loads()
{
	in_cgroup "$SCENE/web" "$TOOLS/io_load" read "/dev/$1" 64 48 1 </dev/null >/dev/null 2>&1 &
	in_cgroup "$SCENE/hog" "$TOOLS/io_load" read "/dev/$1" 256 48 4 </dev/null >/dev/null 2>&1 &
}

nobody_there() { ! grep -q 'populated 1' "$SCENE"/*/cgroup.events; }

many()
{
	local i
	for i in $(seq 2 70); do
		mkdir "$NULLB/nullb$i" && echo 1 >"$NULLB/nullb$i/size" && echo 1 >"$NULLB/nullb$i/power" || return
	done
}

many_gone()
{
	local i
	for i in $(seq 2 70); do null_disk_gone "nullb$i"; done
}

null_disks
number=$(null_disk nullb0 64 $MBPS)
like "$number" "^[0-9]+:[0-9]+$" "a disk"
systemd-run -q --unit=disks-io -p IOAccounting=yes sleep 1000
wait_for 20 test -e "$CG/system.slice/io.max"
mkdir "$SCENE"
echo "+io +memory" >"$SCENE/cgroup.subtree_control"
mkdir "$SCENE/web" "$SCENE/hog"
policy
ok "start" colod_start
pid=$(unit_pid colod)
loads nullb0
ok "offline work is held there" wait_for 30 held_on "$number"
echo 0 >"$NULLB/nullb0/power"
ok "it goes: who read it ends" wait_for 30 nobody_there
ok "colod has noticed" wait_for 90 forgot "$number"
ok "and holds nothing" wait_for 60 on_rung calm
is "$(cat "$SCENE/hog/io.max")" "" "no line of it is left"
# Another one takes its number.
other=$(null_disk nullb1 64 $MBPS)
echo 1 >"$NULLB/nullb0/power"
again=$(cat /sys/block/nullb0/dev)
note "it was $number; another is $other, and it is $again now"
nok "it comes back under another number" [ "$again" = "$number" ]
ok "and is found" wait_for 90 knows "$again"
loads nullb0
ok "and held there" wait_for 60 held_on "$again"
nok "and not where it was" held_on "$number"
is "$(unit_pid colod)" "$pid" "the agent is the same"
ok "seventy disks" many
ok "are as many as it looks at, and the rest is said" wait_for 90 left_out
is "$(doctor_disks | wc -l)" 64 "sixty-four"
note "resident: $(awk '/VmRSS/ { print $2 }' "/proc/$pid/status") kB"
ok "they go" many_gone
ok "and are forgotten" wait_for 90 sh -c "[ \$(coloctl doctor --json | jq '.disks | length') -lt 10 ]"
is "$(journalctl -q -u colod -o cat -p err | wc -l)" 0 "nothing of this is an error"
colod_clean
for pod in web hog; do echo 1 >"$SCENE/$pod/cgroup.kill"; done
wait_for 20 nobody_there
rmdir "$SCENE/web" "$SCENE/hog" "$SCENE"
systemctl stop disks-io
null_disk_gone nullb0
null_disk_gone nullb1
null_disks_end
done_testing
