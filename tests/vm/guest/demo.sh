# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The demo's pods and its measurement. Sourced by demo/01-demo.sh and by the prompt that DEMO_KEEP=1
# leaves. lib.sh, pods.sh and colod.sh come first.
#
# The offline pods ask for CPU like any other pod (batch jobs do), so a plain node gives them their full
# share of it; what makes them offline is their priority class, which only colod looks at.

: "${DEMO_ROUNDS:=5}" "${DEMO_MODE:=squeeze}" "${DEMO_SECONDS:=4}" "${DEMO_WARMUP:=3}"

progress() { note "progress: $*"; }

nginx_conf()
{
	cat <<-'CONF'
		daemon off; master_process off; worker_processes 1; user root;
		pid /tmp/nginx.pid; error_log stderr;
		events { worker_connections 64; }
		http {
			access_log off; keepalive_requests 1000000;
			client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c;
			uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
			server { listen 127.0.0.1:8080; location / { return 200 "ok\n"; } }
		}
	CONF
}

demo_pods()
{
	nginx_conf >"$PODS_SHARE/nginx.conf"
	pod_create web Burstable 1000 67108864 nginx -e stderr -c /share/nginx.conf || return
	pod_create client Burstable 500 33554432 || return
	POD_PRIORITYCLASS=batch-low POD_MEM_LIMIT=268435456 \
		pod_create batch-a Burstable 1000 0 stress-ng --cpu 2 --cpu-method int64 --temp-path /tmp || return
	POD_PRIORITYCLASS=batch-low POD_MEM_LIMIT=268435456 \
		pod_create batch-b Burstable 1000 0 stress-ng --cpu 2 --cpu-method int64 --temp-path /tmp || return
	pod_create batch-c BestEffort 0 0 stress-ng --cpu 1 --cpu-method int64 --temp-path /tmp || return
	colod_facts
	AS_SHIPPED=1 colod_policy "$DEMO_MODE" file:///run/pods.json
}

serves() { load 1 | grep -q requests; }

load() { crun exec "$(pod_id client)" wrk -t1 -c2 -d"$1"s --latency http://127.0.0.1:8080/; }

# The demo's own freezer: "alone" means that the offline pods do not run at all.
offline_pause()
{
	local name
	for name in batch-a batch-b batch-c; do
		echo "$1" >"$(pod_path $name)/cgroup.freeze"
		pods_wait grep -qx "frozen $1" "$(pod_path $name)/cgroup.events" || return
	done
}

offline_usage_us()
{
	local name
	for name in batch-a batch-b batch-c; do
		awk '/^usage_usec/ { print $2 }' "$(pod_path $name)/cpu.stat"
	done | awk '{ s += $1 } END { print s }'
}

offline_works() { [ "$(offline_usage_us)" -gt 3000000 ]; }

# wrk's "1.23ms" to microseconds.
wrk_us()
{
	awk -v p="$1" '$1 == p { v = $2 + 0
		if ($2 ~ /us$/) u = 1; else if ($2 ~ /ms$/) u = 1000; else u = 1000000
		printf "%d\n", v * u }'
}

# Every arm is measured after the same warm-up: what is compared is how a service fares beside batch
# work that goes on for hours, not the first two seconds, in which colod learns that a pod waits.
# round,arm,p50_us,p99_us,requests,offline share of one CPU in permille
measure()
{
	local before after out t0 t1
	load "$DEMO_WARMUP" >/dev/null
	before=$(offline_usage_us)
	t0=$(date +%s%N)
	out=$(load "$DEMO_SECONDS")
	t1=$(date +%s%N)
	after=$(offline_usage_us)
	printf '%s,%s,%s,%s,%s,%s\n' "$1" "$2" "$(wrk_us 50% <<<"$out")" "$(wrk_us 99% <<<"$out")" \
		"$(awk '/requests in/ { print $1 }' <<<"$out")" \
		$(((after - before) * 1000000 / (t1 - t0))) >>"$RESULTS/rounds.csv"
	progress "round $1 of $DEMO_ROUNDS, $2: p99 $(awk '$1 == "99%" { print $2 }' <<<"$out")"
}
