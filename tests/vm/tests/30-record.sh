#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 100s
# long-budget: 300s
# profile: default
# title: a squeeze is recorded by the service and decided again, identically, on the spot; a killed agent leaves a readable record; the bound on its size holds
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

BE=$CG/kubepods.slice/kubepods-besteffort.slice
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

load()
{
	rm -f "$PODS_SHARE/stop"
	crun exec "$(pod_id web)" sh -c 'for i in 1 2 3; do (while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
}

quiet()
{
	touch "$PODS_SHARE/stop"
	wait $load
}

episode()
{
	recording --record $RECORD
	ok "start" colod_start
	# Offline work has the node for a while: only what uses more than its floor is squeezed.
	for _ in 1 2 3 4; do colod_next_pass; done
	load
	ok "a quota appears while the online pod waits" wait_for 20 grep -qv '^max' $BE/cpu.max
	quiet
	ok "calm takes the quota away" wait_for 40 grep -q '^max' $BE/cpu.max
	ok "stop" colod_stop
	is "$(stat -c '%a %U' $RECORD)" "600 root" "the record is root's alone"
	cp $RECORD "$RESULTS/series.record"
	readable $RECORD /tmp/series.record
	note "$(stat -c %s $RECORD) bytes, $(grep -c '^t ' $RECORD) passes"
	ok "somebody without rights replays it: the same steps" replayed /tmp/series.record
	like "$(replayed /tmp/series.record | tail -1)" ': the same as recorded$' "as it says itself"
	like "$(replayed /tmp/series.record)" 'rung=squeeze .* who=default/web: ' "the episode is in it, with who waited"
	nok "no token, no environment" grep -qE 'eyJ|PATH=|TOKEN' $RECORD
	sed '0,/ rung=squeeze /s//&x/' /tmp/series.record >/tmp/changed.record
	colod --replay /tmp/changed.record >/dev/null 2>/tmp/changed
	is $? 1 "a record that says something else is noticed"
	like "$(cat /tmp/changed)" 'differs from what was recorded, at line [0-9]+' "with its place"
}

killed()
{
	rm -f $RECORD
	ok "start again" colod_start
	colod_next_pass
	colod_next_pass
	systemctl kill -s KILL --kill-whom=main colod
	wait_for 10 systemctl is-active -q colod
	colod_stop
	readable $RECORD /tmp/killed.record
	ok "what a killed agent recorded is replayed" replayed /tmp/killed.record
	like "$(replayed /tmp/killed.record | tail -1)" '^[1-9][0-9]* passes.*: the same as recorded$' "up to its last whole pass"
	ok "the agent that came after it did not write over it" says 'nothing is recorded: .*it is there already'
}

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
episode
if [ -n "${LONG:-}" ]; then
	killed
	bounded
fi
colod_clean
rm -rf $UNIT /tmp/*.record /tmp/changed
systemctl daemon-reload
pods_cleanup
done_testing
