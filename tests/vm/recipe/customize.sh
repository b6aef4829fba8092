#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mmdebstrap's customize hook: $1 is the new root. Adds the kernels (unpacked, not installed: the
# package's own initramfs and bootloader work would cost minutes and nothing here uses it) and
# turns off everything that would start, download or rotate by itself during a test.
# KERNELS lists TAG=SUITE pairs; for each, /boot/colod/TAG names the release that it became.
set -euo pipefail

root=$1

in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }

# The packages that a suite's cloud kernel consists of; newer ones are split into several.
kernel_packages()
{
	in_root apt-get -s -o APT::Install-Recommends=0 -t "$1" install linux-image-cloud-amd64 |
		sed -n 's/^Inst \(linux-\(image\|binary\|modules\|base-[0-9]\)[^ ]*\) .*(\([^ ]*\) .*/\1=\3/p' |
		grep -v '^linux-image-cloud-amd64='
}

add_kernel()
{
	local tag=$1 suite=$2 tmp=$root/tmp/kernel-$1 deb packages release
	packages=$(kernel_packages "$suite")
	[ -n "$packages" ] || { echo "no kernel package in $suite" >&2; return 1; }
	mkdir -p "$tmp/x"
	# shellcheck disable=SC2086
	in_root sh -c 'cd "$1" && shift && apt-get -o APT::Sandbox::User=root download "$@"' sh \
		"/tmp/kernel-$tag" $packages
	for deb in "$tmp"/*.deb; do
		dpkg-deb -x "$deb" "$tmp/x"
	done
	if [ -d "$tmp/x/lib/modules" ]; then
		mkdir -p "$tmp/x/usr/lib"
		cp -a "$tmp/x/lib/modules" "$tmp/x/usr/lib/"
	fi
	release=$(ls "$tmp/x/usr/lib/modules")
	mkdir -p "$root/boot/colod" "$root/usr/lib/modules"
	cp -a "$tmp/x/usr/lib/modules/$release" "$root/usr/lib/modules/"
	find "$tmp/x" -name "vmlinu[xz]*" -type f -exec cp {} "$root/boot/vmlinuz-$release" \;
	in_root depmod "$release"
	echo "$release" >"$root/boot/colod/$tag"
	rm -rf "$tmp"
}

quiet_system()
{
	local unit
	for unit in redis-server.service nginx.service containerd.service systemd-oomd.service systemd-oomd.socket oomd.service; do
		in_root systemctl disable "$unit" >/dev/null 2>&1 || true
	done
	for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		e2scrub_reap.service fstrim.timer logrotate.timer man-db.timer systemd-tmpfiles-clean.timer \
		getty@.service serial-getty@.service console-getty.service getty.target \
		systemd-firstboot.service systemd-pstore.service ldconfig.service \
		systemd-networkd.service systemd-timesyncd.service systemd-resolved.service \
		systemd-update-utmp.service systemd-update-utmp-runlevel.service \
		systemd-machine-id-commit.service systemd-journal-catalog-update.service \
		systemd-update-done.service systemd-boot-random-seed.service keyboard-setup.service \
		systemd-rfkill.service ifupdown-pre.service networking.service podman.socket podman.service \
		podman-auto-update.timer podman-restart.service podman-clean-transient.service \
		netavark-dhcp-proxy.socket netavark-dhcp-proxy.service netavark-firewalld-reload.service cni-dhcp.socket cni-dhcp.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
}

bootstrap_unit()
{
	cat >"$root/etc/systemd/system/colod-vm.service" <<-'UNIT'
	# Unpacks the bundle that the host put on the disk labelled by its position and hands over to it.
	[Unit]
	Description=colod VM test runner
	After=basic.target dbus.service
	Wants=dbus.service

	[Service]
	ExecStart=/bin/bash -c 'mkdir -p /opt/colod && tar -C /opt/colod -xf /dev/vdb && exec /opt/colod/vm/guest/runner.sh'
	KillMode=process
	StandardOutput=journal+console
	StandardError=journal+console

	[Install]
	WantedBy=multi-user.target
	UNIT
	in_root systemctl enable colod-vm.service >/dev/null 2>&1
	in_root systemctl set-default multi-user.target >/dev/null 2>&1
}

settings()
{
	echo colodvm >"$root/etc/hostname"
	echo 127.0.0.1 localhost colodvm >"$root/etc/hosts"
	: >"$root/etc/fstab"
	mkdir -p "$root/etc/systemd/journald.conf.d" "$root/etc/systemd/system.conf.d"
	printf '[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\nAudit=no\n' \
		>"$root/etc/systemd/journald.conf.d/vm.conf"
	printf '[Manager]\nDefaultTimeoutStopSec=10s\n' >"$root/etc/systemd/system.conf.d/vm.conf"
	in_root passwd -d root >/dev/null
	rm -rf "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* \
		"$root"/usr/share/locale/* "$root"/usr/share/man/*
}

for pair in $KERNELS; do
	add_kernel "${pair%%=*}" "${pair#*=}"
done
quiet_system
bootstrap_unit
settings
