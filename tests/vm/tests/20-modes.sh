#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# profile: default
# core: no
# title: from full down to off by every source: each step gives back exactly what it must; pauses survive a kill and end
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

# Before 90-mode.yaml, which coloctl writes.
COLOD_DROPIN=/etc/colod/policy.d/50-test.yaml
MIB=1048576
CPU='cpu\.(weight|idle|max)'
MEMORY='memory\.(min|low|high)'
IO='io\.weight'

setup()
{
	pod_create online Guaranteed 500 $((32 * MIB))
	pod_create web Burstable 1000 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((128 * MIB)) pod_create batch Burstable 1000 0
	pod_create hog BestEffort
	colod_facts
	colod_policy full file:///run/pods.json
	knobs_take orig
	ok "start" colod_start
	ok "levelled" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
	ok "written" wait_for 20 grep -qvx max "$(pod_path batch)/memory.high"
	ok "systemd has been told" colod_settled
	knobs_take full
	for what in 'cpu.weight' 'memory.min' 'memory.high' 'io.weight'; do
		nok "$what of some pod was changed" cmp -s <(grep "/$what:" orig) <(grep "/$what:" full)
	done
}

in_force() { coloctl mode --json | jq -r "[.mode, .modes.cpu.mode, .modes.memory.mode, .modes.io.mode, .mode_source] | join(\" \")"; }

# undone FROM PATTERN WHAT: since FROM was taken only knobs of PATTERN changed, and all of them are as
# they were before colod came.
of() { grep -E "/($1):" "$2"; }
is_back() { knobs_take now && cmp -s <(of "$1" orig) <(of "$1" now); }
undone()
{
	wait_for 20 is_back "$2"
	is "$(of "$2" now)" "$(of "$2" orig)" "$3: every one of these is back"
	is "$(diff "$1" now | sed -n 's/^[<>] \([^:]*\):.*/\1/p' | grep -vE "/($2)$")" "" "$3: no other knob changed"
}

# same FILE WHAT: all knobs are as FILE has them.
is_same() { knobs_take now && cmp -s "$1" now; }
same()
{
	wait_for 20 is_same "$1"
	is "$(diff "$1" now)" "" "$2"
}

down_by_set_mode()
{
	ok "SetMode squeeze" coloctl mode squeeze
	same full "squeeze: nothing is undone, full does no more yet"
	ok "SetMode protect" coloctl mode protect
	undone full 'memory\.high' "protect"
	cp now protect
	ok "io to observe" coloctl mode observe io
	undone protect "$IO" "io observes"
	cp now io
	ok "memory to off" coloctl mode off memory
	undone io "$MEMORY" "memory off"
	is "$(in_force)" "protect protect off observe set-mode" "each resource has its mode"
	cp now memory
	ok "the whole to observe" coloctl mode observe
	undone memory "$CPU" "observe"
	same orig "observe: nothing of colod is left"
	is "$(coloctl status --json | jq '.withheld > 0')" true "what it would do is counted"
	like "$(coloctl status)" 'The policy would allow full.*SetMode by uid 0 .coloctl' "status says who"
}

up_again()
{
	ok "memory may follow" coloctl mode full memory
	ok "io may follow" coloctl mode full io
	same orig "the whole still decides"
	ok "the whole may follow" coloctl mode full
	same full "all is written again, in the pass of the call"
	nok "nobody lowers it any more" test -e /run/colod/control
}

only_root()
{
	local group
	group=$(getent group colod | cut -d: -f3)
	nok "a user may not set the mode" setpriv --reuid=65534 --regid=65534 --clear-groups coloctl mode off
	nok "nor a member of group colod" setpriv --reuid=65534 --regid="$group" --clear-groups \
		busctl call io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager SetMode ss "" off
	nok "nor pause" setpriv --reuid=65534 --regid="$group" --clear-groups coloctl pause
	nok "nor switch off" setpriv --reuid=65534 --regid="$group" --clear-groups coloctl off
	ok "but may look" setpriv --reuid=65534 --regid="$group" --clear-groups coloctl mode
	same full "nothing changed"
}

pauses()
{
	local pid
	ok "pause for a while" coloctl pause 10s
	same orig "paused: nothing of colod is left"
	is "$(in_force)" "observe observe observe observe pause" "the pause decides"
	ok "it ends by itself" wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"
	same full "and all is back"
	ok "pause until resumed" coloctl pause
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	ok "killed, and started again" wait_for 30 sh -c '[ "$(systemctl show -p MainPID --value colod)" != '"$pid"' ] && coloctl status >/dev/null'
	is "$(in_force)" "observe observe observe observe pause" "still paused"
	same orig "and nothing is written"
	ok "resume" coloctl resume
	same full "all is written again"
}

# The folder is watched: the agent wakes for the file, not for the next second.
kill_switch()
{
	local said
	said=$(coloctl off)
	is $? 0 "coloctl off"
	note "$said"
	like "$said" "colod confirms: [1-9][0-9]* values are back, nothing is pending" "it waits for the agent"
	same orig "off: nothing of colod is left"
	is "$(in_force)" "off off off off disable-file" "the file decides"
	is "$(coloctl status --json | jq .triggers)" 0 "no pressure trigger stands in a pod's file"
	ok "coloctl on" coloctl on
	same full "on: all is written again"
	touch /etc/colod/disable
	ok "a file made by hand does the same" wait_for 20 grep -qx 39 "$(pod_path batch)/cpu.weight"
	mv /etc/colod/disable /etc/colod/disabled
	ok "and its going is noticed" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
}

by_command_line()
{
	mkdir -p /run/systemd/system/colod.service.d
	printf '[Service]\nExecStart=\nExecStart=%s --mode cpu=observe\n' "$(command -v colod)" \
		>/run/systemd/system/colod.service.d/mode.conf
	systemctl daemon-reload
	ok "restart with --mode cpu=observe" systemctl restart colod
	undone full "$CPU" "command line"
	is "$(in_force)" "full observe full full " "the others go on"
	rm -r /run/systemd/system/colod.service.d
}

by_policy()
{
	local file=/etc/colod/policy.d/90-mode.yaml
	ok "persist memory: observe" coloctl mode observe memory --persist
	undone full "$MEMORY" "policy, memory"
	ok "persist off" coloctl mode off --persist
	same orig "policy off: nothing of colod is left"
	is "$(grep -v '^#' $file | tr '\n' ';')" "version: 1;mode: off;modes: {memory: observe};" "the file says so"
	echo "# mine" >>$file
	nok "a file that was edited is not written over" coloctl mode full --persist
	is "$(in_force)" "off off off off policy" "and stays in force"
	rm -f $file
	ok "reload" colod_reload
	same full "all is written again"
}

setup
down_by_set_mode
up_again
only_root
pauses
kill_switch
by_policy
by_command_line
ok "history names who asked" wait_for 20 sh -c 'journalctl -q -u colod -o cat | grep -q "SetMode memory.*asked by uid 0 (coloctl"'
ok "stop" colod_stop
systemctl daemon-reload
knobs_take now
is "$(diff orig now)" "" "stop gives back everything"
rm -rf /etc/colod/policy.d/90-mode.yaml "$COLOD_DROPIN" /etc/colod/disabled
colod_clean
pods_cleanup
done_testing
