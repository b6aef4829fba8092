# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a guest needs before tests or a prompt: crash handler, DESTDIR tree, swap, the pods' root.
# Sourced. All of it belongs to the state after boot, so nothing here counts as a test's leftover.

guest_setup()
{
	mkdir -p /run/vmtest /var/vm-results /run/vm-cores
	# A pipe handler sees every crash, also of a process in a container or with a limit of 0.
	echo "|/opt/colod/vm/guest/core.sh %s %p %e" >/proc/sys/kernel/core_pattern
	# Wait for the handler, or a test could end before its crash is on record.
	echo 8 >/proc/sys/kernel/core_pipe_limit
	ip link set lo up
	modprobe -q ifb numifbs=0
	# Once: a boot after a power cut has it on its disk, and in use.
	if [ -d /opt/colod/dest ] && [ -z "${resumed:-}" ]; then
		tar -C /opt/colod/dest -c . | tar -C / --keep-directory-symlink --no-overwrite-dir -x
		systemd-sysusers
		systemctl daemon-reload
		systemctl reload dbus
	fi
	swap_on
	. "/opt/colod/vm/guest/pods.sh"
	pods_rootfs
}

swap_on()
{
	local disk
	disk=$(disk_by_serial swap) || return 0
	mkswap -q "$disk"
	swapon "$disk"
}

disk_by_serial()
{
	local serial
	for serial in /sys/block/vd*/serial; do
		if [ "$(cat "$serial")" = "$1" ]; then
			echo "/dev/$(basename "$(dirname "$serial")")"
			return
		fi
	done
	return 1
}
