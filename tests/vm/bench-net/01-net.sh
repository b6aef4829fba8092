#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 14400s
# profile: bench
# title: an online pod's requests, and its bulk, beside offline work on one uplink of known rate
#
# The guest's part of `make bench-net` (bench_net.py is the host's). BENCH_CASES are ONLINE:OFFLINE:
#
#   rr      a request of some bytes each 20 ms, and its answer       bulk     one TCP stream       none   it sends nothing
#   get     one TCP stream to it
#   tcp     4 TCP streams, as fast as they go                        udp      datagrams at twice what the link carries
#   down    4 TCP streams to the offline pod, as fast as they come
#
# Behind the uplink is a bottleneck of 20 Mbit/s each way with a queue of 100 ms (tbf), as of a switch; the policy says of the link that it is
# 2 % slower than that, so that packets wait where their level is known. Traffic stays inside the guest. Arms, in another order each
# round: alone, unmanaged, shares (colod in mode protect), colod (squeeze), again (once more: what two equal arms differ by).
: "${BENCH_SECONDS:=10}" "${BENCH_WARMUP:=5}" "${BENCH_MODE:=squeeze}"
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/net.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=rr:tcp rr:udp rr:down get:down bulk:tcp bulk:udp none:tcp none:down}"
: "${BENCH_ARMS:=alone unmanaged shares colod again}"
read -ra arms <<<"$BENCH_ARMS"
WAN=10.2.0.2
RR=7000

# wan moves behind a bridge, whose way there is the bottleneck.
bottleneck()
{
	ip netns add gw
	ip -n wan link set eth0 netns gw && ip -n gw link set eth0 name in
	ip -n gw link add out type veth peer name eth0 netns wan
	ip -n gw link add br0 type bridge && ip -n gw link set in master br0 && ip -n gw link set out master br0 || return
	for d in in out br0; do ip -n gw link set $d up; done
	ip -n wan link set eth0 up
	address wan 10.2.0.2/24 10.2.0.1 fd00:2::2/64 fd00:2::1
	tc -n gw qdisc add dev out root tbf rate 20mbit burst 10k limit 250k
	tc -n gw qdisc add dev in root tbf rate 20mbit burst 10k limit 250k
	ip netns exec wan iperf3 -s -D -p 5201 -I /run/iperf3-a.pid
	ip netns exec wan iperf3 -s -D -p 5202 -I /run/iperf3-b.pid
	ip netns exec wan "$TOOLS/open_loop" serve $WAN:$RR 0 </dev/null >/dev/null 2>&1 &
	wait_for 10 ip netns exec a bash -c "echo >/dev/tcp/$WAN/5201"
}

# policy MODE POLICE-INGRESS
policy()
{
	colod_policy "$1" cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}, net: {share: 8}}, P7: {role: offline, cpu: {weight: keep}, memory: {high: none}, net: {share: 1}}}" \
		"assign: [{match: {cgroup: $NET_T/a}, level: P0}, {match: {cgroup: $NET_T/b}, level: P7}]" \
		"net: {speed: 19600kbit/s, police-ingress: $2}"
}

comes_down() { [ "$OFFLINE" = down ]; }
shaped()
{
	coloctl net --json | jq -e '.on and (.links[0].shaped) and all(.pods[]; .marked)' >/dev/null || return
	[ "$1" = protect ] || ! comes_down || tc filter show dev h-b egress | grep -q indev
}

# in_pod NAME COMMAND...
in_pod() { sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$NET_CG/$1/ctr" ip netns exec "$1" "${@:2}"; }

# As long as the arm lasts at most; what it sends is counted at the pod's interface.
bulk() { in_pod "$1" iperf3 -c $WAN -p "$2" -t $((BENCH_WARMUP + BENCH_SECONDS + 30)) "${@:3}" </dev/null >/dev/null 2>&1 & }

# All of both pods but what keeps them alive; a server that still waits for the last client takes no other.
loads() { grep -vxFf <(pgrep -x sleep) "$NET_CG/a/ctr/cgroup.procs" "$NET_CG/b/ctr/cgroup.procs" -h; }
quiet() { [ -z "$(loads)" ] && ! ip netns exec wan ss -Hnt state established | grep -qE ':520[12] '; }

hog_start()
{
	case $1 in
	tcp) bulk b 5202 -P 4 ;;
	udp) bulk b 5202 -u -b 20M -l 1400 -P 2 ;;
	down) bulk b 5202 -P 4 -R ;;
	esac
}

arm_end()
{
	loads | xargs -r kill
	colod_clean
	wait_for 20 quiet
}

arm_begin()
{
	local mode=$BENCH_MODE police=false
	arm_end || return
	[ "$1" != shares ] || mode=protect
	! comes_down || police=true
	case $1 in
	shares | colod | again) policy "$mode" $police && colod_start && wait_for 30 shaped "$mode" || return ;;
	esac
	[ "$1" = alone ] || hog_start "$OFFLINE"
	case $ONLINE in
	bulk) bulk a 5201 ;;
	get) bulk a 5201 -R ;;
	esac
}

# What came out of the bottleneck, and what of that was online: TCP sends little twice. The other way round where offline work
# receives; what was dropped at the pod's end has taken its part of the link all the same.
through() { if comes_down; then cat /sys/class/net/up0/statistics/rx_bytes; else ip netns exec wan cat /sys/class/net/eth0/statistics/rx_bytes; fi; }
moved_by() { if comes_down; then cat "/sys/class/net/h-$1/statistics/tx_bytes"; else cat "/sys/class/net/h-$1/statistics/rx_bytes"; fi; }

online()
{
	if [ "$ONLINE" = rr ]; then
		in_pod a "$TOOLS/open_loop" send $WAN:$RR 20000 "$1"
	else
		sleep "$1"
	fi
}

measure_arm()
{
	local a all t0 t1 late=
	online "$BENCH_WARMUP" >/dev/null || return
	a=$(moved_by a) all=$(through) t0=$(date +%s%N)
	online "$BENCH_SECONDS" >out || return
	t1=$(($(date +%s%N) - t0)) a=$(($(moved_by a) - a)) all=$(($(through) - all))
	[ "$ONLINE" != rr ] || late=$(as_keys web <out)
	# shellcheck disable=SC2086
	row "$BENCH_CASE" "$2" "$1" $late "web_kib=$((a * 1000000 / 1024 * 1000 / t1))" "hog_kib=$(((all - a) * 1000000 / 1024 * 1000 / t1))"
	note "$BENCH_CASE $2: $(tc -s class show dev up0 2>/dev/null | awk '/^class htb/ { c = $3 } /Sent/ && c { printf "%s %s; ", c, $2; c = "" }') $(class c01d:3) $(tc actions list action police | grep -o "rate .*bit")"
}

one_arm() { arm_begin "$2" && measure_arm "$1" "$2"; }

all_rounds()
{
	local n
	for n in $(seq 1 "$BENCH_ROUNDS"); do
		for BENCH_CASE in $BENCH_CASES; do
			IFS=: read -r ONLINE OFFLINE <<<"$BENCH_CASE"
			bench_round "$n" one_arm || diag "$BENCH_CASE: not measured"
		done
	done
}

net_setup
bottleneck
is $? 0 "a bottleneck, and what answers behind it"
[ $tap_failed -gt 0 ] || all_rounds
arm_end
ip netns pids gw | xargs -r kill
ip netns del gw
net_cleanup
done_testing
