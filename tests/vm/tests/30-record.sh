#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 500s
# profile: default
# title: the bound on the size of a recording holds, what fits in is replayed, and no pod's name need be in it (14-squeeze: the rest of recording)
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

RECORD=/var/lib/colod/bug.record
UNIT=/run/systemd/system/colod.service.d

# The service with these options.
recording()
{
	mkdir -p $UNIT
	printf '[Service]\nExecStart=\nExecStart=/usr/sbin/colod %s\n' "$*" >$UNIT/50-record.conf
	systemctl daemon-reload
}

readable() { install -m 644 "$1" "$2"; }

replayed() { setpriv --reuid=65534 --regid=65534 --clear-groups colod --replay "$1" </dev/null; }

bounded()
{
	rm -f $RECORD
	recording --record $RECORD --record-max 24Ki --record-pseudonyms
	ok "start with a bound" colod_start
	ok "the recording ends at its bound" wait_for 200 says 'recording into .* has ended: it is as large as --record-max allows'
	ok "and the agent goes on" systemctl is-active -q colod
	colod_stop
	ok "within it" [ "$(stat -c %s $RECORD)" -le 24576 ]
	readable $RECORD /tmp/bounded.record
	ok "and it is replayed" replayed /tmp/bounded.record
	nok "without the names of pods" grep -qE 'hog|/web' /tmp/bounded.record
}

pod_create web Burstable 1000 0
pod_create hog BestEffort 0 0 sh -c 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'
colod_facts
colod_policy squeeze file:///run/pods.json
bounded
colod_clean
rm -rf $UNIT /tmp/*.record /tmp/changed
systemctl daemon-reload
pods_cleanup
done_testing
