#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# long-budget: 400s
# profile: default
# title: an online pod waits for a disk of known bandwidth: what offline work does there is bounded by io.max, nobody else and no other disk is, the wait falls, and whatever ends the agent gives it back; in the long form a hold that may not go far enough is no help, and who keeps that disk busy is evicted where the policy asks, and nobody where it does not
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

NULLB=/sys/kernel/config/nullb
SCENE=$CG/io-hold
MBPS=20

rung() { coloctl status --json | jq -r .rung_io; }
on_rung() { [ "$(rung)" = "$1" ]; }
line_of() { sed -n "s/^$2 //p" "$SCENE/$1/io.max"; }
held() { [[ $(line_of hog "$A") =~ rbps=[0-9]+ ]]; }
bound() { line_of hog "$A" | sed -n 's/.*rbps=\([0-9]*\).*/\1/p'; }
tight() { held && [ "$(bound)" -le $((MBPS * 1000000 / 4)) ]; }
nobody_held() { [ -z "$(cat $SCENE/*/io.max | grep -v "$FOREIGN")" ]; }
waited_us() { sed -n 's/^some .*total=//p' "$SCENE/$1/io.pressure"; }
read_bytes() { awk -v disk="$2" '$1 == disk { for (i = 2; i <= NF; i++) if (sub(/^rbytes=/, "", $i)) n = $i } END { print n + 0 }' "$SCENE/$1/io.stat"; }

# Sleeps, and prints how many ms that was, without what the machine stood still itself: then nobody reads.
three_seconds()
{
	local i last=${EPOCHREALTIME/./} now us sum=0
	for i in $(seq 30); do
		sleep 0.1
		now=${EPOCHREALTIME/./} us=$((now - last)) last=$now
		sum=$((sum + (us < 400000 ? us : 400000)))
	done
	echo $((sum / 1000))
}

# What web waits, and hog and tame read, in three seconds.
measure()
{
	local w=$(waited_us web) h=$(read_bytes hog "$A") t=$(read_bytes tame "$B")
	local ms=$(three_seconds)
	web_wait=$((($(waited_us web) - w) / ms)) hog_rate=$((($(read_bytes hog "$A") - h) * 1000 / ms)) tame_rate=$((($(read_bytes tame "$B") - t) * 1000 / ms))
	note "$1: web waits $web_wait permille, hog reads $hog_rate and tame $tame_rate bytes a second; io.max of hog: $(tr '\n' ';' <$SCENE/hog/io.max)"
}

# disk NAME: one of that bandwidth; prints its number. Older kernels name them by their index, newer ones as their directory.
disk()
{
	mkdir "$NULLB/$1"
	echo 64 >"$NULLB/$1/size"
	echo 1 >"$NULLB/$1/memory_backed"
	echo $MBPS >"$NULLB/$1/mbps"
	echo 1 >"$NULLB/$1/power"
	cat "/sys/block/$1/dev"
}

# reader POD DISK SIZE PAUSE: reads blocks of that size for ever.
reader()
{
	sh -c 'echo 0 >"$1" && while :; do dd if="$2" of=/dev/null bs="$3" count="$4" iflag=direct status=none; $5; done' sh \
		"$SCENE/$1/cgroup.procs" "/dev/$2" "$3" "$4" "$5" </dev/null >/dev/null 2>&1 &
}

scene()
{
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	A=$(disk nullb0) B=$(disk nullb1)
	# Else systemd takes the controller away when it next looks.
	systemd-run -q --unit=disks-io -p IOAccounting=yes -p "IOReadBandwidthMax=/dev/nullb1 5M" sleep 600
	wait_for 20 test -e "$CG/system.slice/io.max"
	mkdir $SCENE
	echo "+io +memory" >$SCENE/cgroup.subtree_control
	mkdir $SCENE/web $SCENE/hog $SCENE/tame
}

