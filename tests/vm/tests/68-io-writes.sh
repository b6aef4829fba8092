#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 400s
# profile: icount
# title: an online fsync writer shares ext4, and xfs, with an offline buffered writer: the cut never makes its wait longer, and what is left to the writer is never under the floor of writes
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/disks.sh"

TOOLS=/opt/colod/build/tests/tools
SCENE=$CG/io-writes
MNT=/run/io-writes
MBPS=40
ROUNDS=3
SETTLE=8
SECONDS_EACH=6

# A quarter of what the disk does, or 16 MiB/s; what was learned of it may be a little less than it does.
FLOOR=$((MBPS * 1048576 / 4 * 8 / 10))

policy()
{
	colod_policy "$1" cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}}, P7: {role: offline, memory: {high: none}, io: {weight: keep, squeeze: {floor: 10%}}}}" \
		"assign: [{match: {cgroup: io-writes/web}, level: P0}, {match: {cgroup: io-writes/hog}, level: P7}]" \
		"pressure: [{when: io.some of online > 10% over 2s, do: [squeeze io]}]"
}

median() { printf '%s\n' $1 | sort -n | sed -n "$((($(wc -w <<<"$1") + 1) / 2))p"; }

# COUNT LOST P50 P99 WORST of the online writer.
fsyncs() { in_cgroup "$SCENE/web" "$TOOLS/open_loop" fsync "$MNT/web" 100000 "$SECONDS_EACH"; }

# watch_bound: the tightest wbps of hog, each half second, until the file is gone.
watch_bound()
{
	local now
	while [ -e /run/io-watch ]; do
		now=$(io_bound "$SCENE/hog" "$number" wbps)
		[ -z "$now" ] || echo "$now" >>/run/io-bounds
		sleep 0.5
	done
}

# one MODE: its p50 and p99 are in $p50 and $p99, what the writer wrote a second in $hog.
one()
{
	local got wrote
	policy "$1"
	colod_reload || return
	sleep "$SETTLE"
	wrote=$(io_of "$SCENE/hog" "$number" wbytes)
	got=$(fsyncs) || return
	hog=$((($(io_of "$SCENE/hog" "$number" wbytes) - wrote) / SECONDS_EACH))
	read -r _ lost p50 p99 worst <<<"$got"
	note "$fs, $1: fsync p50 $p50 us, p99 $p99, worst $worst, $lost lost; the writer writes $hog bytes a second; io.max: $(tr '\n' ';' <"$SCENE/hog/io.max")"
}

rounds()
{
	local i
	un_p50= un_p99= held_p50= held_p99= held_hog= un_hog=
	for i in $(seq "$ROUNDS"); do
		one observe || return
		un_p50+=" $p50" un_p99+=" $p99" un_hog+=" $hog"
		one squeeze || return
		held_p50+=" $p50" held_p99+=" $p99" held_hog+=" $hog"
	done
}

filesystem()
{
	fs=$1
	number=$(null_disk nullb0 384 $MBPS)
	ok "$fs is made" sh -c "mkfs.$fs -q /dev/nullb0 && mkdir -p $MNT && mount /dev/nullb0 $MNT"
	mkdir "$SCENE/web" "$SCENE/hog"
	note "$fs, alone: fsync COUNT LOST P50 P99 WORST $(fsyncs)"
	policy observe
	ok "start" colod_start
	in_cgroup "$SCENE/hog" "$TOOLS/io_load" buffered "$MNT/hog" 256 64 2 </dev/null >/dev/null 2>&1 &
	: >/run/io-bounds
	touch /run/io-watch
	watch_bound &
	rounds
	is $? 0 "$fs: all rounds"
	rounds_said=$(grep -c . /run/io-bounds)
	rm /run/io-watch
	note "$fs: medians: p50 $(median "$un_p50") unmanaged, $(median "$held_p50") held; p99 $(median "$un_p99"), $(median "$held_p99"); the writer $(median "$un_hog"), $(median "$held_hog")"
	ok "$fs: half of the fsyncs wait no longer" [ "$(median "$held_p50")" -le $(($(median "$un_p50") * 11 / 10 + 5000)) ]
	ok "$fs: nor does the slowest hundredth" [ "$(median "$held_p99")" -le $(($(median "$un_p99") * 11 / 10 + 5000)) ]
	note "$fs: bounds seen $rounds_said times: $(sort -n /run/io-bounds | uniq -c | awk '{ printf "%s (%s) ", $2, $1 }' | cut -c1-300)"
	ok "$fs: the writer was bounded" [ "$rounds_said" -gt 0 ]
	ok "$fs: and never under the floor of writes" sh -c "! sort -n /run/io-bounds | head -1 | awk '\$1 < $FLOOR' | grep ."
	colod_clean
	echo 1 >"$SCENE/hog/cgroup.kill"
	wait_for 30 sh -c "! grep -q 'populated 1' $SCENE/*/cgroup.events"
	umount "$MNT"
	rmdir "$SCENE/web" "$SCENE/hog"
	null_disk_gone nullb0
	rm -f /run/io-bounds
}

null_disks
systemd-run -q --unit=disks-io -p IOAccounting=yes sleep 3000
wait_for 20 test -e "$CG/system.slice/io.max"
mkdir "$SCENE"
echo "+io +memory" >"$SCENE/cgroup.subtree_control"
filesystem ext4
filesystem xfs
rmdir "$SCENE" "$MNT"
systemctl stop disks-io
modprobe -r xfs
null_disks_end
done_testing
