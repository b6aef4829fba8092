#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# long-budget: 300s
# profile: default
# title: what arrives for offline pods is counted and, while online work receives, bounded at their ends; online pods and pods next to each other never; nothing of it holds after a kill or is left after a stop, and nobody else's filter or bucket is touched
. "$VM/guest/lib.sh"
. "$VM/guest/net.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

LEVELS="levels: {P0: {role: online, cpu: {weight: keep}, net: {share: 10}}, P7: {role: offline, cpu: {weight: keep}, memory: {high: none}, net: {share: 1}}}"
ASSIGN="assign: [{match: {cgroup: $NET_T/a}, level: P0}, {match: {cgroup: $NET_T/b}, level: P7}]"

policy() { colod_policy "$1" cgroup "$LEVELS" "$ASSIGN" "net: {speed: 20Mbit/s, police-ingress: ${2:-true}}"; }
of() { coloctl net --json | jq -r ".links[] | select(.name == \"up0\") | .arrivals | $1"; }
filters() { tc filter show dev "$1" egress; }
buckets() { tc actions list action police; }
# Ours: "rate 17Mbit", or none.
rate() { buckets | grep -o ' police 0xc01d[0-9a-f]* .*' | grep -o 'rate [1-9][0-9]*[KMG]*bit'; }
held() { [ -n "$(rate)" ]; }
wide() { buckets | grep -q ' police 0xc01d[0-9a-f]* rate 0bit'; }
has_counted() { [ "$(of .offline_packets)" -ge "$1" ]; }
# From the rest of the world, or from the namespace that is named.
arrive() { ip netns exec "${2:-wan}" bash -c 'for i in 1 2 3 4 5; do echo x >/dev/udp/$0/9; done; sleep 0.3' "$1"; }
state() { dump; buckets | sed 's/ref [0-9]* bind [0-9]*.*//'; }
is_gone() { [ "$(state)" = "$before" ]; }
received() { ip -n "$1" -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }

# stream ADDRESS: a thousand bytes each, until it is ended.
stream()
{
	ip netns exec wan bash -c 'printf -v x "%01000d" 0; while :; do echo "$x" >/dev/udp/$0/9; done' "$1" >/dev/null 2>&1 &
	streams+=($!)
}

# The online pod asks somebody something now and then.
talk()
{
	ip netns exec a bash -c 'printf -v x "%0200d" 0; while sleep 0.05; do echo "$x" >/dev/udp/10.2.0.2/9; done' >/dev/null 2>&1 &
	streams+=($!)
}

full() { [ "$(of .received_bytes)" -gt 20000000 ]; }
# stays SECONDS COMMAND...
stays()
{
	local n
	for ((n = 0; n < $1 * 5; n++)); do
		"${@:2}" || return
		sleep 0.2
	done
}

quiet()
{
	kill "${streams[@]}"
	wait "${streams[@]}" 2>/dev/null
	streams=()
}

# Somebody else's: a bucket, and a filter at the offline pod's end.
theirs()
{
	tc actions add action police rate 1mbit burst 10k conform-exceed drop/pipe index 7
	tc qdisc add dev h-c clsact
	tc filter add dev h-c egress prio 3 matchall action skbedit mark 0x4000/0x4000
}

counted()
{
	local n bytes
	policy squeeze
	ok "colod starts" colod_start
	ok "what goes to the offline pod passes a bucket of its uplink" wait_for 40 sh -c 'tc filter show dev h-b egress | grep -q "indev up0"'
	note "$(filters h-b)"
	is "$(filters h-a)" "" "what goes to the online pod passes none"
	note "$(buckets)"
	ok "which holds nobody" wide
	ok "it is told of" wait_for 30 sh -c '[ "$(coloctl net --json | jq -r ".links[0].arrivals.policed")" = on ]'
	n=$(of '.offline_packets // 0')
	arrive 10.3.0.2
	arrive fd00:3::2
	ok "what arrives for the offline pod is counted, of IPv6, too" wait_for 30 has_counted $((n + 10))
	arrive 10.3.0.2 a
	arrive 10.1.0.2
	bytes=$(of .received_bytes)
	ok "until the next look" wait_for 30 sh -c "[ \$(coloctl net --json | jq '.links[0].arrivals.received_bytes') -gt $bytes ]"
	ok "what the pod next to it sends is not, nor what arrives for that" [ "$(of .offline_packets)" -lt $((n + 15)) ]
}

