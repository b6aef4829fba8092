#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 150s
# core: yes
# profile: default
# title: classes on an uplink and marks at pods' host ends: as wanted, found again, changed in place without a lost packet, removed without a trace; what is foreign stays
. "$VM/guest/lib.sh"
. "$VM/guest/net.sh"

N=/opt/colod/build/tests/tools/net_tc
T=$NET_T
SPEED=2500000
MARK=(mask=0x00f00000 value=0x00800000 shift=20)
SHAPE=(unmarked=500000:2500000 level=0:1000000:2500000 level=4:300000:2500000 offline=100000:1500000 below=7:100000:2500000)
PODS=(pod=$T/a:0 pod=$T/b:7)

# What is foreign: a root, a clsact with a filter, an empty clsact, and an ingress as the CNI bandwidth plugin makes it.
foreign()
{
	local n
	for n in c d e f; do net $n; done
	tc qdisc add dev h-c root handle 5: tbf rate 10mbit burst 20k latency 50ms
	tc qdisc add dev h-c clsact
	tc filter add dev h-c ingress prio 3 matchall action skbedit mark 0x4000/0x4000
	tc qdisc add dev h-d clsact
	tc qdisc add dev h-e handle ffff: ingress
	tc filter add dev h-e parent ffff: prio 1 u32 match u32 0 0 action ok
	pod c c && pod d d && pod e e
}

