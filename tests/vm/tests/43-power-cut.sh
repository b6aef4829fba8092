#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# reboots: 1
# title: the power is cut while a drop-in is half written: the next boot starts with the last good policy and says what is wrong
. "$VM/guest/lib.sh"
. "$VM/guest/colod.sh"

B=$CG/cut.slice
DIR=/etc/colod/policy.d

weight() { knob $B cpu.weight; }
weighs() { [ "$(weight)" = "$1" ]; }
status() { coloctl status --json | jq -r ".$1"; }
is_status() { [ "$(status "$1")" = "$2" ]; }
level() { echo "levels: {P6: {role: online, cpu: {weight: $1}}}"; }

# An admin's slice, which a rule matches: it is there at each boot.
slice()
{
	mkdir -p /etc/systemd/system
	printf '[Slice]\nCPUWeight=300\n[Install]\nWantedBy=slices.target\n' >/etc/systemd/system/cut.slice
	systemctl daemon-reload
	systemctl -q enable --now cut.slice
}

# A file that nobody synced: after the cut it is there, or empty, or gone.
changed()
{
	local before
	before=$(status policy_digest)
	{ echo "version: 1"; level 78; } >$DIR/95-changed.yaml
	ok "a changed policy comes into force" wait_for 30 weighs 78
	ok "and is kept" wait_for 30 grep -q 'weight: 78' /var/lib/colod/last-good.yaml
	nok "under another digest" is_status policy_digest "$before"
}

before()
{
	slice
	colod_policy protect file:///run/pods.json "$(level 77)" "assign:" "  - {match: {unit: cut.slice}, level: P6}"
	# All but what comes now is on the disk.
	sync
	ok "start, and at each boot" systemctl -q enable --now colod
	ok "the slice is levelled" wait_for 30 weighs 77
	changed
	status policy_digest >"$RESULTS/digest"
	cp /proc/sys/kernel/random/boot_id "$RESULTS/boot_id"
	{ echo "version: 1"; level 79; echo "assign: [{match: {unit: cut.sl"; } >$DIR/96-half.yaml
	sync $DIR/96-half.yaml "$RESULTS/digest" "$RESULTS/boot_id"
	power_cut after
}

after()
{
	nok "another boot" cmp "$RESULTS/boot_id" /proc/sys/kernel/random/boot_id
	note "the drop-in that nobody synced has $(stat -c %s $DIR/95-changed.yaml 2>/dev/null || echo no) bytes now"
	ok "the service runs" systemctl is-active -q colod
	is "$(systemctl show -p NRestarts --value colod)" 0 "at its first start"
	ok "the slice is levelled as before the cut" wait_for 30 weighs 78
	is "$(status policy_digest)" "$(cat "$RESULTS/digest")" "the policy in force is the last good one"
	like "$(status policy_state)" '^rejected .*the last good policy' "status tells that the files are not"
	like "$(journalctl -q -u colod -o cat)" '96-half.yaml:[34]:' "the journal says where"
	rm $DIR/96-half.yaml
	{ echo "version: 1"; level 80; } >$DIR/95-changed.yaml
	ok "mended, they are in force" wait_for 30 weighs 80
	is "$(status policy_state)" ok "and status says so"
	systemctl -q disable colod
	colod_stop
	is "$(weight)" 300 "a stop gives back what the boot had"
}

clean()
{
	rm -f $DIR/95-changed.yaml
	colod_clean
	systemctl -q disable --now cut.slice
	rm /etc/systemd/system/cut.slice
	systemctl daemon-reload
}

case $VM_PHASE in
1) before ;;
after) after; clean ;;
esac
done_testing