bounded()
{
	local dropped
	for _ in 1 2 3; do stream 10.3.0.2; done
	if [ -n "${LONG:-}" ]; then
		ok "a link that offline work fills" wait_for 40 full
		ok "is its own while online work says nothing" stays 5 wide
	fi
	talk
	ok "as soon as the online pod talks, offline work leaves some of a full link free" wait_for 40 held
	ok "for this reason" wait_for 20 sh -c 'coloctl net | grep -q "^Arrives: held: what arrives takes .* of the 20 Mbit/s of up0 while online work uses it: offline work may receive"'
	note "$(coloctl net)"
	quiet
	if [ -n "${LONG:-}" ]; then
		ok "and no longer" wait_for 40 wide
	fi
	stream 10.1.0.2
	ok "while the online pod receives, offline work is bounded" wait_for 40 held
	note "$(buckets)"
	ok "which is said with its numbers" wait_for 20 sh -c 'coloctl net | grep -q "^Arrives: held: online work receives .* of the 20 Mbit/s of up0: offline work"'
	note "$(coloctl net)"
	dropped=$(of .dropped_packets)
	for _ in 1 2 3; do stream 10.3.0.2; done
	ok "what is more is dropped" wait_for 60 sh -c "[ \$(coloctl net --json | jq '.links[0].arrivals.dropped_packets') -gt $dropped ]" || note "$(coloctl net --json | jq .links[0].arrivals)"
	is "$(filters h-a)" "" "at the online pod's end nothing can be"
	[ -z "${LONG:-}" ] || idle
}

idle()
{
	quiet
	ok "an idle link belongs to offline work" wait_for 60 wide
	ok "the history has both" wait_for 20 sh -c 'coloctl history | grep "what arrives on up0" | grep -q "not held"'
	stream 10.1.0.2
	ok "bounded again" wait_for 40 held
}

# What is unwrapped here came over the uplink.
tunnelled()
{
	local n
	modprobe -q vxlan
	ip link add ov0 type vxlan id 7 dstport 4789 local 10.2.0.1 remote 10.2.0.2 && ip -n wan link add ov0 type vxlan id 7 dstport 4789 local 10.2.0.2 remote 10.2.0.1 || return
	ip addr add 10.9.0.1/24 dev ov0 && ip link set ov0 up
	ip -n wan addr add 10.9.0.2/24 dev ov0 && ip -n wan link set ov0 up
	ip -n wan route add 10.3.0.2/32 via 10.9.0.1 dev ov0 onlink
	ok "what arrives by a tunnel passes it, too" wait_for 40 sh -c 'tc filter show dev h-b egress | grep -q "indev ov0"'
	n=$(of .offline_packets)
	arrive 10.3.0.2
	ok "and is counted" wait_for 30 has_counted $((n + 5))
	ip -n wan link del ov0
	ip link del ov0
	modprobe -rq vxlan
	ok "without the tunnel the filter goes" wait_for 40 sh -c '! tc filter show dev h-b egress | grep -q ov0'
}

killed()
{
	local filter
	filter=$(filters h-b | grep -v police)
	kill -9 "$(systemctl show -p MainPID --value colod)"
	ok "a killed agent leaves no bound" wait_for 5 wide
	is "$(filters h-b | grep -v police)" "$filter" "its filters stay for the next one"
	ok "which bounds again" wait_for 60 held
	is "$(filters h-b | grep -c indev)" 1 "with the same filter"
	[ -n "${LONG:-}" ] || quiet
}

# Buckets and filters go while online work receives.
unasked()
{
	policy protect
	ok "reload" colod_reload
	ok "a mode without holds leaves no bucket" wait_for 40 sh -c '! tc actions list action police | grep -q c01d'
	is "$(filters h-b)" "" "and no filter"
	quiet
	policy squeeze
	colod_reload
	ok "they come back" wait_for 40 sh -c 'tc filter show dev h-b egress | grep -q "indev up0"'
	policy squeeze false
	colod_reload
	ok "a policy that does not ask for it leaves none" wait_for 40 sh -c '! tc actions list action police | grep -q c01d'
	policy squeeze
	colod_reload
	ok "they come back" wait_for 40 sh -c 'tc filter show dev h-b egress | grep -q "indev up0"'
}

ended()
{
	[ -z "${LONG:-}" ] || unasked
	ok "a stop" colod_stop
	ok "leaves nothing of it, and all that is somebody's" is_gone
	colod_clean
}

net_setup
net c
theirs
colod_clean
streams=()
before=$(state)
counted
bounded
[ -z "${LONG:-}" ] || tunnelled
killed
ended
is_gone || note "$(diff <(echo "$before") <(state))"
ip netns del c
wait_for 20 sh -c '! test -e /sys/class/net/h-c'
tc actions flush action police
net_cleanup
done_testing