apply() { "$N" apply uplink=up0 speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" "${PODS[@]}" "$@"; }

found()
{
	is "$(ip -n a -j link show eth0 | jq '.[0].ifindex')" "$(ip -n b -j link show eth0 | jq '.[0].ifindex')" "two pods' interfaces have the same index"
	like "$("$N" look)" '^link up0 root=noqueue speed=0 refusal=no-speed' "the uplink is found by the default routes; what a veth says of its speed is not taken"
	ip route del default dev up0
	like "$("$N" look)" '^link up0 ' "by the one of IPv6 alone, too"
	ip route add default via 10.2.0.2 dev up0
	is "$(dump)" "$before" "a look changes nothing"
}

applied()
{
	out=$(apply "pod=$T/h:7")
	note "$out"
	like "$out" '^link up0 .* refusal=fine end=0 ' "the uplink is shaped"
	like "$out" "^pod $T/a n=1 ifindex=$(cat /sys/class/net/h-a/ifindex) refusal=fine end=0" "the host end of the one pod"
	like "$out" "^pod $T/b n=1 ifindex=$(cat /sys/class/net/h-b/ifindex) refusal=fine end=0" "of the other"
	like "$out" "^pod $T/h n=0 .* refusal=fine" "a pod with the host's network has a program at its cgroup"
	is "$(/opt/colod/build/tests/tools/cgroup_prog list "$NET_CG/h")" "" "which goes with the process that put it there"
	note "$(tc class show dev up0)"
	like "$(tc qdisc show dev up0 root)" 'htb c01d: root .*default 0x2 ' "the root"
	like "$(class c01d:1)" 'root rate 20Mbit ceil 20Mbit' "the link's class"
	like "$(class c01d:2)" 'parent c01d:1 leaf [0-9a-f]*: prio 0 rate 4Mbit ceil 20Mbit' "the class of what has no mark"
	like "$(class c01d:10)" 'parent c01d:1 leaf .* rate 8Mbit ceil 20Mbit' "an online level's"
	like "$(class c01d:3)" 'parent c01d:1 rate 800Kbit ceil 12Mbit' "that of all offline levels"
	like "$(class c01d:17)" 'parent c01d:3 leaf .* rate 800Kbit ceil 20Mbit' "an offline level's, below it"
	is "$(tc qdisc show dev up0 | grep -c 'fq_codel.* parent c01d:')" 4 "each that packets wait in has fq_codel"
	like "$(apply | tail -1)" '^steps=0 left=0 again=0' "another process finds all of it there, and changes nothing"
}

marked()
{
	ok "IPv4 of the pod behind a bridge is in the class of its level" [ "$(sent c01d:10 knock 10.2.0.2 a)" -ge 3 ]
	ok "IPv6, too" [ "$(sent c01d:10 knock fd00:2::2 a)" -ge 3 ]
	ok "IPv4 of the pod with a route" [ "$(sent c01d:17 knock 10.2.0.2 b)" -ge 3 ]
	ok "IPv6, too" [ "$(sent c01d:17 knock fd00:2::2 b)" -ge 3 ]
	ok "the host's own is in the default class" [ "$(sent c01d:2 knock 10.2.0.2)" -ge 3 ]
	like "$(apply)" "^pod $T/b .* packets=([6-9]|[1-9][0-9])" "each pod's packets are counted"
}

# stream OPTION...: UDP of pod b, in the background; what came of it is in /run/iperf3.json.
stream()
{
	rm -f /run/iperf3.pid
	ip netns exec wan iperf3 -s -D -1 -I /run/iperf3.pid
	wait_for 20 test -s /run/iperf3.pid
	ip netns exec b iperf3 -u -c 10.2.0.2 --json "$@" >/run/iperf3.json &
}

# steady: 250 packets a second of pod b, more than 1000 and until /run/net-steady.end is there; how many came is in /run/net-steady.got,
# how many were sent in .sent. Unlike iperf3 it makes up for no time in which it did not run: a queue may drop what comes in a crowd.
steady()
{
	rm -f /run/net-steady.*
	ip netns exec wan python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.2.0.2", 5202))
open("/run/net-steady.ready", "w").close()
s.settimeout(60)
n = 0
while s.recv(2048) != b"end":
    n += 1
print(n)' >/run/net-steady.got &
	steady=$!
	wait_for 30 test -e /run/net-steady.ready
	ip netns exec b python3 -c '
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
n = 0
while n <= 1000 or not os.path.exists("/run/net-steady.end"):
    s.sendto(b"x" * 1000, ("10.2.0.2", 5202))
    n += 1
    time.sleep(0.004)
time.sleep(0.3)
s.sendto(b"end", ("10.2.0.2", 5202))
print(n)' >/run/net-steady.sent &
	steady+=" $!"
}

# While somebody counts: other ceilings, another level for a pod, agents that are killed and start again.
changed()
{
	local leaves
	leaves=$(tc qdisc show dev up0)
	steady
	sleep 0.3
	for i in 1 2 3; do
		"$N" loop uplink=up0 speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" "${PODS[@]}" >/dev/null &
		sleep 0.5
		kill -9 $!
		wait $! 2>/dev/null
		apply offline=200000:${i}500000 pod=$T/a:4 >/run/net-tc.out
		apply >>/run/net-tc.out
	done
	touch /run/net-steady.end
	wait $steady
	note "$(cat /run/net-tc.out)"
	ok "the stream was as long as it should" [ "$(cat /run/net-steady.sent)" -gt 1000 ]
	is "$(cat /run/net-steady.got)" "$(cat /run/net-steady.sent)" "none of its packets was lost by reloads and kills"
	rm /run/net-steady.*
	is "$(tc qdisc show dev up0)" "$leaves" "the same root and leaves are there"
	like "$(apply offline=200000:2000000; class c01d:3)" 'rate 1600Kbit ceil 16Mbit' "a change is made in place"
	apply >/dev/null
}

# Other bits for the marks and the first ones again, while a pod sends: the default class sees none of it.
remarked()
{
	local stray n pid
	stream -b 5M -l 64 -t 120
	pid=$!
	sleep 1
	stray=$(packets c01d:2)
	for n in 1 2 3 4 5; do
		apply >/run/net-tc.out
		"$N" apply uplink=up0 speed=$SPEED mask=0x0f000000 value=0x08000000 shift=24 "${SHAPE[@]}" "${PODS[@]}" >>/run/net-tc.out
	done
	stray=$(($(packets c01d:2) - stray))
	ok "a pod is still sending" kill -0 $pid
	ok "none of its packets was without its class while the marks changed ($stray)" [ $stray -lt 3 ]
	kill $pid
	wait $pid
	note "$stray packets in the default class, $(packets c01d:17) in the pod's; $(cat /run/net-tc.out)"
}

# As by an agent that was killed between a class and its leaf: packets wait in what the kernel gave it.
unleafed()
{
	apply offline=100000:100000 >/run/net-tc.out
	tc qdisc del dev up0 parent c01d:17
	stream -b 3M -l 1000 -t 2
	wait_for 20 sh -c 'tc -s class show dev up0 classid c01d:17 | grep -Eq " backlog [1-9][0-9]*(Kb|b) ([2-9][0-9]|1[0-9][0-9])p"'
	apply offline=100000:100000 >/run/net-tc.out
	is "$(tc qdisc show dev up0 | grep -c 'parent c01d:17')" 0 "a class that packets wait in keeps what holds them"
	apply >/run/net-tc.out
	wait $!
	is "$(jq .end.sum_received.lost_packets /run/iperf3.json)" 0 "and none of them is lost"
	wait_for 20 sh -c 'tc -s class show dev up0 classid c01d:17 | grep -q " backlog 0b"'
	apply >/run/net-tc.out
	like "$(tc qdisc show dev up0)" 'fq_codel [0-9a-f]*: parent c01d:17' "an empty one gets its leaf"
}

moved()
{
	"$N" apply uplink=up0 speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" pod=$T/a:4 pod=$T/b:7 >/run/net-tc.out
	is "$(tc filter show dev h-a ingress | grep -c skbedit)" 1 "a pod of another level has one mark still"
	ok "its packets are in the other class" [ "$(sent c01d:14 knock 10.2.0.2 a)" -ge 3 ]
	"$N" apply uplink=up0 speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" level=7:100000:2500000 pod=$T/b:7 >/run/net-tc.out
	is "$(tc filter show dev h-a ingress)$(tc qdisc show dev h-a clsact)" "" "a pod that is not to be marked has nothing of ours"
	"$N" apply uplink=up0 speed=$SPEED "${MARK[@]}" unmarked=500000:2500000 level=0:1000000:2500000 level=7:100000:2500000 "${PODS[@]}" >/run/net-tc.out
	like "$(class c01d:17)" 'parent c01d:1 ' "a level that is online now has moved"
	is "$(class c01d:3)$(class c01d:14)" "" "classes that nobody wants are gone"
	is "$(tc filter show dev up0 parent c01d: | grep -c classid)" 2 "and their filters"
	apply >/run/net-tc.out
	remarked
	ok "with other bits the packets still find their class" [ "$(sent c01d:17 knock 10.2.0.2 b)" -ge 3 ]
	apply >/dev/null
	like "$(apply | tail -1)" '^steps=0 left=0 again=0' "and back"
	ip route del default dev up0 && ip -6 route del default dev up0
	like "$("$N" apply speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" "${PODS[@]}")" '^link up0 root=htb .* refusal=fine' "an uplink whose default routes are away for a moment is one still"
	ip route add default via 10.2.0.2 dev up0 && ip -6 route add default via fd00:2::2 dev up0
	like "$(apply | tail -1)" '^steps=0 left=0 again=0' "and keeps what it has"
}

