#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# reboots: 1
# title: a power cut loses what was not synced, and the test goes on after the boot
. "$VM/guest/lib.sh"
kept=/var/planted-kept lost=/var/planted-lost
case $VM_PHASE in
1)
	rm -f "$kept" "$lost"
	cp /proc/sys/kernel/random/boot_id "$kept"
	sync "$kept"
	echo lost >"$lost"
	ok "a result before the cut" true
	power_cut after
	;;
after)
	nok "it is another boot" cmp "$kept" /proc/sys/kernel/random/boot_id
	is "$(cat "$lost" 2>/dev/null)" "" "what was not synced is lost"
	rm -f "$kept" "$lost"
	;;
esac
done_testing
