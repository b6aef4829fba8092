#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs what the VM tests need on the build host: QEMU, mmdebstrap, busybox-static, e2fsprogs, cpio.
# Debian 12's own QEMU 7.2 crashes the guests under emulation, so there QEMU (and only QEMU) comes
# from bookworm-backports, through a sources file and package lists of its own: the host's apt
# configuration must not change.
set -euo pipefail

say() { printf 'host-packages: %s\n' "$*" >&2; }

tools=(mmdebstrap busybox-static e2fsprogs cpio debian-archive-keyring python3-minimal)
qemu_min=10

# The mirror that apt itself uses, unless VM_MIRROR names another one.
mirror()
{
	if [ -n "${VM_MIRROR:-}" ]; then
		echo "$VM_MIRROR"
		return
	fi
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v s="$1" '$2 == s { print $1; exit }'
}

qemu_version()
{
	{ qemu-system-x86_64 --version 2>/dev/null || true; } |
		sed -n '1s/.*version \([0-9]*\).*/\1/p'
}

missing_tools()
{
	local p
	for p in "${tools[@]}"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || echo "$p"
	done
}

qemu_from_backports()
{
	local suite=$1 uri dir
	apt-get update -qq
	uri=$(mirror "$suite")
	[ -n "$uri" ] || { say "no apt source for $suite found; set VM_MIRROR"; return 1; }
	dir=$(mktemp -d)
	chmod 755 "$dir"
	mkdir -p "$dir/lists/partial"
	{
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite-backports main"
	} >"$dir/sources.list"
	local opts=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::Lists=$dir/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
	local rc=0
	apt-get "${opts[@]}" -qq update &&
		apt-get "${opts[@]}" -qq -y --no-install-recommends -t "$suite-backports" \
			install qemu-system-x86 || rc=$?
	rm -rf "$dir"
	return $rc
}

main()
{
	local need have
	. /etc/os-release
	if [ "${ID:-}" != debian ] || { [ "${VERSION_ID:-}" != 12 ] && [ "${VERSION_ID:-0}" -lt 13 ]; }; then
		say "unknown distribution '${PRETTY_NAME:-?}': needs QEMU >= $qemu_min, ${tools[*]}"
		return 1
	fi
	need=$(missing_tools)
	have=$(qemu_version)
	if [ -z "$need" ] && [ "${have:-0}" -ge $qemu_min ]; then
		return 0
	fi
	if [ "$(id -u)" -ne 0 ]; then
		say "not root; run: sudo $0"
		return 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	if [ -n "$need" ]; then
		say "installing" $need
		apt-get update -qq
		# shellcheck disable=SC2086
		apt-get install -qq -y --no-install-recommends $need
	fi
	if [ "${have:-0}" -lt $qemu_min ]; then
		say "installing QEMU (about 35 MB)"
		if [ "$VERSION_ID" = 12 ]; then
			qemu_from_backports bookworm
		else
			apt-get update -qq
			apt-get install -qq -y --no-install-recommends qemu-system-x86
		fi
	fi
	have=$(qemu_version)
	[ "${have:-0}" -ge $qemu_min ] || { say "QEMU is ${have:-absent}, needs >= $qemu_min"; return 1; }
}

main "$@"