# policy MODE [FLOOR [DO [THRESHOLD]]]
policy()
{
	colod_policy "$1" cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}}, P7: {role: offline, memory: {high: none}, io: {weight: keep, squeeze: {floor: ${2:-10%}}}}}" \
		"assign: [{match: {cgroup: io-hold/web}, level: P0}, {match: {cgroup: io-hold/hog}, level: P7}, {match: {cgroup: io-hold/tame}, level: P7}]" \
		"pressure: [{when: io.some of online > ${4:-10%} over 2s, do: [${3:-squeeze io}]}]" \
		"evict: {by: [kill], grace: 2s, cooldown: 3s, per-hour: 20}"
}

loads()
{
	local i
	reader web nullb0 64k 4 "sleep 0.05"
	for i in 1 2 3 4; do reader hog nullb0 256k 128 true; done
	for i in 1 2; do reader tame nullb1 256k 128 true; done
}

# The first line of a disk in any io.max, and the next one, while the disk is busy. tame does nothing there.
first_line()
{
	local t0=${EPOCHREALTIME/./} t1 t2
	echo "$A rbps=900000000" >$SCENE/tame/io.max
	t1=${EPOCHREALTIME/./}
	echo "$A rbps=800000000" >$SCENE/tame/io.max
	t2=${EPOCHREALTIME/./}
	echo "$A rbps=max" >$SCENE/tame/io.max
	note "the first line of a busy disk takes $((t1 - t0)) us, the next $((t2 - t1))"
}

# What systemd does with lines of others when it writes its own.
systemd_writes()
{
	local lines=$CG/system.slice/disks-io.service/io.max
	note "of systemd: $(cat "$lines")"
	echo "$A rbps=123456789" >"$lines"
	echo "$B rbps=7000000 wbps=8000000" >"$lines"
	systemctl daemon-reload
	sleep 1
	note "after a daemon-reload: $(tr '\n' ';' <"$lines")"
	systemctl set-property --runtime disks-io IOWeight=200
	systemd_wrote
	note "after another property of IO: $(tr '\n' ';' <"$lines")"
	like "$(cat "$lines")" "^$A rbps=123456789 " "systemd leaves the line of a disk alone of which its unit says nothing"
}

helps()
{
	ok "the squeeze is on" wait_for 30 on_rung squeeze
	ok "what hog reads there is bounded, to a quarter or less" wait_for 30 tight
	sleep 2
	measure "held"
	ok "web waits less than half of what it did" [ "$web_wait" -lt $((before / 2)) ]
	ok "hog still gets the floor" [ "$hog_rate" -ge $((MBPS * 1000000 / 20)) ]
	is "$(line_of hog "$B")" "$FOREIGN" "what somebody else set on the other disk stands"
	is "$(cat $SCENE/tame/io.max)" "" "who reads another disk is not held"
	is "$(cat $SCENE/web/io.max)" "" "nor is the online pod"
	ok "and the other disk is as busy as before" [ "$tame_rate" -ge $((tame_before * 3 / 4)) ]
	like "$(coloctl status | tr -s ' ')" "io squeeze.*waited for IO" "status says why"
	like "$(coloctl status | tr -s ' ')" "offline work may read [0-9.]+ % of what nullb" "and how much is left"
	like "$(coloctl why io-hold/hog | tr -s '\n ' ' ')" "io.max now $A rbps=[0-9]+.*waited for IO" "so does why"
}

ends()
{
	kill -9 "$(systemctl show -p MainPID --value colod)"
	ok "the agent is killed: what was held is given back" wait_for 20 nobody_held
	ok "the next one holds again" wait_for 60 held
	coloctl mode protect io
	ok "a lower mode gives it back" wait_for 20 nobody_held
	on_rung squeeze && note "the ladder goes on: $(rung)"
	coloctl mode full io
	ok "and a higher one takes it" wait_for 30 held
	systemd_writes
	ok "a daemon-reload leaves the hold alone" held
	systemctl stop colod
	ok "a stop gives it back" nobody_held
	is "$(line_of hog "$B")" "$FOREIGN" "what somebody else set is still there"
}

