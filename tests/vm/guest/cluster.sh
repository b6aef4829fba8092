# SPDX-License-Identifier: LGPL-2.1-or-later
#
# An API server in the guest for colod to ask: tests/lib/fake_apiserver.h as a program, with TLS and a service
# account, and the pods that it and colod are told of. Source lib.sh, pods.sh, colod.sh and loads.sh first.
#
#   cluster_start               certificates, an account, a node, and the server, with its state in $C
#   cluster_serve [CERT]        the server alone (default: the right certificate); cluster_silent ends it
#   cluster_stop                ends all and leaves nothing
#   account NAME                a service account whose token is NAME's: mounted and accepted
#   token NAME                  mounted alone
#   cluster_pods                it knows of the pods that there are now
#   kubelet_ends POD            a pod that is deleted is gone
#   cluster_kubelet             does so for all, until it is killed
#   evictions POD, was_asked POD [TIMES], is_deleted POD, tainted

C=/run/cluster
TOOLS=/opt/colod/build/tests/tools
PORT=16443
ACCOUNT=/var/run/secrets/kubernetes.io/serviceaccount
DROPIN=/run/systemd/system/colod.service.d/cluster.conf

# A SIGKILL of the agent, and the next one answers.
killed() { local first; first=$(agent); systemctl kill -s KILL --kill-whom=main colod; ok "$1: there is a next agent" wait_for 30 is_another "$first"; }

cluster_pods()
{
	pods_json $C/pods.new && mv $C/pods.new $C/pods.json
}

# As a kubelet mounts it and turns it when its token rotates.
token()
{
	mkdir -p "$ACCOUNT/..$1"
	echo "$1.very-secret" >"$ACCOUNT/..$1/token"
	cp $C/ca.pem "$ACCOUNT/..$1/ca.crt"
	ln -sfn "..$1" "$ACCOUNT/..new"
	mv -T "$ACCOUNT/..new" "$ACCOUNT/..data"
	ln -sfn ..data/token "$ACCOUNT/token"
	ln -sfn ..data/ca.crt "$ACCOUNT/ca.crt"
}

# The old token counts no more.
account()
{
	echo "$1.very-secret" >$C/token
	token "$1"
}

# What a container of the cluster has in its environment.
environment()
{
	mkdir -p "${DROPIN%/*}"
	printf '[Service]\nEnvironment=KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=%s NODE_NAME=vm\n' $PORT >$DROPIN
	systemctl daemon-reload
}

cluster_serve()
{
	"$TOOLS/fake_apiserver" $C $PORT "$C/${1:-right}.pem" "$C/${1:-right}.key" </dev/null >$C/output 2>&1 &
	echo $! >$C/pid
	wait_for 20 sh -c "ss -Hltn 'sport = :$PORT' | grep -q ."
}

cluster_silent()
{
	kill "$(cat $C/pid)"
	wait "$(cat $C/pid)" 2>/dev/null
}

cluster_start()
{
	mkdir -p $C
	"$TOOLS/fake_kubelet" certificate $C ca right "DNS:localhost,IP:127.0.0.1"
	account first
	environment
	: >$C/script
	jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "vm", resourceVersion: "1", uid: "n"}, spec: {}, status: {}}' >$C/node.json
	cp /opt/colod/repo/tests/fixtures/kube/status/* $C
	cluster_pods
	cluster_serve
}

cluster_stop()
{
	cluster_silent
	rm -rf $C /var/run/secrets $DROPIN
	systemctl daemon-reload
}

# Of requests that were made: those for evictions of this pod.
evictions() { grep -c "\"path\":\"/api/v1/namespaces/default/pods/$1/eviction\"" $C/log 2>/dev/null || true; }
was_asked() { [ "$(evictions "$1")" -ge "${2:-1}" ]; }
is_deleted() { jq -e --arg n "$1" '.items[] | select(.metadata.name == $n) | .metadata.deletionTimestamp' $C/pods.json; }
tainted() { jq -e '.spec.taints // [] | any(.key == "colod.io/pressure" and .effect == "NoSchedule")' $C/node.json; }

# What a kubelet does with a pod that is deleted.
kubelet_ends() { pod_delete "$1" && cluster_pods; }

# The kubelet of a storm, in the background until it is killed: TERM to a pod that is deleted, KILL after its grace, and what
# its volumes hold in memory goes with it.
cluster_kubelet()
{
	local name path
	while :; do
		for name in $(grep -q deletionTimestamp $C/pods.json && jq -r '.items[] | select(.metadata.deletionTimestamp) | .metadata.name' $C/pods.json); do
			path=$(pod_path "$name")
			if grep -q '^populated 1' "$path/cgroup.events" 2>/dev/null; then
				find "$path" -name cgroup.procs -exec cat {} + | xargs -r kill -TERM
				wait_for 5 grep -q '^populated 0' "$path/cgroup.events" || echo 1 >"$path/cgroup.kill"
				! mountpoint -q "$PODS_SHARE/mem" || rm -f "$PODS_SHARE"/mem/*
			fi
		done
		sleep 0.5
	done
}
