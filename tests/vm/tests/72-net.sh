#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 200s
# long-budget: 660s
# profile: default
# title: the agent shapes an uplink by its policy: pods in the classes of their levels, a ceiling for offline work while online work sends, nothing left of it after a stop, a kill or mode off, and nobody else's qdisc touched
. "$VM/guest/lib.sh"
. "$VM/guest/net.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

LEVELS="levels: {P0: {role: online, cpu: {weight: keep}, net: {share: 10}}, P7: {role: offline, cpu: {weight: keep}, memory: {high: none}, net: {share: 1}}}"
ASSIGN="assign: [{match: {cgroup: $NET_T/a}, level: P0}, {match: {cgroup: $NET_T/b}, level: P7}, {match: {cgroup: $NET_T/h}, level: P7}]"
LIMIT=2500000
PROG=/opt/colod/build/tests/tools/cgroup_prog

# policy MODE [SPEED]
policy() { colod_policy "$1" cgroup "$LEVELS" "$ASSIGN" "net: {speed: ${2:-20Mbit/s}}"; }

net_json() { coloctl status --json >/dev/null && coloctl net --json; }
link() { coloctl net --json | jq -r ".links[] | select(.name == \"up0\") | $1"; }
tells_why() { link .why | grep -q '^online work sends .* of the 20 Mbit/s of up0: offline work may send'; }
is_shaped() { tc qdisc show dev up0 root | grep -q 'htb c01d:' && class c01d:17 | grep -q . && tc filter show dev h-b ingress | grep -q skbedit; }
programs() { "$PROG" list "$NET_CG/h"; }
is_gone() { [ "$(dump)" = "$before" ] && ! programs | grep -q colod_mark; }
of_h() { coloctl net --json | jq -r ".pods[] | select(.pod | endswith(\"/h\")) | $1"; }
is_h() { [ "$(of_h "$1")" = "$2" ]; }
# From a socket of the pod with the host's network.
knock_h() { bash -c 'echo $$ >"$1/cgroup.procs"; for i in 1 2 3; do echo x >/dev/udp/$0/9; done; sleep 0.3' "$1" "$NET_CG/h/ctr"; }
ceiling() { class c01d:3 | sed -n 's/.* ceil \([0-9]*\)\([KM]\)bit.*/\1\2/p' | sed 's/K$/000/; s/M$/000000/'; }
held() { [ "$(ceiling)" -lt $((LIMIT * 8)) ]; }
wide() { [ "$(ceiling)" -eq $((LIMIT * 8)) ]; }

# Asked again until it is so: what went elsewhere never comes.
in_class()
{
	local before=$(packets "$1")
	knock_h 10.2.0.2
	wait_for 1 has_sent "$1" $((before + 3))
}

# The online pod sends until it is ended.
send()
{
	ip netns exec a bash -c 'printf -v x "%01000d" 0; while :; do echo "$x" >/dev/udp/10.2.0.2/9; done' >/dev/null 2>&1 &
	sender=$!
}

shaped()
{
	policy protect
	ok "colod starts" colod_start
	ok "the uplink is shaped" wait_for 30 is_shaped
	ok "the pods' ends are marked" wait_for 20 sh -c 'tc filter show dev h-a ingress | grep -q skbedit'
	note "$(tc class show dev up0)"
	ok "the online pod's packets are in the class of its level" [ "$(sent c01d:10 knock 10.2.0.2 a)" -ge 3 ]
	ok "the offline pod's in its own" [ "$(sent c01d:17 knock 10.2.0.2 b)" -ge 3 ]
	ok "the host's in the default one" [ "$(sent c01d:2 knock 10.2.0.2)" -ge 3 ]
	ok "coloctl says so when the next look has seen it" wait_for 20 sh -c '[ "$(coloctl net --json | jq ".links[] | select(.name == \"up0\") | .shaped")" = true ]'
	ok "and of the pod with the host's network that it is marked" wait_for 30 is_h '"\(.marked) \(.host_network) \(.refusal) \(.sent_bytes)"' "true true fine null"
	is "$(programs)" colod_mark "by one program at its cgroup"
	ok "its packets are in the class of its level" [ "$(sent c01d:17 knock_h 10.2.0.2)" -ge 3 ]
	ok "those of IPv6, too" [ "$(sent c01d:17 knock_h fd00:2::2)" -ge 3 ]
	ok "the history has it" wait_for 20 sh -c 'coloctl history | grep -q "link up0.*shaped"'
	send
	colod_next_pass
	ok "in mode protect there is no ceiling" wide
}

