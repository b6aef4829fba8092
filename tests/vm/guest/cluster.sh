# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cluster of one node in the guest: an API server over real TLS (tests/tools/fake_apiserver.c), a service account for
# colod, and what a kubelet does with a pod that is deleted. lib.sh, pods.sh and colod.sh come first.

C=/run/cluster
TOOLS=/opt/colod/build/tests/tools
PORT=16443
ACCOUNT=/var/run/secrets/kubernetes.io/serviceaccount
DROPIN=/run/systemd/system/colod.service.d/cluster.conf

cluster_pods()
{
	pods_json $C/pods.new && mv $C/pods.new $C/pods.json
}

# A service account as a kubelet mounts it and turns it when its token rotates; the old token counts no more.
account()
{
	mkdir -p "$ACCOUNT/..$1"
	echo "$1.very-secret" | tee "$ACCOUNT/..$1/token" >$C/token
	cp $C/ca.pem "$ACCOUNT/..$1/ca.crt"
	ln -sfn "..$1" "$ACCOUNT/..new"
	mv -T "$ACCOUNT/..new" "$ACCOUNT/..data"
	ln -sfn ..data/token "$ACCOUNT/token"
	ln -sfn ..data/ca.crt "$ACCOUNT/ca.crt"
}

# What a container of the cluster has in its environment.
environment()
{
	mkdir -p "${DROPIN%/*}"
	printf '[Service]\nEnvironment=KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=%s NODE_NAME=vm\n' $PORT >$DROPIN
	systemctl daemon-reload
}

cluster_start()
{
	mkdir -p $C
	"$TOOLS/fake_kubelet" certificate $C ca right "DNS:localhost,IP:127.0.0.1"
	account first
	environment
	: >$C/script
	jq -n '{apiVersion: "v1", kind: "Node", metadata: {name: "vm", resourceVersion: "1", uid: "n"}, spec: {}, status: {}}' >$C/node.json
	jq -n '{kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", reason: "TooManyRequests", code: 429,
		message: "Cannot evict pod as it would violate the pod'"'"'s disruption budget.",
		details: {causes: [{reason: "DisruptionBudget", message: "The disruption budget batch needs 3 healthy pods and has 3 currently"}]}}' >$C/budget.json
	jq -n '{kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201}' >$C/accepted.json
	cluster_pods
	"$TOOLS/fake_apiserver" $C $PORT $C/right.pem $C/right.key </dev/null >$C/output 2>&1 &
	echo $! >$C/pid
	wait_for 10 sh -c "ss -Hltn 'sport = :$PORT' | grep -q ."
}

# Of requests that were made: those for evictions of this pod.
evictions() { grep -c "\"path\":\"/api/v1/namespaces/default/pods/$1/eviction\"" $C/log 2>/dev/null || true; }
was_asked() { [ "$(evictions "$1")" -ge "${2:-1}" ]; }
is_deleted() { jq -e --arg n "$1" '.items[] | select(.metadata.name == $n) | .metadata.deletionTimestamp' $C/pods.json; }
tainted() { jq -e '.spec.taints // [] | any(.key == "colod.io/pressure" and .effect == "NoSchedule")' $C/node.json; }

# What a kubelet does with a pod that is deleted.
kubelet_ends() { pod_delete "$1" && cluster_pods; }

cluster_stop()
{
	kill "$(cat $C/pid)"
	rm -rf $C /var/run/secrets $DROPIN
	systemctl daemon-reload
}

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
