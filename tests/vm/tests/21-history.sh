#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# long-budget: 300s
# profile: default
# title: what was done, and what observe would have done, is recorded with who and why; kills, restarts, churn and a full disk cost no more than they must
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/pressure.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
DIR=/var/lib/colod

# records FILTER [coloctl's options]: what jq makes of the list
records()
{
	local filter=$1
	shift
	coloctl history -n 0 --json "$@" | jq -r ".records | $filter"
}

sums()
{
	local plan trial seen
	plan=$(coloctl plan --json |
		jq '[.[] | select(.differs and (.allowed | not) and (.missing | not) and .had)] | length')
	trial=$(coloctl trial --json | jq '[.changes[].withheld_now] | add')
	seen=$(records '[.[] | select(.would and .kind == "write" and .effect != "hold") | .what + .knob] | unique | length')
	echo "plan withholds $plan, trial says $trial, the history has $seen without holds" >sums
	[ "$plan" -gt 3 ] && [ "$trial" = "$plan" ]
}

observing()
{
	local before n
	knobs_take before
	ok "trial counts what plan withholds" wait_for 20 sums
	note "$(cat sums)"
	before=$(records length)
	colod_next_pass
	is "$(records '[.[] | select(.kind == "write") | .what + .knob + .to] | length - (unique | length)')" 0 \
		"the same again is no new record"
	note "$before records, $(records length) a pass later"
	# In bursts, so that the hog is past its floor when web waits.
	bursts_start
	ok "a hold that was not taken is in the trial" \
		wait_for 60 sh -c '[ "$(coloctl trial --json | jq ".holds | length")" -ge 1 ]'
	bursts_end
	like "$(coloctl trial --json | jq -r '.holds[0].why')" 'default/web waited' "with who waited"
	like "$(coloctl trial)" 'coloctl mode squeeze --persist' "and what allows it"
	like "$(records '.[] | select(.kind == "rung") | .would' | sort -u)" '^true$' "each step says that it was not done"
	knobs_take after
	is "$(diff before after)" "" "no knob changed"
	n=$(records '[.[] | select(.would | not) | select(.kind == "write")] | length')
	is "$n" 0 "no record claims a write"
}

acting()
{
	local id
	colod_policy protect file:///run/pods.json
	ok "reload over the bus" busctl call -q io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager Reload
	ok "written" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	like "$(records '.[-1] | "\(.caller.uid) \(.caller.comm) \(.to)"' --kind policy)" '^0 busctl loaded$' \
		"who asked for the policy"
	is "$(records '.[-1] | .from + " " + .to' --kind mode)" "observe protect" "the mode that came with it"
	like "$(records '.[] | select(.would | not) | [.pod, .knob, .from, .to, .level] | join(" ")' batch --kind write)" \
		'^default/batch cpu.weight 39 1 P7$' "the write, with pod, values and level"
	# What is written while systemd is told is taken for systemd's.
	ok "systemd has been told" colod_settled
	echo 77 >"$(pod_path batch)/cpu.weight"
	ok "put back" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	is "$(records '.[-1] | .from + " " + .to' batch --kind drift)" "1 77" "what somebody else wrote"
	# The last word of somebody else is what comes back below: what it was at first.
	echo 39 >"$(pod_path batch)/cpu.weight"
	ok "and once more" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	wait_for 20 eval '[ -n "$(id_of_writes)" ]'
	id=$(id_of_writes)
	like "$id" '^[0-9a-f]{32}$' "lines of the journal have an ID"
	like "$(journalctl -q MESSAGE_ID="$id" -o json | jq -r '"\(.COLOD_POD) \(.COLOD_KNOB) \(.COLOD_FROM) \(.COLOD_TO) \(.COLOD_LEVEL) \(._SYSTEMD_UNIT)"')" \
		'^default/batch cpu.weight 39 1 P7 colod.service$' "and fields"
	journalctl --update-catalog
	like "$(journalctl -q -x MESSAGE_ID="$id" | head -20)" 'comes back when colod stops' "journalctl -x explains them"
}

id_of_writes() { journalctl -q -u colod -o json | jq -r 'select(.COLOD_KIND == "write") | .MESSAGE_ID' | tail -1; }

ids_grow() { records '[.[].id] | . == (. | unique)'; }