# The shells, not the dd that they start one after another.
procs_of_hog() { local p; for p in $(cat $SCENE/hog/cgroup.procs); do grep -qx sh /proc/$p/comm 2>/dev/null && echo $p; done | sort -n | tr '\n' ' '; }
has_ended() { grep -qx 'populated 0' "$SCENE/$1/cgroup.events"; }

# hog keeps nine tenths of the disk, whatever colod does, and web lacks them.
evicts()
{
	local hog=$(procs_of_hog) web_before
	# So that the two ask for more than the disk does.
	reader web nullb0 64k 4 "sleep 0.02"
	policy full 90% "squeeze io" 5%
	ok "a policy whose floor is most of the disk, and that does not ask for evictions" colod_start
	ok "the hold is on" wait_for 30 held
	sleep 35
	measure "held to nine tenths"
	web_before=$web_wait
	note "$(coloctl doctor | grep -i nullb)"
	is "$(procs_of_hog)" "$hog" "thirty-five seconds, and without the word evict nobody goes"
	is "$(coloctl status --json | jq -r .evict.on)" false "status says that nobody is asked"
	colod_stop
	policy full 90% "squeeze io, evict" 5%
	ok "a policy that asks for them" colod_start
	ok "the rung is evict" wait_for 90 on_rung evict
	ok "the hog goes" wait_for 60 has_ended hog
	ok "by a kill, for the disk" wait_for 20 says 'io-hold/hog evict accepted.*waited for IO.*; for io-hold/web on .*iB/s that it uses are expected back by cgroup.kill'
	note "$(journalctl -u colod -o cat | grep -E ' evict | candidate ' | head -c 1500)"
	ok "what is back is told, after it was seen" wait_for 90 says 'io-hold/hog evict .*[0-9.]+ MiB/s less used after [0-9]+ ms'
	measure "evicted"
	ok "web waits less than half of what it did" [ "$web_wait" -lt $((web_before / 2)) ]
	is "$(coloctl status --json | jq -r .evict.in_hour)" 1 "one eviction"
	ok "the online pod is there" [ -n "$(cat $SCENE/web/cgroup.procs)" ]
	ok "and who reads another disk is" [ -n "$(cat $SCENE/tame/cgroup.procs)" ]
	ok "which is as busy as before" [ "$tame_rate" -ge $((tame_before * 3 / 4)) ]
	colod_stop
	ok "a stop leaves no bound" nobody_held
}

scene
like "$A $B" "^[0-9]+:[0-9]+ [0-9]+:[0-9]+$" "a scene"
FOREIGN="rbps=max wbps=1000000 riops=max wiops=max"
echo "$B wbps=1000000" >$SCENE/hog/io.max
loads
sleep 1
first_line
policy observe
ok "start, to watch" colod_start
measure "unmanaged"
before=$web_wait tame_before=$tame_rate
ok "web waits" [ "$before" -gt 200 ]
ok "watching, the ladder climbs" wait_for 20 on_rung squeeze
ok "and says that it was not done" wait_for 20 says "io: calm → squeeze \(not done.*io-hold/web waited for IO"
ok "and what would be written" wait_for 20 sh -c "coloctl plan | grep -q 'io.max.*rbps='"
ok "but nothing is" nobody_held
policy squeeze
ok "a policy that may hold" colod_reload
helps
ends
if [ -n "${LONG:-}" ]; then evicts; fi
colod_clean
for pod in web hog tame; do echo 1 >$SCENE/$pod/cgroup.kill; done
wait_for 20 sh -c "! grep -q 'populated 1' $SCENE/*/cgroup.events"
rmdir $SCENE/web $SCENE/hog $SCENE/tame $SCENE
systemctl stop disks-io
rm -rf /run/systemd/system.control/disks-io.service.d
systemctl daemon-reload
for disk in nullb0 nullb1; do echo 0 >$NULLB/$disk/power && rmdir $NULLB/$disk; done
modprobe -r null_blk
done_testing
