#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# profile: default
# core: no
# title: orders by hand: root, whom polkit allows that one action, and nobody else; offline pods that are known and no others; given back at the limit and when the agent dies; who is evicted goes once, and the next agent knows who wanted it
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=1048576
PLAIN=/sys/fs/cgroup/go-plain
RULES=/etc/polkit-1/rules.d/50-colod-test.rules

# as USER COMMAND...: with the groups that the user has, no others.
as() { setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups "${@:2}"; }

# ann and dan are in the group and polkit allows each one action; bob is in the group; eve is not.
people()
{
	local who
	for who in ann bob dan eve; do
		useradd --no-create-home --shell /usr/sbin/nologin "$who"
	done
	usermod -aG colod ann
	usermod -aG colod bob
	usermod -aG colod dan
	cat >$RULES <<-'RULE'
		polkit.addRule(function(action, subject) {
		  if (action.id == "io.colod.agent1.hold" && subject.user == "ann")
		    return polkit.Result.YES;
		  if (action.id == "io.colod.agent1.evict" && subject.user == "dan")
		    return polkit.Result.YES;
		});
	RULE
	chmod 644 $RULES
}

# Two units and a plain cgroup that may go, and a unit that may not; go-slow ends when it has been let go.
goers()
{
	systemd-run -q --unit=stay sleep 1000
	systemd-run -q --unit=go-unit -p ExecStopPost="/bin/sh -c 'echo stopped >>$PODS_SHARE/go-unit'" sleep 1000
	systemd-run -q --unit=go-slow -p ExecStopPost="/bin/sh -c 'echo stopped >>$PODS_SHARE/go-slow'" \
		sh -c 'trap "while [ ! -e $0/go-slow-may ]; do sleep 0.2; done; exit 0" TERM; while :; do sleep 0.2; done' "$PODS_SHARE"
	mkdir $PLAIN
	sleep 1000 &
	echo $! >$PLAIN/cgroup.procs
}

# Of `late` nobody tells what it is: it came after the facts were written.
setup()
{
	pod_create web Guaranteed 500 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x pod_create batch BestEffort
	pod_create job BestEffort
	colod_facts
	pod_create late BestEffort
	colod_policy full file:///run/pods.json \
		"assign: [{match: {unit: 'go-*.service'}, level: P7}, {match: {unit: stay.service}, level: P4}, {match: {cgroup: go-plain}, level: P7}]"
	goers
	knobs_take orig
	ok "start" colod_start
	ok "levelled" wait_for 20 grep -qvx max "$(pod_path batch)/memory.high"
	ok "systemd has been told" colod_settled
	knobs_take full
}

# newest: what the last order's record says.
newest()
{
	coloctl history --kind order -n 1 --json |
		jq -r '.records[-1] | [.knob, .to, .caller.uid, .caller.comm] | map(tostring) | join(" ")'
}

has_ended()
{
	coloctl history --kind order -n 4 --json |
		jq -e --arg k "$1" 'any(.records[]; .knob == $k and .to == "ended" and .caller.uid == null)'
}

quota() { cat "$(pod_path "$1")/cpu.max"; }
frozen() { sed -n 's/^frozen //p' "$(pod_path "$1")/cgroup.events"; }
orders() { coloctl orders --json | jq -r '[.[] | .order] | join(" ")'; }

# same FILE WHAT: all knobs are as FILE has them.
is_same() { knobs_take now && cmp -s "$1" now; }
same()
{
	wait_for 20 is_same "$1"
	is "$(diff "$1" now)" "" "$2"
}

who_may()
{
	local said
	ok "ann, whom a rule allows it, may squeeze" as ann coloctl squeeze batch
	like "$(newest)" "squeeze in force $(id -u ann) coloctl" "and the history says who it was"
	like "$(quota batch)" '^[0-9]+ 20000$' "the pod is held"
	knobs_take held
	is "$(diff full held | sed -n 's/^> \(.*\)\/[^/]*:.*/\1/p' | sort -u)" "$(pod_path batch)" "and nothing of any other"
	like "$(coloctl why batch)" "by hand +uid $(id -u ann) .coloctl" "why says so"
	said=$(as ann coloctl level batch P4 2>&1)
	is $? 4 "another action she may not"
	like "$said" 'this is for root, and for whom polkit allows io.colod.agent1.set-level: polkit does not allow it to you' \
		"and is told which"
	said=$(as bob coloctl release batch 2>&1)
	is $? 4 "bob, of the group alone, may not"
	like "$said" 'for whom polkit allows io.colod.agent1.hold' "and is told what he lacks"
	ok "but may look" as bob coloctl orders
	nok "eve may not even look" as eve coloctl orders
	is "$(orders)" squeeze "it stands as ann has left it"
	systemctl mask --runtime --now polkit 2>/dev/null
	said=$(as ann coloctl thaw job 2>&1)
	is $? 4 "without polkit ann may not"
	like "$said" 'Use sudo' "and is told so"
	ok "and root may" coloctl release batch
	systemctl unmask --runtime polkit 2>/dev/null
	same full "released: nothing of it is left"
}

# refused PATTERN WHAT COMMAND...
refused()
{
	local said
	said=$("${@:3}" 2>&1)
	is $? 1 "$2: refused"
	like "$said" "refused: .*$1" "$2: and why"
}

