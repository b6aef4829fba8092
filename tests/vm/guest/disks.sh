# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Disks of known speed, made inside the guest, so that they run by its time. lib.sh comes first.
#
#   null_disks                    makes them possible, none is there yet
#   null_disk NAME MIB MBPS [ATTRIBUTE VALUE]...    one that keeps what is written; NAME is nullb0 and so on. Prints its number
#   null_disk_gone NAME
#   null_disks_end
#   in_cgroup DIR COMMAND...      runs it there
#   io_of DIR NUMBER KEY          of its io.stat: rbytes, wios, ...
#   io_bound DIR NUMBER KEY       of its io.max: rbps, ...; empty where there is none

NULLB=/sys/kernel/config/nullb

null_disks()
{
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
}

# Older kernels name them by their index, newer ones as their directory.
null_disk()
{
	local name=$1
	mkdir "$NULLB/$name" || return
	set -- size "$2" mbps "$3" memory_backed 1 "${@:4}"
	while [ $# -gt 1 ]; do
		echo "$2" >"$NULLB/$name/$1" || return
		shift 2
	done
	echo 1 >"$NULLB/$name/power" && wait_for 20 test -b "/dev/$name" && cat "/sys/block/$name/dev"
}

null_disk_gone() { echo 0 >"$NULLB/$1/power"; rmdir "$NULLB/$1"; }

null_disks_end() { modprobe -r null_blk; }

# shellcheck disable=SC2016
in_cgroup() { sh -c 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"' sh "$@"; }

io_of()
{
	awk -v disk="$2" -v key="$3=" '$1 == disk { for (i = 2; i <= NF; i++) if (index($i, key) == 1) n = substr($i, length(key) + 1) } END { print n + 0 }' "$1/io.stat"
}

io_bound() { sed -n "s/^$2 .*$3=\([0-9]*\).*/\1/p" "$1/io.max"; }
