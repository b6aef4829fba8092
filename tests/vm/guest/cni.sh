# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods' networks by the CNI plugins of the distribution, called as a runtime calls them. Source lib.sh and net.sh first.
#
#   cni_add POD CHAIN   makes the namespace POD, if it is not there, and its eth0; CHAIN is a list's `plugins` in JSON
#   cni_check POD       whether the plugins find what they have made
#   cni_del POD         as with the chain that was added last; the namespace stays
#   cni_end POD         the interface at the host's end
#   cni_cleanup POD...  all of it, and what the plugins have kept

CNI_DIR=/run/cni-test

# cni_call COMMAND POD CONFIG: one plugin; its answer on stdout.
cni_call()
{
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni \
		"/usr/lib/cni/$(jq -r .type <<<"$3")" <<<"$3"
}

# cni_config CHAIN N RESULT
cni_config()
{
	jq -c --argjson n "$2" --argjson prev "$3" \
		'.[$n] + {cniVersion: "1.0.0", name: "colod-test"} + (if $prev then {prevResult: $prev} else {} end)' <<<"$1"
}

cni_add()
{
	local result=null n
	mkdir -p "$CNI_DIR"
	ip netns list | grep -qw "$1" || { ip netns add "$1" && ip -n "$1" link set lo up; }
	for ((n = 0; n < $(jq length <<<"$2"); n++)); do
		result=$(cni_call ADD "$1" "$(cni_config "$2" $n "$result")") || { echo "$result"; return 1; }
	done
	echo "$2" >"$CNI_DIR/$1.chain"
	echo "$result" >"$CNI_DIR/$1.result"
}

cni_check()
{
	local chain n
	chain=$(cat "$CNI_DIR/$1.chain")
	for ((n = 0; n < $(jq length <<<"$chain"); n++)); do
		cni_call CHECK "$1" "$(cni_config "$chain" $n "$(cat "$CNI_DIR/$1.result")")" || return 1
	done
}

cni_del()
{
	local chain n
	chain=$(cat "$CNI_DIR/$1.chain")
	for ((n = $(jq length <<<"$chain") - 1; n >= 0; n--)); do
		cni_call DEL "$1" "$(cni_config "$chain" $n "$(cat "$CNI_DIR/$1.result")")" || return 1
	done
}

cni_end()
{
	local index
	index=$(ip -n "$1" -j link show eth0 | jq '.[0].link_index')
	ip -j link | jq -r --argjson i "$index" '.[] | select(.ifindex == $i) | .ifname'
}

cni_cleanup()
{
	local pod
	for pod; do
		ip netns pids "$pod" | xargs -r kill
		cni_del "$pod"
		ip netns del "$pod"
	done
	rm -rf "$CNI_DIR"
}