followed()
{
	policy squeeze
	ok "reload" colod_reload
	ok "while online work sends, offline work has a ceiling" wait_for 30 held
	note "$(class c01d:3)"
	note "$(coloctl net)"
	ok "which is said with its numbers" wait_for 20 tells_why || note "$(link .why)"
	kill "$sender"
	wait "$sender" 2>/dev/null
	ok "an idle link belongs to offline work" wait_for 60 wide
	ok "what each pod has sent is told by now" wait_for 30 sh -c 'coloctl net --json | jq -e ".pods[] | select(.pod | endswith(\"/b\")) | .sent_packets >= 3" >/dev/null'
	note "$(coloctl net)"
	ok "the history has both" wait_for 20 sh -c 'coloctl history | grep "link up0" | grep -q "not held"'
}

# overlay KIND ARGUMENT...: a tunnel to wan, and a pod's packets in it: the kernel keeps the mark of what it wraps.
overlay()
{
	modprobe -q "$1"
	ip link add ov0 type "$1" "${@:2}" local 10.2.0.1 remote 10.2.0.2 && ip -n wan link add ov0 type "$1" "${@:2}" local 10.2.0.2 remote 10.2.0.1 || return
	ip addr add 10.9.0.1/24 dev ov0 && ip link set ov0 up
	ip -n wan addr add 10.9.0.2/24 dev ov0 && ip -n wan link set ov0 up
	ip -n wan route add 10.3.0.2/32 via 10.9.0.1 dev ov0 onlink
	knock 10.9.0.2 b
	ok "inside $1 a pod's packets keep their class" [ "$(sent c01d:17 knock 10.9.0.2 b)" -ge 3 ]
	ok "what the host sends through it has none" [ "$(sent c01d:2 knock 10.9.0.2)" -ge 3 ]
	ip -n wan link del ov0
	ip link del ov0
	modprobe -rq "$1"
}

overlays()
{
	overlay vxlan id 7 dstport 4789
	overlay ipip
	wait_for 30 sh -c '[ "$(coloctl net --json | jq ".links | length")" = 1 ]'
}

# The pod with the host's network, and what somebody else has at its cgroup.
hosted()
{
	"$PROG" attach "$NET_CG/h"
	colod_policy squeeze cgroup "$LEVELS" "${ASSIGN/h\}, level: P7/h\}, level: P0}" "net: {speed: 20Mbit/s}"
	ok "reload" colod_reload
	ok "with another level its packets are in another class" wait_for 30 in_class c01d:10
	is "$(programs)" "colod_mark other" "by one program beside somebody's"
	[ -z "${LONG:-}" ] || alone
}

# It is seen in whole rounds, every 10 s.
alone()
{
	"$PROG" attach "$NET_CG" alone
	ok "under one that allows no other ours goes" wait_for 40 is_h .refusal foreign-program
	is "$(programs)" other "and nobody else's"
	note "$(coloctl net)"
	ok "so its packets are the host's" [ "$(sent c01d:2 knock_h 10.2.0.2)" -ge 3 ]
	"$PROG" detach "$NET_CG"
	ok "and comes back" wait_for 40 in_class c01d:10
}

# Another share, in place.
reloaded()
{
	local leaves=$(tc qdisc show dev up0)
	colod_policy squeeze cgroup "${LEVELS/share: 10/share: 3}" "$ASSIGN" "net: {speed: 20Mbit/s}"
	ok "reload" colod_reload
	ok "a class is changed" wait_for 20 sh -c '. $VM/guest/net.sh; class c01d:10 | grep -q "rate 8571Kbit"'
	note "$(tc class show dev up0)"
	is "$(tc qdisc show dev up0)" "$leaves" "in place"
}

killed()
{
	local pid root
	send
	ok "held again" wait_for 30 held
	root=$(tc qdisc show dev up0)
	pid=$(systemctl show -p MainPID --value colod)
	kill -9 "$pid"
	ok "a killed agent leaves no ceiling" wait_for 5 wide
	is "$(tc qdisc show dev up0)" "$root" "its classes stay for the next one"
	ok "which holds again" wait_for 60 held
	is "$(tc qdisc show dev up0)" "$root" "in the same classes"
	ok "the pod with the host's network has its mark again" wait_for 40 in_class c01d:17
	is "$(programs)" "colod_mark other" "by one program"
	"$PROG" detach "$NET_CG/h"
	kill "$sender"
	wait "$sender" 2>/dev/null
}