never()
{
	refused 'this pod is online' "an online pod squeezed" coloctl squeeze web
	refused 'this pod is online' "an online pod frozen" coloctl freeze web
	refused 'is not known' "an unknown pod squeezed" coloctl squeeze "$(pod_uid late)"
	refused 'is not known' "an unknown pod offline" coloctl level "$(pod_uid late)" P7
	refused 'this pod is online' "an online pod evicted" coloctl evict web
	refused 'this pod is online' "an online unit evicted" coloctl evict stay.service
	refused 'is not known' "an unknown pod evicted" coloctl evict "$(pod_uid late)"
	refused 'none is known here' "a Kubernetes pod evicted without an API server" coloctl evict batch
	is "$(orders)" "" "nothing is in force"
	same full "nobody was touched"
	is "$(frozen web) $(frozen late)" "0 0" "nobody stands still"
}

at_the_limit()
{
	local t0 t1
	ok "batch is online for some seconds" coloctl level batch P4 8s
	like "$(coloctl status)" 'by hand +.*batch: uid 0 .* ordered this level' "status says so"
	# Until systemd has been told, it may write the old one once more.
	ok "it has no limit any more" wait_for 6 grep -qx max "$(pod_path batch)/memory.high"
	ok "job stands still" coloctl freeze job 4s
	is "$(frozen job) $(frozen batch) $(frozen web)" "1 0 0" "and nobody else does"
	t0=$(date +%s%N)
	ok "the freeze ends by itself" wait_for 20 sh -c "grep -qx 'frozen 0' $(pod_path job)/cgroup.events"
	t1=$(date +%s%N)
	note "thawed $(((t1 - t0) / 1000000)) ms after it was seen frozen"
	same full "at the limit all is as it was"
	ok "the end is in the history" wait_for 20 has_ended freeze
	refused 'it runs again, for' "once more at once" coloctl freeze job 2s
	ok "a thaw" coloctl thaw job 10s
	like "$(coloctl why job)" 'freeze +uid 0 .* ordered it not to be frozen' "is why it may not be"
	ok "released" coloctl release job
}

paused()
{
	ok "a squeeze" coloctl squeeze batch
	ok "a pause" coloctl pause
	same orig "paused: nothing of it is left"
	is "$(orders)" "" "the order is over"
	ok "resume" coloctl resume
	same full "and does not come back"
}

# With the agent its holds end; a level is shares, which the next agent puts right.
killed()
{
	local pid
	ok "batch is online" coloctl level batch P4
	ok "job is squeezed" coloctl squeeze job
	like "$(quota job)" '^[0-9]+ 20000$' "held"
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	ok "killed, and started again" wait_for 30 sh -c '[ "$(systemctl show -p MainPID --value colod)" != '"$pid"' ] && coloctl status >/dev/null'
	is "$(quota job)" "max 100000" "no hold is left"
	is "$(orders)" "" "no order is"
	same full "and the rules decide"
}

# newest_eviction: what the last record of one says, and of whom.
newest_eviction()
{
	coloctl history --kind evict -n 1 --json |
		jq -r '.records[-1] | [.to, .caller.uid, .caller.comm] | map(tostring) | join(" ")'
}

populated() { sed -n 's/^populated //p' $PLAIN/cgroup.events; }

evicted()
{
	local said pid
	said=$(as ann coloctl evict go-unit.service 2>&1)
	is $? 4 "ann may hold, and not evict"
	like "$said" 'for whom polkit allows io.colod.agent1.evict' "and is told what she lacks"
	as bob coloctl evict go-unit.service 2>/dev/null
	is $? 4 "nor may bob"
	nok "nor eve" as eve coloctl evict go-unit.service
	ok "a pause" coloctl pause
	refused 'only mode full' "an eviction in a pause" coloctl evict go-unit.service
	ok "resume" coloctl resume
	is "$(systemctl is-active go-unit) $(populated)" "active 1" "nobody has gone by now"
	said=$(as dan coloctl evict go-unit.service 2>&1)
	is $? 0 "dan, whom a rule allows it, may"
	like "$said" 'was asked to go, which was accepted' "and hears that it was accepted"
	ok "systemd stops it" wait_for 20 test -s "$PODS_SHARE/go-unit"
	like "$(newest_eviction)" " $(id -u dan) coloctl" "the history says who it was"
	ok "the journal too" wait_for 20 says "go-unit.service evict accepted.*uid $(id -u dan) .coloctl, pid [0-9]+. ordered it, through systemd"
	ok "root has the plain cgroup go" coloctl evict go-plain
	ok "nobody is left in it" wait_for 20 eval '[ "$(populated)" = 0 ]'
	ok "an eviction that takes a while" coloctl evict go-slow.service
	refused 'was asked to go already' "the same once more" coloctl evict go-slow.service
	pid=$(unit_pid colod)
	kill -KILL "$pid"
	touch "$PODS_SHARE/go-slow-may"
	ok "the next agent tells its end, and who had wanted it" \
		wait_for 30 says 'go-slow.service evict gone.*uid 0 .coloctl, pid [0-9]+. ordered it; a colod that ended meanwhile'
	is "$(cat "$PODS_SHARE/go-slow" "$PODS_SHARE/go-unit" | wc -l)" 2 "each was stopped once"
	is "$(systemctl is-active stay) $(frozen web) $(frozen job)" "active 0 0" "and nobody else was touched"
	same full "no pod of Kubernetes"
}

clean()
{
	local who
	colod_stop
	is "$(knobs_take now && diff orig now)" "" "stopped: all originals are back"
	colod_clean
	pods_cleanup
	systemctl stop stay
	rmdir $PLAIN
	rm -f $RULES "$PODS_SHARE"/go-*
	for who in ann bob dan eve; do userdel "$who"; done
}

people
setup
who_may
never
at_the_limit
paused
killed
evicted
clean
done_testing
