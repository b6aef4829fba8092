#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Installs into a staging folder and looks at the result: every file is there and nothing else, the
# unit loads without a word from systemd, the man pages are well formed, uninstall takes all back.
#
#   check-packaging.sh RESULT O MAKE     (run from the top)
set -uo pipefail
export LC_ALL=C

result=$1 out=$2 make=$3
passed=0 skipped=0 lines=()
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# rule NAME COMMAND...: the command prints what is wrong.
rule()
{
	local name=$1 found rc
	shift
	found=$("$@" 2>&1)
	rc=$?
	if [ -z "$found" ] && [ $rc -eq 0 ]; then
		passed=$((passed + 1))
		echo "ok        $name"
	else
		lines+=("fail: $name")
		echo "not ok    $name"
		sed 's/^/          /' <<<"$found"
	fi
}

staged_make()
{
	# shellcheck disable=SC2086
	$make -s --no-print-directory O="$out" DESTDIR="$stage" prefix=/usr "$1" >/dev/null
}

complete()
{
	local f
	staged_make install || return
	for f in /usr/sbin/colod /usr/bin/coloctl /usr/lib/systemd/system/colod.service \
		/usr/lib/systemd/system/colod-restore.service \
		/usr/lib/systemd/catalog/colod.catalog \
		/usr/lib/sysusers.d/colod.conf /usr/lib/colod/policy.d/00-default.yaml \
		/usr/share/dbus-1/system.d/io.colod.Agent1.conf \
		/usr/share/polkit-1/actions/io.colod.agent1.policy /usr/share/colod/profiles/default.yaml \
		/usr/share/colod/kubernetes/rbac.yaml /usr/share/colod/kubernetes/admission.yaml \
		/usr/share/man/man8/colod.8 /usr/share/man/man1/coloctl.1; do
		[ -s "$stage$f" ] || echo "$f is not installed"
	done
	[ -n "$(find "$stage/usr/share/dbus-1/interfaces" -name 'io.colod.*.xml' 2>/dev/null)" ] ||
		echo "no interface description is installed"
	find "$stage" -type f -perm /022
	grep -rIl '@sbindir@' "$stage"
	return 0
}

# systemd of this machine reads the staged unit as it would the real one. Its program must exist.
unit_loads()
{
	local root=$stage/verify unit
	mkdir -p "$root"
	for unit in colod.service colod-restore.service; do
		sed "s|/usr/sbin/colod|$stage/usr/sbin/colod|" "$stage/usr/lib/systemd/system/$unit" >"$root/$unit"
	done
	systemd-analyze --man=no verify "$root"/colod*.service 2>&1 | grep -F colod
	rm -rf "$root"
	return 0
}

sysusers()
{
	local root=$stage/sysusers
	mkdir -p "$root/etc"
	systemd-sysusers --root="$root" "$stage/usr/lib/sysusers.d/colod.conf" >/dev/null 2>&1
	grep -q '^colod:' "$root/etc/group" || echo "no group colod"
	rm -rf "$root"
}

dbus_policy()
{
	python3 -c 'import sys, xml.dom.minidom as x; [x.parse(f) for f in sys.argv[1:]]' \
		packaging/dbus/*.conf packaging/dbus/*.xml
}

# Every action has a default for each kind of session, and only one: whatever is missing, polkit fills in itself.
# Those that the agent asks for are there, and no others.
polkit_actions()
{
	python3 - packaging/polkit/io.colod.agent1.policy <<-'EOF'
		import re, sys, xml.etree.ElementTree as x
		want = {"allow_any": "no", "allow_inactive": "no", "allow_active": "auth_admin"}
		asked = set(re.findall(r'"(io\.colod\.agent1\.[a-z-]+)"', open("agent/serve/bus_polkit.c").read()))
		there = {}
		for action in x.parse(sys.argv[1]).getroot().findall("action"):
		    there[action.get("id")] = {d.tag: d.text for d in action.find("defaults")}
		    for tag in ("description", "message"):
		        if not (action.findtext(tag) or "").strip():
		            print(action.get("id"), "has no", tag)
		for name in sorted(asked ^ set(there)):
		    print(name, "is asked for, but has no action" if name in asked else "is an action that nobody asks for")
		for name, defaults in there.items():
		    if defaults != want:
		        print(name, "has other defaults:", defaults)
	EOF
}

uninstalled()
{
	staged_make uninstall || return
	find "$stage" -type f
}

rule "a staged install is complete" complete
if command -v systemd-analyze >/dev/null; then
	rule "systemd loads the unit without a warning" unit_loads
	rule "sysusers makes the group" sysusers
else
	skipped=2
	lines+=("skip: the unit file: systemd is not installed here"
		"skip: the group file: systemd is not installed here")
fi
rule "the D-Bus files are XML" dbus_policy
rule "the polkit file has the actions that the agent asks for" polkit_actions
rule "the cluster gives colod what it uses, and its policies bind that to the node" python3 tests/check_kubernetes.py
if command -v mandoc >/dev/null; then
	rule "colod.8 is well formed" mandoc -Tlint -Wwarning packaging/man/colod.8
	rule "coloctl.1 is well formed" mandoc -Tlint -Wwarning packaging/man/coloctl.1
else
	skipped=$((skipped + 2))
	lines+=("skip: colod.8: mandoc is not installed" "skip: coloctl.1: mandoc is not installed")
fi
rule "uninstall takes everything back" uninstalled
failed=$(printf '%s\n' ${lines[@]+"${lines[@]}"} | grep -c '^fail: ')
"$(dirname "$0")/summary" write "$result" $passed "$failed" $skipped ${lines[@]+"${lines[@]}"}