# Without systemd nobody but the guard ends the hold, and nothing but `colod restore` the rest. What was recorded of it
# until the kill decides the same again.
guarded()
{
	local hand
	policy squeeze
	colod --with-guard --record /run/net.record 2>/run/net-guard.log &
	hand=$!
	send
	ok "an agent by hand, with a guard, holds" wait_for 60 held
	kill -9 $hand
	wait $hand 2>/dev/null
	ok "killed, its guard lifts the ceiling" wait_for 30 wide
	ok "and leaves the classes" is_shaped
	kill "$sender"
	wait "$sender" 2>/dev/null
	ok "colod restore" wait_for 20 colod restore
	ok "removes them" is_gone
	colod --replay /run/net.record >/run/net.replayed </dev/null
	like "$(tail -1 /run/net.replayed)" '^[1-9][0-9]* passes.*: the same as recorded$' "a replay comes to the same"
	ok "the hold is in it" grep -qE '^ +net link up0 .* ceiling=[1-9].*online work sends' /run/net.replayed
	rm -f /run/net-guard.log /run/net.record /run/net.replayed
	colod_clean
}

ended()
{
	policy off
	ok "reload" colod_reload
	ok "in mode off nothing of it is left" wait_for 30 is_gone
	ok "nor is the note in /run" wait_for 20 test ! -e /run/colod/net
	policy protect
	colod_reload
	ok "shaped again" wait_for 30 is_shaped
	ok "a stop" colod_stop
	ok "leaves nothing of it" is_gone
	ok "nor the note" test ! -e /run/colod/net
	[ -z "${LONG:-}" ] || ended_between
	colod_clean
}

# Killed, and stopped before the next one is there.
ended_between()
{
	ok "colod starts" colod_start
	ok "shaped again" wait_for 30 is_shaped
	systemctl kill -s KILL colod
	systemctl stop colod
	ok "killed and stopped before it comes back, nothing is left" wait_for 30 is_gone
}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$(systemctl show -p MainPID --value colod)/stat"; }

# Two hundred pods: each is marked once, and what a second costs is told.
crowd()
{
	local i t0 n=200
	for ((i = 1; i <= n; i++)); do
		printf '%s\n' "netns add c$i" "link add h-c$i type veth peer name eth0 netns c$i" "link set h-c$i up"
	done | ip -batch -
	for ((i = 1; i <= n; i++)); do pod "c$i" "c$i"; done
	colod_policy squeeze cgroup "$LEVELS" "assign: [{match: {cgroup: $NET_T/a}, level: P0}, {match: {cgroup: \"$NET_T/c*\"}, level: P7}]" "net: {speed: 20Mbit/s}"
	colod_start
	ok "all of $n pods are marked" wait_for 90 sh -c "[ \$(coloctl net --json | jq '[.pods[] | select(.marked)] | length') = $((n + 1)) ]"
	is "$(for ((i = 1; i <= n; i++)); do tc filter show dev "h-c$i" ingress; done | grep -c skbedit)" $n "each once"
	t0=$(cpu_ticks)
	sleep 30
	note "$n pods: $((($(cpu_ticks) - t0) / 3)) permille of a CPU"
	colod_clean
	is "$(for ((i = 1; i <= n; i++)); do tc filter show dev "h-c$i" ingress; tc qdisc show dev "h-c$i" clsact; done)" "" "and nothing is left at any of them"
	for ((i = 1; i <= n; i++)); do
		xargs -r kill <"$NET_CG/c$i/ctr/cgroup.procs"
		printf '%s\n' "netns del c$i"
	done | ip -batch -
	wait_for 60 sh -c '! ls -d /sys/class/net/h-c* >/dev/null 2>&1'
}

# What somebody else has put at the uplink, and at a pod's end.
foreign()
{
	local theirs taken
	tc qdisc add dev up0 root handle 5: tbf rate 100mbit burst 20k latency 50ms
	tc qdisc add dev h-b clsact
	tc filter add dev h-b ingress prio 3 matchall action skbedit mark 0x4000/0x4000
	theirs=$(dump)
	taken=$(dump up0 h-b)
	policy squeeze
	ok "colod starts beside them" colod_start
	ok "and says why it does not shape" wait_for 30 sh -c '[ "$(coloctl net --json | jq -r ".links[0].refusal")" = foreign-root ]'
	note "$(coloctl net)"
	colod_next_pass
	is "$(dump up0 h-b)" "$taken" "what is theirs is as it was"
	is "$(tc filter show dev h-a ingress)" "" "and no pod is marked for an uplink that is not shaped"
	colod_clean
	is "$(dump)" "$theirs" "all of it is"
	tc qdisc del dev up0 root
	tc qdisc del dev h-b clsact
}

net_setup
colod_clean
before=$(dump)
shaped
followed
[ -z "${LONG:-}" ] || overlays
hosted
reloaded
killed
ended
guarded
[ -z "${LONG:-}" ] || foreign
[ -z "${LONG:-}" ] || crowd
is_gone || note "$(dump)"
net_cleanup
done_testing
