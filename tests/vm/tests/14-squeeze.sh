#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 420s
# long-budget: 600s
# profile: default
# core: oldest
# title: an online pod that waits puts a quota on offline work only, calm takes it away, without online work nobody is held; what the service recorded of it, until it was killed, decides the same again
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
RECORD=/var/lib/colod/bug.record
UNIT=/run/systemd/system/colod.service.d

usage() { awk '/^usage_usec/ { print $2 }' "$1/cpu.stat"; }

throttled() { [ "$(awk '/^nr_throttled/ { print $2 }' "$1/cpu.stat")" -gt 20 ]; }

quotas() { find $K -name cpu.max -exec grep -L '^max' {} +; }

counted() { coloctl status --json | jq -r "$1"; }

was_woken() { [ "$(counted .trigger_events)" -gt 0 ]; }

rung() { coloctl status --json | jq -r .rung_cpu; }

work_conserving()
{
	local before after
	before=$(usage $BE)
	sleep 5
	after=$(usage $BE)
	note "offline work used $(((after - before) / 50000)) % of one CPU in 5 s"
	ok "offline work gets the node" [ $((after - before)) -gt 8000000 ]
	is "$(quotas)" "" "without any quota"
	is "$(rung)" calm "and no step was taken"
}

# A runtime gives the quota of a container to the container alone where another one of the pod has none: the
# pod's cpu.stat tells nothing of it, while its cpu.pressure rises.
own_fault()
{
	local ctr
	ctr=$(pod_ctr_path web)
	echo "10000 100000" >"$ctr/cpu.max"
	crun exec "$(pod_id web)" sh -c 'for i in 1 2 3; do (while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
	ok "a container of the online pod is throttled" wait_for 60 throttled "$ctr"
	sleep 6
	is "$(awk '/^nr_throttled/ { print $2 }' "$(pod_path web)/cpu.stat")" 0 "of which the pod's cpu.stat knows nothing"
	like "$(coloctl why default/web)" 'throttled in [0-9.]+ % of its periods' "why says so"
	is "$(quotas | grep -v "^$ctr/")" "" "nobody else is held for it"
	is "$(rung)" calm "and no step was taken"
	touch "$PODS_SHARE/stop"
	wait $load
	rm "$PODS_SHARE/stop"
	echo "max 100000" >"$ctr/cpu.max"
	# Out of the window in which it counts.
	sleep 5
}

pressure()
{
	local victim=$1
	crun exec "$(pod_id "$victim")" sh -c 'for i in 1 2 3; do (while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
	read -r writes passes <<<"$(counted '"\(.writes) \(.passes)"')"
	ok "a quota appears while the online pod waits" wait_for 60 grep -qv '^max' $BE/cpu.max
	note "cpu.max is $(knob $BE cpu.max)"
	is "$(quotas)" "$BE/cpu.max" "on the offline class, and nowhere else"
	like "$(knob $BE cpu.max)" ' 20000$' "with a period of 20 ms"
	like "$(coloctl why default/hog)" "waited" "why says who waited"
	ok "the rung is squeeze" [ "$(rung)" = squeeze ]
	# A pass of the agent's own may have been the first to see it.
	ok "a PSI trigger woke the agent" wait_for 20 was_woken
	ok "it is in the journal" wait_for 20 says 'cpu: calm → squeeze: .*default/web'
}

calm()
{
	touch "$PODS_SHARE/stop"
	wait $load
	ok "calm takes the quota away" wait_for 90 grep -q '^max' $BE/cpu.max
	writes=$(($(counted .writes) - writes)) passes=$(($(counted .passes) - passes))
	note "$writes writes in the $passes passes from the first wait on"
	ok "no more than a write a pass" [ $writes -le $passes ]
	is "$(quotas)" "" "everywhere"
	ok "and says so" wait_for 20 says 'cpu: squeeze → calm'
	like "$(coloctl why default/hog)" 'held 1 time, [0-9]+ s in all' "what it cost the offline pod is counted"
	nok "and the online pod lost nothing" grep -q 'in all' <<<"$(coloctl why default/web)"
}

# Somebody keeps offline work on one CPU: the quota is worked out for that one, and the set is his. A quarter of it
# at most is left while all of it is wanted, on kernels that throttle a whole run queue; for two it would be half a CPU.
bounded()
{
	ok "somebody gives offline work one CPU" systemctl set-property --runtime "${BE##*/}" AllowedCPUs=0
	systemd_wrote
	is "$(knob $BE cpuset.cpus.effective)" 0 "which is where it runs"
	colod_reload
	colod_next_pass
	is "$(quotas)" "" "without online load nobody is held"
}

is_tight() { [ "$(cut -d' ' -f1 $BE/cpu.max)" -le 5000 ]; }

