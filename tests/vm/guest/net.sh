# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A node's network inside the guest: up0 leads to the namespace wan, which stands for the rest of the world; pod a is behind a bridge
# (h-a), pod b has a route of its own (h-b), and pod h uses the host's network. Source lib.sh first.
#
#   net_setup, net_cleanup
#   pod NAME [NAMESPACE], net NAME, address NAMESPACE IP/N GATEWAY IP6/N GATEWAY6
#   dump [DEVICE...], class ID, packets ID, knock ADDRESS [NAMESPACE], sent CLASS COMMAND...

NET_T=net-test
NET_CG=/sys/fs/cgroup/$NET_T

# A process in a cgroup, in a network namespace or in this one.
pod()
{
	mkdir -p "$NET_CG/$1/ctr"
	# Entering one hides what is mounted below /sys.
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$NET_CG/$1/ctr" ${2:+ip netns exec "$2"} sleep infinity </dev/null >/dev/null 2>&1 &
	wait_for 20 grep -q . "$NET_CG/$1/ctr/cgroup.procs"
}

# net NAME: a namespace whose eth0 leads to veth h-NAME of this one.
net()
{
	ip netns add "$1"
	ip link add "h-$1" type veth peer name eth0 netns "$1"
	ip link set "h-$1" up
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
}

address()
{
	ip -n "$1" addr add "$2" dev eth0
	ip -n "$1" addr add "$4" dev eth0 nodad
	ip -n "$1" route add default via "$3" dev eth0 onlink
	ip -n "$1" route add default via "$5" dev eth0 onlink
}

net_setup()
{
	modprobe -a veth bridge sch_htb sch_fq_codel cls_fw cls_basic act_skbedit sch_ingress sch_tbf cls_flower act_police cls_matchall 2>/dev/null
	forward=$(cat /proc/sys/net/ipv4/ip_forward) forward6=$(cat /proc/sys/net/ipv6/conf/all/forwarding)
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	# Who counts what comes may not run for a while.
	receive=$(cat /proc/sys/net/core/rmem_default)
	echo 4194304 >/proc/sys/net/core/rmem_default
	# The way out, to a namespace that stands for the rest of the world.
	net wan
	ip link set h-wan down && ip link set h-wan name up0 && ip link set up0 up
	ip addr add 10.2.0.1/24 dev up0 && ip addr add fd00:2::1/64 dev up0 nodad
	address wan 10.2.0.2/24 10.2.0.1 fd00:2::2/64 fd00:2::1
	ip route add default via 10.2.0.2 dev up0
	ip -6 route add default via fd00:2::2 dev up0
	# One pod behind a bridge, one with a route of its own.
	net a && net b
	ip link add cni-t type bridge && ip link set cni-t up && ip link set h-a master cni-t
	ip addr add 10.1.0.1/24 dev cni-t && ip addr add fd00:1::1/64 dev cni-t nodad
	address a 10.1.0.2/24 10.1.0.1 fd00:1::2/64 fd00:1::1
	ip addr add 10.3.0.1/32 dev h-b && ip route add 10.3.0.2/32 dev h-b
	ip addr add fd00:3::1/64 dev h-b nodad
	address b 10.3.0.2/32 10.3.0.1 fd00:3::2/64 fd00:3::1
	mkdir "$NET_CG" && pod a a && pod b b && pod h
}

# dump [DEVICE...]: all of them by default.
dump()
{
	local d
	[ $# -gt 0 ] || tc qdisc show
	for d in ${@:-up0 h-a h-b cni-t}; do
		echo "$d: $(tc qdisc show dev "$d")"
		tc class show dev "$d"
		tc filter show dev "$d"
		tc filter show dev "$d" ingress
		tc filter show dev "$d" egress
	done 2>/dev/null
}

packets() { tc -s class show dev up0 | awk -v c="$1" '$3 == c { f = 1; next } f && /Sent/ { print $4; exit }'; }
class() { tc class show dev up0 | awk -v c="$1" '$3 == c'; }

# knock ADDRESS [NAMESPACE]: three packets.
knock() { ${2:+ip netns exec "$2"} bash -c 'for i in 1 2 3; do echo x >/dev/udp/$0/9; done; sleep 0.3' "$1"; }

# sent CLASS COMMAND...: how many packets more it has then, and those of a knock have had their time.
sent()
{
	local before
	before=$(packets "$1")
	"${@:2}" >/dev/null
	wait_for 10 has_sent "$1" $((before + 3))
	echo $(($(packets "$1") - before))
}

has_sent() { [ "$(packets "$1")" -ge "$2" ]; }

net_cleanup()
{
	local n
	for n in a b wan; do ip netns pids $n | xargs -r kill; done
	xargs -r kill <"$NET_CG/h/ctr/cgroup.procs"
	for n in a b wan; do ip netns del $n; done
	ip link del cni-t
	ip link del up0 2>/dev/null
	wait_for 20 sh -c '! test -e /sys/class/net/h-a && ! test -e /sys/class/net/h-b && ! test -e /sys/class/net/up0'
	wait_for 20 rmdir_all "$NET_CG"/*/ctr "$NET_CG"/* "$NET_CG"
	umount /run/netns && rmdir /run/netns
	echo "$forward" >/proc/sys/net/ipv4/ip_forward
	echo "$forward6" >/proc/sys/net/ipv6/conf/all/forwarding
	echo "$receive" >/proc/sys/net/core/rmem_default
}
