#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 480s
# long-budget: 600s
# profile: default
# title: IO through a loop device and the device mapper is accounted at the disk below, for the cgroup that asked; doctor names disks and what weighs there, and follows what changes; BFQ's own weight is written while its module is there, in step with systemd, and given back
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

NULLB=/sys/kernel/config/nullb
T=$CG/disks-test
FARM=$CG/disks-farm
SHOP=$CG/system.slice/disks-shop.service

disks() { ls /sys/block | grep -v '^loop\|^dm-' | sort; }
number_of() { cat "/sys/block/$1/dev"; }

# comes COMMAND...: makes a disk, whose name is in $new then.
comes()
{
	local before
	before=$(disks)
	"$@"
	wait_for 20 sh -c "[ \$(ls /sys/block | grep -vc '^loop\|^dm-') -gt $(wc -l <<<"$before") ]"
	new=$(comm -13 <(echo "$before") <(disks))
	ok "a disk: ${*: -1}" wait_for 20 test -b "/dev/$new"
}

null_disk() { mkdir "$NULLB/$1" && echo 64 >"$NULLB/$1/size" && echo 1 >"$NULLB/$1/memory_backed" && echo 1 >"$NULLB/$1/power"; }

# read_of DEVICE: one more MiB of it, by the test's cgroup. Prints what io.stat then says more of $new.
read_of()
{
	local before after number
	number=$(number_of "$new")
	before=$(rbytes "$number")
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$1/cgroup.procs"; exec dd if="$2" of=/dev/null bs=1M count=1 skip="$3" status=none' sh "$T" "$1" "$2"
	after=$(rbytes "$number")
	echo $((after - before))
}

rbytes() { awk -v number="$1" '$1 == number { for (i = 2; i <= NF; i++) if (sub(/^rbytes=/, "", $i)) n = $i } END { print n + 0 }' "$T/io.stat"; }

accounted()
{
	ok "of the disk itself" [ "$(read_of "/dev/$new" 40)" -ge 1048576 ]
	losetup /dev/loop7 "/dev/$new"
	ok "of a loop device above it" [ "$(read_of /dev/loop7 8)" -ge 1048576 ]
	losetup -d /dev/loop7
	dmsetup create disks-test --table "0 65536 linear /dev/$new 2048"
	ok "of a mapped device above it" [ "$(read_of /dev/dm-0 20)" -ge 1048576 ]
	note "io.stat: $(tr '\n' ';' <"$T/io.stat")"
	is "$(grep -c "^$(number_of "$new") " "$T/io.stat")" 1 "it has one line"
}

doctor() { coloctl doctor --json | jq -r ".disks[] | select(.name == \"$1\") | $2"; }
doctor_says() { [ "$(doctor "$1" "$2")" = "$3" ]; }
looks_again() { coloctl doctor >/dev/null && colod_reload && wait_for 30 doctor_says "$@"; }

setup()
{
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	# Else systemd takes the controller away when it next looks.
	systemd-run -q --unit=disks-io -p IOAccounting=yes sleep 600
	ok "a unit that has the io controller" wait_for 20 test -e "$CG/system.slice/io.weight"
	mkdir "$T"
	comes null_disk mapped
	mapped=$new
	note "it is $new, $(number_of "$new"); others: $(disks | tr '\n' ' ')"
}

named()
{
	colod_policy observe
	ok "start" colod_start
	is "$(doctor "$new" .number)" "$(number_of "$new")" "doctor names the disk"
	is "$(coloctl doctor --json | jq -r '.disks[].name' | sort | tr '\n' ' ')" "$(disks | tr '\n' ' ')" "and all others, and nothing that maps to them"
	is "$(doctor "$new" '"\(.iocost) \(.bfq)"')" "false false" "nothing weighs there"
	like "$(coloctl doctor | tr -s ' \n' ' ')" "disk $new \($(number_of "$new")\), scheduler [a-z-]+: nothing weighs: io.weight does not act here" "in words"
}

follows()
{
	local scheduler=/sys/block/$new/queue/scheduler
	modprobe bfq
	echo bfq >"$scheduler"
	ok "BFQ is noticed" looks_again "$new" '"\(.scheduler) \(.bfq)"' "bfq true"
	# What colod says of a unit to systemd is what BFQ weighs by: 10000 is its 1000.
	systemctl set-property --runtime disks-io IOWeight=10
	systemd_wrote
	is "$(cat "$CG/system.slice/disks-io.service/io.weight")" "default 10" "a unit's IOWeight"
	is "$(cat "$CG/system.slice/disks-io.service/io.bfq.weight")" "default 10" "is written for BFQ too"
	systemctl set-property --runtime disks-io IOWeight=10000
	systemd_wrote
	is "$(cat "$CG/system.slice/disks-io.service/io.bfq.weight")" "default 1000" "in its own numbers"
	echo none >"$scheduler"
	ok "that it is gone too" looks_again "$new" '"\(.scheduler) \(.bfq)"' "none false"
	echo "$(number_of "$new") enable=1" >"$CG/io.cost.qos"
	ok "iocost is noticed" looks_again "$new" .iocost true
	is "$(coloctl doctor --json | jq -r '.capabilities[] | select(.name == "io-cost").state')" present "and is a capability from then on"
	echo "$(number_of "$new") enable=0" >"$CG/io.cost.qos"
	ok "that it is off too" looks_again "$new" .iocost false
	is "$(coloctl doctor --json | jq -r '.capabilities[] | select(.name == "io-cost").state')" absent "and the capability with it"
	comes null_disk second
	ok "another disk is noticed" looks_again "$new" .name "$new"
	dmsetup remove --retry disks-test
	echo 0 >"$NULLB/mapped/power"
	ok "a disk that goes is one less" looks_again "$mapped" .name ""
}