kept()
{
	local d theirs loop i all=(pod=$T/c:7 pod=$T/d:7 pod=$T/e:7)
	foreign
	theirs=$(dump h-c h-d h-e)
	out=$("$N" apply uplink=up0 uplink=h-c speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" "${PODS[@]}" "${all[@]}")
	note "$out"
	like "$out" '^link h-c root=tbf .* refusal=foreign-root end=0' "a root that somebody chose is refused"
	for d in c e; do like "$out" "^pod $T/$d n=1 .* refusal=foreign-clsact end=0" "the place for filters is taken: $d"; done
	like "$out" "^pod $T/d n=1 .* refusal=fine end=0" "an empty one, left by an agent that was killed or somebody else's, is used"
	like "$(tc filter show dev h-d ingress)" 'skbedit' "its mark is there"
	like "$(apply "${all[@]}" | tail -1)" '^steps=0 left=0 again=0 unclear=1' "another process finds it, and says that it is there"
	like "$(apply | tail -1)" '^steps=1 left=0 again=0 unclear=1' "a mark that is not wanted goes, the empty clsact stays and is told of"
	is "$(dump h-c h-d h-e)" "$theirs" "nothing of theirs has changed"
	# An end that goes while it is at work: its pod still has a process.
	pod f f
	"$N" loop uplink=up0 speed=$SPEED "${MARK[@]}" "${SHAPE[@]}" "${PODS[@]}" pod=$T/f:7 >/run/net-loop.out 2>&1 &
	loop=$!
	for i in 1 2 3 4 5; do
		ip link del h-f
		ip link add h-f type veth peer name eth0 netns f
		ip link set h-f up
	done
	ok "an end that comes again is marked again" wait_for 5 sh -c 'tc filter show dev h-f ingress | grep -q skbedit'
	ok "the agent has outlived that" kill -9 $loop
	wait $loop 2>/dev/null
	tc qdisc del dev h-c root
	for d in c d e f; do ip netns pids $d | xargs -r kill; ip netns del $d; done
	for d in c d e f; do wait_for 20 sh -c "! test -e /sys/class/net/h-$d"; done
}

removed()
{
	apply >/dev/null
	like "$("$N" remove uplink=up0 "${PODS[@]}" | tail -1)" '^steps=[1-9][0-9]* left=0 again=0' "all goes"
	is "$(dump)" "$before" "and leaves no trace"
}

net_setup
before=$(dump)
found
applied
marked
changed
unleafed
moved
kept
removed
net_cleanup
done_testing