restarts()
{
	local last kept kills
	last=$(records '.[-1].id')
	ok "restart" systemctl restart colod
	ok "answers" wait_for 20 coloctl status
	ok "ids go on" [ "$(records '.[-1].id')" -gt "$last" ]
	is "$(records "[.[] | select(.id == $last)] | length")" 1 "what was before is still there"
	kills=${LONG:+20}
	for i in $(seq ${kills:-1}); do
		for mode in observe protect observe protect; do
			colod_policy $mode file:///run/pods.json
			systemctl kill -s HUP --kill-whom=main colod
		done
		sleep 0.$((i % 10))
		systemctl reset-failed colod # the start limit is not what is tested here
		systemctl kill -s KILL --kill-whom=main colod
		wait_for 30 coloctl status
	done
	is "$(ids_grow)" true "after kills in a burst every record is whole and in order"
	nok "and none was unreadable" says 'lines of /var/lib/colod/history were unreadable'
	kept=$(records "[.[] | select(.id == $last)] | length")
	is "$kept" 1 "nothing older was lost"
	systemctl reset-failed colod
}

has_all() { [ "$(records '[.[].what | select(startswith("farm/job-"))] | unique | length')" -eq "$1" ]; }

churn()
{
	local began lines took i rounds
	echo "assign: [{match: {cgroup: \"farm/job-*\"}, level: P7}]" >>$COLOD_DROPIN
	colod_reload
	mkdir -p $CG/farm
	echo "+cpu +memory +io" >$CG/farm/cgroup.subtree_control
	began=$(date +%s)
	rounds=${LONG:+10}
	rounds=${rounds:-1}
	for round in $(seq $rounds); do
		for i in $(seq 150); do mkdir $CG/farm/job-$round-$i; done
		wait_for 60 has_all $((round * 150)) || note "of round $round not all was seen"
		rmdir $CG/farm/job-$round-*
	done
	took=$(($(date +%s) - began))
	ok "the history has it all" has_all $((rounds * 150))
	note "$(records '[.[] | select(.what | startswith("farm/job-"))] | length') records of $((rounds * 150)) cgroups"
	lines=$(journalctl -q -u colod --since "@$began" -o json | jq -r 'select(.COLOD_KIND == "write") | .MESSAGE' | wc -l)
	note "$lines lines in $took s"
	ok "the journal has a bounded share" [ "$lines" -le $(((took / 10 + 2) * 20)) ]
	ok "the files are bounded" [ "$(stat -c %s $DIR/history)" -le 1048576 ]
	rmdir $CG/farm
}

full_disk()
{
	colod_stop
	mount -t tmpfs -o size=64k,mode=0750 none $DIR
	ok "start beside a tiny disk" colod_start
	ok "answers" wait_for 20 coloctl status
	head -c 65536 /dev/zero >$DIR/filler 2>/dev/null
	# More records than what is left of the file's last page can hold.
	for i in 1 2; do
		colod_policy observe file:///run/pods.json
		colod_reload
		ok "given back on a full disk ($i)" wait_for 20 grep -qx 39 "$(pod_path batch)/cpu.weight"
		colod_policy protect file:///run/pods.json
		colod_reload
		ok "and written again ($i)" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	done
	ok "it is said" wait_for 20 says 'the history cannot be written to /var/lib/colod.*No space'
	is "$(journalctl -q -u colod -o cat --since "@$1" | grep -c 'the history cannot be written')" 1 "once"
	like "$(coloctl history -n 1)" 'cannot be written' "coloctl says it too"
	is "$(records '.[-1] | .from + " " + .to' --kind mode)" "observe protect" "the records are in memory"
	rm -f $DIR/filler
	colod_stop
	is "$(grep -c ' mode did .* observe protect ' $DIR/history)" 2 "the last try at a stop writes them down"
	umount $DIR
}

# What chattr(1) does, which the guest does not have.
immutable()
{
	python3 - "$1" $DIR/history <<'EOF'
import fcntl, struct, sys
with open(sys.argv[2]) as f:
    flags, = struct.unpack("i", fcntl.ioctl(f, 0x80086601, struct.pack("i", 0)))
    flags = flags | 0x10 if sys.argv[1] == "1" else flags & ~0x10
    fcntl.ioctl(f, 0x40086602, struct.pack("i", flags))
EOF
}

read_only()
{
	immutable 1 || diag "the file system has no immutable files"
	ok "start where nothing can be written" colod_start
	ok "answers" wait_for 20 coloctl status
	ok "it is said" wait_for 20 says 'the history cannot be written to /var/lib/colod.*not permitted'
	ok "values are written all the same" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	like "$(records '.[] | .what' --kind agent | head -1)" '^colod$' "what was there before is read"
	immutable 0
}

pod_create web Burstable 1000 0
POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
pod_create hog BestEffort 0 0 sh -c 'for i in 1 2 3 4; do (while :; do :; done) & done; wait'
colod_facts
colod_policy observe file:///run/pods.json
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
observing
pod_delete hog # what follows asks for no pressure, and the guest is slow enough
colod_facts
acting
restarts
churn
full_disk "$(date +%s)"
read_only
colod_clean
pods_cleanup
done_testing