# The hold must end with the agent, however it ends.
killed()
{
	bounded
	rm -f "$PODS_SHARE/stop"
	crun exec "$(pod_id web)" sh -c 'for i in 1 2 3; do (while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
	ok "squeezed again" wait_for 60 grep -qv '^max' $BE/cpu.max
	note "on one CPU cpu.max is $(knob $BE cpu.max)"
	ok "to what the target leaves of that CPU" wait_for 20 is_tight
	systemctl kill -s KILL --kill-whom=main colod
	ok "the hold of a killed agent ends" wait_for 3 grep -q '^max' $BE/cpu.max
	touch "$PODS_SHARE/stop"
	wait $load
	is "$(knob $BE cpuset.cpus)" 0 "the set is as it was made"
	ok "and taken back by who made it" systemctl set-property --runtime "${BE##*/}" AllowedCPUs=0-1
}

# The agent that was killed wrote it, and somebody without rights reads it.
recorded()
{
	is "$(stat -c '%a %U' $RECORD)" "600 root" "the record is root's alone"
	cp $RECORD "$RESULTS/series.record"
	install -m 644 $RECORD /tmp/series.record
	note "$(stat -c %s $RECORD) bytes, $(grep -c '^t ' $RECORD) passes"
	ok "replayed without rights" setpriv --reuid=65534 --regid=65534 --clear-groups \
		sh -c 'colod --replay /tmp/series.record </dev/null >/tmp/replayed'
	like "$(tail -1 /tmp/replayed)" '^[1-9][0-9]* passes.*: the same as recorded$' "the same steps again, up to the last whole pass"
	like "$(cat /tmp/replayed)" 'rung=squeeze .* who=default/web: ' "the episode is in it, with who waited"
	nok "no token, no environment" grep -qE 'eyJ|PATH=|TOKEN' $RECORD
	sed '0,/ rung=squeeze /s//&x/' /tmp/series.record >/tmp/changed.record
	colod --replay /tmp/changed.record >/dev/null 2>/tmp/changed
	is $? 1 "a record that says something else is noticed"
	like "$(cat /tmp/changed)" 'differs from what was recorded, at line [0-9]+' "with its place"
	ok "the agent that came next did not write over it" wait_for 30 says 'nothing is recorded: .*it is there already'
	rm -r $UNIT /tmp/series.record /tmp/changed.record /tmp/changed /tmp/replayed
	systemctl daemon-reload
}

# Three busy loops on two CPUs wait for each other, whoever else is held.
in_vain()
{
	rm -f "$PODS_SHARE/stop"
	ok "start again" colod_start
	# Only what is seen to use more than its floor is squeezed.
	for _ in 1 2 3 4; do colod_next_pass; done
	crun exec "$(pod_id web)" sh -c 'for i in 1 2 3; do (while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
	ok "a quota appears" wait_for 60 grep -qv '^max' $BE/cpu.max
	ok "a hold that does not help is undone while the load lasts" wait_for 90 grep -q '^max' $BE/cpu.max
	ok "and says so" wait_for 20 says 'cpu: squeeze → calm: default/web still waits for CPU .* did not help it'
	like "$(coloctl why default/web)" 'did not help it: not tried for it for another' "why says so, too"
	sleep 5
	is "$(rung)" calm "and it is not tried again"
	is "$(quotas)" "" "so that nobody is held"
	touch "$PODS_SHARE/stop"
	wait $load
}

# No profile asks for a quota: offline work yields by its weight alone.
as_shipped()
{
	local web hog
	AS_SHIPPED=1 colod_policy squeeze file:///run/pods.json
	ok "as shipped: start" colod_start
	ok "it plans" wait_for 20 coloctl status
	colod_next_pass
	crun exec "$(pod_id web)" sh -c 'for i in 1 2 3; do (: >/share/load$i; while [ ! -e /share/stop ]; do :; done) & done; wait' &
	load=$!
	ok "the online load runs" wait_for 60 test -e "$PODS_SHARE/load1" -a -e "$PODS_SHARE/load2" -a -e "$PODS_SHARE/load3"
	sleep 1
	web=$(usage "$(pod_path web)") hog=$(usage $BE)
	sleep 4
	web=$(($(usage "$(pod_path web)") - web)) hog=$(($(usage $BE) - hog))
	note "in 4 s: online $((web / 40000)) % of one CPU, offline $((hog / 40000)) %"
	ok "online work has at least ten times the CPU time of offline work" [ $web -gt $((10 * hog)) ]
	is "$(quotas)" "" "without any quota"
	is "$(rung)" calm "and no step was taken"
	touch "$PODS_SHARE/stop"
	wait $load
	rm "$PODS_SHARE/stop" "$PODS_SHARE"/load?
	ok "stop" colod_stop
}

pod_create web Burstable 1000 0
pod_create hog BestEffort 0 0 sh -c 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'
colod_facts
as_shipped
colod_policy squeeze file:///run/pods.json
mkdir -p $UNIT
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/colod --record %s\n' $RECORD >$UNIT/50-record.conf
systemctl daemon-reload
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
# Its own start and what systemd does of it need a part of the CPUs.
ok "systemd has been told" colod_settled
work_conserving
own_fault
pressure web
calm
killed
recorded
# Half a minute, for what is decided by numbers alone.
[ -z "${LONG:-}" ] || in_vain
colod_clean
pods_cleanup
systemctl revert "${BE##*/}" 2>/dev/null
rm -rf "/run/systemd/system.control/${BE##*/}.d"
done_testing