farm()
{
	mkdir "$FARM" "$FARM/low" "$FARM/other"
	for name in low other; do
		sleep 600 &
		echo $! >"$FARM/$name/cgroup.procs"
	done
	systemd-run -q --unit=disks-shop -p IOAccounting=yes sleep 600
	colod_policy protect "" \
		"assign:" \
		"  - {match: {cgroup: disks-farm/low}, level: P7}" \
		"  - {match: {unit: disks-shop.service}, level: P4}"
}

# has VALUE FILE: in the end, and after what is read anew only every half minute.
has() { wait_for 90 grep -qx "default $1" "$2"; }
bfq_of_both() { echo "$(cat "$FARM/low/io.bfq.weight") $(cat "$SHOP/io.bfq.weight")"; }
nobody_fights() { is "$(coloctl status --json | jq -c '[.fights, .rewrites, .refusals]')" "[0,0,0]" "${1:-}: nobody fights, writes over it or refuses"; }

# A plain cgroup, of which systemd knows nothing, and a unit that systemd is told of.
weighs()
{
	ok "BFQ goes" modprobe -r bfq
	ok "colod ends" colod_stop
	farm
	ok "and starts again without BFQ" colod_start
	ok "a plain cgroup's io.weight" has 10 "$FARM/low/io.weight"
	ok "and a unit's" has 300 "$SHOP/io.weight"
	nok "no weight of BFQ's is there" test -e "$SHOP/io.bfq.weight"
	ok "systemd is told" wait_for 30 colod_told
	modprobe bfq
	# Of the other two the agent may have been told in this very moment.
	is "$(cat "$FARM/other/io.bfq.weight")" "default 100" "it comes with its module, and with a default"
	ok "the plain cgroup gets its level's" has 10 "$FARM/low/io.bfq.weight"
	ok "the unit too, though systemd was told before" has 118 "$SHOP/io.bfq.weight"
	is "$(cat "$FARM/other/io.bfq.weight")" "default 100" "who has no level keeps his"
	systemctl daemon-reload
	colod_next_pass
	is "$(bfq_of_both)" "default 10 default 118" "a daemon-reload changes nothing"
	nobody_fights "then"
	[ -z "${LONG:-}" ] || comes_again
	ok "stop" colod_stop
	is "$(bfq_of_both)" "default 100 default 100" "all is given back"
}

# Each half minute it is looked what there is anew.
comes_again()
{
	ok "the module goes" modprobe -r bfq
	sleep 35
	nobody_fights "a file that is gone"
	modprobe bfq
	ok "it comes again" has 10 "$FARM/low/io.bfq.weight"
	ok "for both" has 118 "$SHOP/io.bfq.weight"
	nobody_fights "a new file"
}

# systemd writes it itself then, when it is told.
in_step()
{
	ok "start beside BFQ" colod_start
	ok "a unit's weight" has 118 "$SHOP/io.bfq.weight"
	ok "systemd is told of it" wait_for 30 colod_told
	is "$(systemctl show -p IOWeight --value disks-shop)" 300 "in io.weight's numbers"
	colod_next_pass
	is "$(bfq_of_both)" "default 10 default 118" "and writes the same"
	nobody_fights "with systemd"
	ok "stop" colod_stop
	is "$(bfq_of_both)" "default 100 default 100" "all is given back"
	is "$(cat "$SHOP/io.weight")" "default 100" "io.weight too"
	systemctl stop disks-shop
	echo 1 >"$FARM/cgroup.kill"
	wait_for 20 rmdir_all "$FARM/low" "$FARM/other"
	rmdir "$FARM"
	modprobe -r bfq
}

setup
accounted
comes null_disk first
named
follows
weighs
in_step
colod_clean
rmdir "$T"
systemctl stop disks-io
rm -rf /run/systemd/system.control/disks-io.service.d
systemctl daemon-reload
echo 0 >"$NULLB/second/power"
echo 0 >"$NULLB/first/power"
rmdir "$NULLB"/mapped "$NULLB"/first "$NULLB"/second
modprobe -r null_blk
done_testing
