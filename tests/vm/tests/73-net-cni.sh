#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 200s
# profile: default
# title: pods of the real CNI plugins: those of bridge and ptp are marked, what the bandwidth plugin has made stays as it is, and through WireGuard a mark does not go
. "$VM/guest/lib.sh"
. "$VM/guest/net.sh"
. "$VM/guest/cni.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

LEVELS="levels: {P0: {role: online, cpu: {weight: keep}, net: {share: 10}}, P7: {role: offline, cpu: {weight: keep}, memory: {high: none}, net: {share: 1}}}"
ASSIGN="assign: [{match: {cgroup: $NET_T/br}, level: P0}, {match: {cgroup: $NET_T/pt}, level: P7}, {match: {cgroup: $NET_T/in}, level: P7}, {match: {cgroup: $NET_T/eg}, level: P7}, {match: {cgroup: \"$NET_T/new*\"}, level: P7}]"

IPAM='"ipam": {"type": "host-local", "dataDir": "'$CNI_DIR'/ipam", "subnet": "10.21.N.0/24", "routes": [{"dst": "0.0.0.0/0"}]}'
BRIDGE='{"type": "bridge", "bridge": "cni-r", "isGateway": true, "ipMasq": true, '${IPAM/N/0}'}'
PTP='{"type": "ptp", '${IPAM/N/1}'}'

# limit KEY...: what the kubelet's annotations become: kubernetes.io/ingress-bandwidth and egress-bandwidth.
limit()
{
	local key limits=
	for key; do limits+="${limits:+, }\"${key}Rate\": 8000000, \"${key}Burst\": 4294967295"; done
	echo '{"type": "bandwidth", "capabilities": {"bandwidth": true}, "runtimeConfig": {"bandwidth": {'"$limits"'}}}'
}

of_pod() { coloctl net --json | jq -r ".pods[] | select(.pod | endswith(\"/$1\")) | $2"; }
is_pod() { [ "$(of_pod "$1" "$2")" = "$3" ]; }
marks() { tc filter show dev "$1" ingress | grep -c skbedit; }
is_marked() { [ "$(marks "$(cni_end "$1")")" = 1 ]; }
ifbs() { ip -j link show type ifb | jq -r '.[].ifname'; }
# What the bandwidth plugin has made, and what it did.
theirs() { dump "$(cni_end eg)" $(ifbs) | grep -v 'c01d'; }

added()
{
	modprobe ifb numifbs=0
	ok "bridge" cni_add br "[$BRIDGE]"
	ok "ptp" cni_add pt "[$PTP]"
	ok "bandwidth of what arrives at a pod" cni_add in "[$BRIDGE, $(limit ingress)]"
	ok "and of what it sends" cni_add eg "[$BRIDGE, $(limit ingress egress)]"
	for p in br pt in eg; do pod $p $p; done
	ends=($(for p in br pt in eg; do cni_end $p; done))
	like "$(tc qdisc show dev "${ends[2]}")" '^qdisc (tbf|htb) ' "a limit has a root at the host's end"
	like "$(tc qdisc show dev "${ends[3]}" ingress)" '^qdisc ingress ' "and an ingress"
	is "$(ifbs | wc -l)" 1 "and an ifb"
	note "$(theirs)"
	was=$(theirs)
}

marked()
{
	colod_policy protect cgroup "$LEVELS" "$ASSIGN" "net: {speed: 20Mbit/s}"
	ok "colod starts" colod_start
	for p in br pt in; do ok "the pod is marked: $p" wait_for 30 is_marked $p; done
	ok "packets of the online pod behind a bridge are in the class of its level" [ "$(sent c01d:10 knock 10.2.0.2 br)" -ge 3 ]
	ok "those of the offline pod with a route, too" [ "$(sent c01d:17 knock 10.2.0.2 pt)" -ge 3 ]
	ok "and of the one with a limit for what arrives" [ "$(sent c01d:17 knock 10.2.0.2 in)" -ge 3 ]
}

# The filter of the plugin takes each packet away to the ifb before another could mark it, and ours has no place beside it.
limited()
{
	ok "that the bandwidth plugin has the place is told" wait_for 20 is_pod eg .refusal cni-bandwidth
	is "$(of_pod eg .marked)" false "the pod is not marked"
	like "$(coloctl net)" "net-test/eg .*CNI's bandwidth plugin .*kubernetes.io/egress-bandwidth" "in words, too"
	ok "its packets are in the default class" [ "$(sent c01d:2 knock 10.2.0.2 eg)" -ge 3 ]
	like "$(tc -s qdisc show dev "$(ifbs)")" 'Sent [1-9][0-9]* bytes' "and went through the limit"
	is "$(theirs)" "$was" "what the plugin has made is as it was"
	ok "so the plugin says" cni_check eg
	ok "and of a pod that is marked, too" cni_check in
}

