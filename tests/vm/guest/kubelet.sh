# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A kubelet in the guest for colod to ask: tests/lib/fake_kubelet.h as a program, with TLS and a token.
# Source lib.sh, pods.sh and colod.sh first.
#
#   kubelet_setup               certificates, a token, and the server's folder $FK
#   kubelet_start [CERT]        serves on the kubelet's port (default: the right certificate)
#   kubelet_stop, kubelet_clean
#   kubelet_mode WORD           how /pods is answered from now on; kubelet_api_mode the API server's list
#   kubelet_pods                what it says of the pods there are now
#   kubelet_labels JSON         the node's labels, of the API server
#   kubelet_token TEXT          the token that it accepts; kubelet_account TEXT the one that colod has
#   kubelet_asked [URL]         how many questions were answered
#   kubelet_policy MODE [YAML]  colod's policy: ask it

FK=/run/fake-kubelet
FK_PROGRAM=/opt/colod/build/tests/tools/fake_kubelet

kubelet_setup()
{
	mkdir -p "$FK"
	"$FK_PROGRAM" certificate "$FK" ca right "DNS:colodvm,IP:127.0.0.1" &&
		"$FK_PROGRAM" certificate "$FK" stranger wrong "DNS:colodvm,IP:127.0.0.1"
	kubelet_token one.very-secret
	kubelet_account one.very-secret
	kubelet_mode ok
}

# The program must not hold the output of whoever starts it.
kubelet_start()
{
	"$FK_PROGRAM" serve "$FK" 10250 "$FK/${1:-right}.pem" "$FK/${1:-right}.key" \
		</dev/null >"$FK/output" 2>&1 &
	echo $! >"$FK/pid"
	wait_for 20 sh -c "ss -Hltn 'sport = :10250' | grep -q ."
}

kubelet_stop()
{
	local pid
	pid=$(cat "$FK/pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null
	wait_for 20 sh -c "! kill -0 $pid 2>/dev/null"
	rm -f "$FK/pid"
}

kubelet_clean()
{
	kubelet_stop
	rm -rf "$FK"
}

# Whole, for a server or an agent that reads it just now.
kubelet_file() { printf '%s\n' "$2" >"$FK/$1.new" && mv "$FK/$1.new" "$FK/$1"; }

kubelet_mode() { kubelet_file mode "$1"; }

kubelet_api_mode() { kubelet_file api-mode "$1"; }

kubelet_pods()
{
	pods_json "$FK/pods.json"
	cp "$FK/pods.json" "$FK/api.json.new" && mv "$FK/api.json.new" "$FK/api.json"
}

kubelet_labels() { kubelet_file node.json "{\"kind\": \"Node\", \"metadata\": {\"name\": \"colodvm\", \"labels\": $1}}"; }

kubelet_token() { kubelet_file token "$1"; }

kubelet_account() { kubelet_file account-token "$1"; }

kubelet_asked() { grep -c " ${1:-}" "$FK/log" 2>/dev/null; }

kubelet_policy()
{
	local mode=$1
	shift
	colod_policy "$mode" "" \
		"facts: {from: kubelet, kubelet: \"https://127.0.0.1:10250\", kubelet-ca: $FK/ca.pem, token: $FK/account-token," \
		"  api: \"https://127.0.0.1:10250\", api-ca: $FK/ca.pem, node: colodvm}" "$@"
}
