#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the host needs to build and test colod: the one list of packages, its check and its installer.
# Touches nothing but packages. What the VM tests need is a list of its own, tests/vm/host-packages.sh.
#
#   deps.sh install   install what is missing (root), or print the command and fail
#   deps.sh ensure    the same, and silent when everything is there (no apt call then)
#   deps.sh list      print the list
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
vm_packages=$here/tests/vm/host-packages.sh

packages=(
	# build
	gcc libc6-dev make pkg-config libsystemd-dev libcjson-dev libyaml-dev libcurl4-openssl-dev libnl-3-dev libbpf-dev
	# tests: the second compiler, sanitizers, the fuzzing engine, leak check
	libcmocka-dev clang libclang-rt-dev valgrind python3 dbus-daemon dbus-bin
	# and a kubelet to talk to: a real TLS server, with certificates made on the spot
	libmicrohttpd-dev openssl
	# what they need as programs
	diffutils findutils binutils tar gzip systemd mandoc python3-yaml
)

say() { printf 'deps: %s\n' "$*" >&2; }

os_release=${OS_RELEASE_FILE:-/etc/os-release}
# shellcheck disable=SC1090
[ ! -r "$os_release" ] || . "$os_release"

known_distribution()
{
	case "${ID:-}:${VERSION_ID:-}" in
	debian:12)
		# The formatting is pinned to one clang-format, because each release differs.
		packages+=(clang-format-14)
		;;
	debian:13) ;;
	*) return 1 ;;
	esac
}

refuse()
{
	say "this knows Debian 12 and 13, not '${PRETTY_NAME:-an unnamed distribution}'."
	say "needed, by their Debian names: ${packages[*]} clang-format-14"
	say "for the VM tests: QEMU 10 or newer, mmdebstrap, busybox-static, e2fsprogs, cpio"
}

missing()
{
	local p
	for p in "${packages[@]}"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || echo "$p"
	done
}

vm_needs()
{
	# Asked without root it only looks; its own message would name its own file.
	[ -x "$vm_packages" ] || return 1
	if [ "$(id -u)" -eq 0 ]; then
		"$vm_packages"
	else
		"$vm_packages" 2>/dev/null
	fi
}

install_all()
{
	local need vm=0
	mapfile -t need < <(missing)
	if [ "$(id -u)" -ne 0 ]; then
		vm_needs || vm=1
		[ ${#need[@]} -gt 0 ] || [ $vm -eq 1 ] || return 0
		[ ${#need[@]} -eq 0 ] || say "missing: ${need[*]}"
		[ $vm -eq 0 ] || say "missing: what the VM tests need (QEMU 10 or newer, mmdebstrap, ...)"
		say "run this, then try again:  sudo make deps"
		[ ${#need[@]} -eq 0 ] || say "it runs: apt-get install --no-install-recommends ${need[*]}"
		[ $vm -eq 0 ] || say "and:     tests/vm/host-packages.sh"
		return 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	if [ ${#need[@]} -gt 0 ]; then
		say "installing ${need[*]}"
		apt-get update -qq
		apt-get -o DPkg::Lock::Timeout=120 install -qq -y --no-install-recommends "${need[@]}" >&2
	fi
	vm_needs
}

main()
{
	case "${1:-install}" in
	list)
		known_distribution || true
		printf '%s\n' "${packages[@]}"
		;;
	install)
		known_distribution || { refuse; return 1; }
		install_all || return
		say "everything is there"
		;;
	ensure)
		# Elsewhere the packages cannot be looked up; what is really missing shows by itself.
		known_distribution || { say "${PRETTY_NAME:-unknown distribution}: packages not checked"; return 0; }
		install_all
		;;
	*)
		say "usage: $0 install | ensure | list"
		return 2
		;;
	esac
}

main "$@"