# A WireGuard interface to wan.
wg_pair()
{
	local here there
	here=$(wg genkey) there=$(wg genkey)
	ip link add wg-t type wireguard && ip -n wan link add wg-t type wireguard || return
	wg set wg-t private-key <(echo "$here") listen-port 51820 peer "$(wg pubkey <<<"$there")" endpoint 10.2.0.2:51820 allowed-ips 0.0.0.0/0
	ip netns exec wan wg set wg-t private-key <(echo "$there") listen-port 51820 peer "$(wg pubkey <<<"$here")" endpoint 10.2.0.1:51820 allowed-ips 0.0.0.0/0
	ip addr add 10.9.0.1/24 dev wg-t && ip link set wg-t up
	ip -n wan addr add 10.9.0.2/24 dev wg-t && ip -n wan link set wg-t up
	# What is sent waits until the two know each other.
	knock 10.9.0.2
	wait_for 20 sh -c '[ "$(wg show wg-t latest-handshakes | cut -f 2)" -gt 0 ]'
}

# It encrypts in a worker of its own, and what it sends has its own mark.
wireguard()
{
	local level
	modprobe -q wireguard || { skip "WireGuard" "this kernel has no module wireguard"; return; }
	nok "without a WireGuard interface nothing is said of one" sh -c 'coloctl net | grep -q WireGuard'
	ok "with one" wg_pair
	level=$(packets c01d:17)
	ok "what a pod sends through it is in the default class" [ "$(sent c01d:2 knock 10.9.0.2 in)" -ge 3 ]
	is "$(packets c01d:17)" "$level" "and none of it in the pod's"
}

# The pods' ends are looked for every 10 s. Another pod, as comes with a runtime's every ADD, is a reason to look at once.
look() { pod "new$1"; }

again()
{
	local since
	since=$(date +%s)
	ok "DEL of the pod with a limit" cni_del eg
	is "$(ifbs)" "" "takes the ifb along"
	ok "DEL of one that is marked" cni_del pt
	look 1
	ok "the one has no end then" wait_for 30 is_pod eg .refusal no-host-end
	ok "nor the other" wait_for 30 is_pod pt .refusal no-host-end
	[ ! -e /sys/class/net/wg-t ] || ok "and WireGuard is told of" sh -c 'coloctl net | grep -q "^wg-t: WireGuard"'
	note "$(coloctl net)"
	ip -n wan link del wg-t
	ip link del wg-t
	ok "ADD without a limit for what it sends" cni_add eg "[$BRIDGE, $(limit ingress)]"
	ok "ADD under the same name" cni_add pt "[$PTP]"
	look 2
	ok "the one is marked" wait_for 30 is_marked eg
	ok "its packets are in the class of its level" [ "$(sent c01d:17 knock 10.2.0.2 eg)" -ge 3 ]
	ok "the other is marked again" wait_for 30 is_marked pt
	ok "its packets are in the class of its level" [ "$(sent c01d:17 knock 10.2.0.2 pt)" -ge 3 ]
	ok "WireGuard is not told of any more" wait_for 20 sh -c '! coloctl net | grep -q WireGuard'
	is "$(coloctl net --json | jq -r .trouble)" "" "the kernel refused nothing"
	is "$(journalctl -q -u colod -o cat -p warning --since "@$since" | grep -v 'has no io.weight')" "" "and nobody was warned"
}

removed()
{
	ends=($(for p in br pt in eg; do cni_end $p; done))
	ok "colod stops" colod_stop
	is "$(for p in "${ends[@]}"; do tc qdisc show dev "$p" clsact; tc filter show dev "$p" ingress; done)" "" "nothing of it is left at any end"
	like "$(tc qdisc show dev up0 root)" '^qdisc noqueue 0:' "nor at the uplink"
	colod_clean
}

net_setup
added
marked
limited
wireguard
again
removed
for p in new1 new2; do xargs -r kill <"$NET_CG/$p/ctr/cgroup.procs"; done
cni_cleanup br pt in eg
ip link del cni-r
net_cleanup
done_testing
