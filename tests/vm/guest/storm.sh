# SPDX-License-Identifier: LGPL-2.1-or-later
#
# One round of a storm: an online pod that takes memory and gives it back twenty times a second, an offline pod
# that does no harm, and others that fill the node, beside one agent or none. lib.sh, pods.sh, colod.sh and cluster.sh come first.
#
#   storm_cases                  all there are
#   storm_round CASE ARM         the whole round; 1 where it could not be measured. Then:
#     storm_numbers              KEY=VALUE... (storm.awk says what most of them mean)
#     storm_get KEY              one of them
#   storm_swap none|disk|zram    before the first round; storm_swap_end after the last
#
# Arms: none; colod (mode full, the colocation profile as shipped); squeeze (the same in mode squeeze: it may hold and
# reclaim, not kill); kill (mode full without a hold: what that costs is seen beside it); evict (as colod, in a cluster that
# evicts, with the default limits: a kubelet that ends what is deleted); systemd-oomd and oomd. These two act on the offline class, each at the pressure and after the time
# that colod's policy names (a tenth, one second), which is quicker than what they do by themselves; else their defaults.
#
# STORM_SECONDS bounds each case; STORM_TAKEN_MIB are taken from the node before, so that a storm is short; the pod that
# does no harm has STORM_CALM_MIB (60).

STORM_TOOLS=/opt/colod/build/tests/tools
STORM_OFFLINE=kubepods.slice/kubepods-besteffort.slice
STORM_LOOK_MS=50
STORM_PERIOD_US=50000

# spin is none: what a pod that is left alive costs the online one by its CPU time alone.
storm_cases() { echo hog-5 hog-20 hog-100 hog-max hogs-20 fork tmpfs flood map; }

# Sets how many pods, what they run, and how long the storm is looked at.
storm_case()
{
	storm_n=1
	case $1 in
	hog-5) storm_load=(grow 5) storm_seconds=150 ;;
	hog-20) storm_load=(grow 20) storm_seconds=60 ;;
	hog-100) storm_load=(grow 100) storm_seconds=40 ;;
	hog-max) storm_load=(grow 0) storm_seconds=40 ;;
	hogs-20) storm_load=(grow 5) storm_seconds=60 storm_n=20 ;;
	fork) storm_load=(fork 3) storm_seconds=40 ;;
	tmpfs) storm_load=(fill /share/mem/blob) storm_seconds=150 ;; # held, it fills the node only after a minute
	flood) storm_load=(flood /share/flood 500) storm_seconds=30 ;;
	map) storm_load=(map /share/map 1536) storm_seconds=30 ;;
	spin) storm_load=(spin 0) storm_seconds=30 ;;
	*) echo "storm: no case $1; there are: $(storm_cases)" >&2; return 1 ;;
	esac
	[ -z "${STORM_SECONDS:-}" ] || [ "$STORM_SECONDS" -ge $storm_seconds ] || storm_seconds=$STORM_SECONDS
}

storm_take()
{
	[ -n "${STORM_TAKEN_MIB:-}" ] || return 0
	mkdir /run/storm-taken && mount -t tmpfs storm /run/storm-taken &&
		dd if=/dev/zero of=/run/storm-taken/blob bs=1M count="$STORM_TAKEN_MIB" status=none
}

storm_give() { [ -z "${STORM_TAKEN_MIB:-}" ] || { umount /run/storm-taken && rmdir /run/storm-taken; }; }

storm_hogs() { seq -f 'hog%g' 1 $storm_n; }

storm_hog()
{
	pod_create "$1" BestEffort 0 0 "$STORM_TOOLS/storm_load" /share/go "${storm_load[@]}" || return
	# As a kubelet with podPidsLimit does: without it a fork bomb is not a question of memory.
	[ "$2" != fork ] || echo 200 >"$(pod_path "$1")/pids.max"
}

storm_pods()
{
	local name pids=()
	mkdir -p "$PODS_SHARE"
	dd if=/dev/zero of="$PODS_SHARE/data" bs=1M count=40 status=none
	[ "$1" != tmpfs ] || { mkdir "$PODS_SHARE/mem" && mount -t tmpfs -o size=90% storm "$PODS_SHARE/mem"; } || return
	sync
	pod_create web Burstable 500 67108864 "$STORM_TOOLS/open_loop" touch /share/data $STORM_PERIOD_US 600 || return
	pod_create calm BestEffort 0 0 "$STORM_TOOLS/storm_load" - rest "${STORM_CALM_MIB:-60}" || return
	for name in $(storm_hogs); do
		storm_hog "$name" "$1" &
		pids+=($!)
		[ $((${#pids[@]} % 4)) -ne 0 ] || wait "${pids[@]}"
	done
	wait "${pids[@]}" || return
	echo 3 >/proc/sys/vm/drop_caches
	colod_facts
}

# The profile takes the place of the default one.
storm_colod()
{
	mkdir -p /etc/colod/policy.d
	cp /usr/share/colod/profiles/colocation.yaml /etc/colod/policy.d/00-default.yaml
	[ "$2" != kill ] || sed -i '/when: memory.some/d' /etc/colod/policy.d/00-default.yaml
	if [ "$2" = evict ]; then
		cluster_start || return
		cluster_kubelet &
		storm_kubelet=$!
		AS_SHIPPED=1 colod_policy "$1" "file://$C/pods.json" "evict: {by: [kubernetes, kill], taint: true}"
	else
		AS_SHIPPED=1 colod_policy "$1" file:///run/pods.json
	fi
	colod_start && storm_ready=$(storm_majflt "$(unit_pid colod)") || return
	wait_for 30 sh -c "coloctl status --json | jq -e '.passes > 1 and .units_waiting == 0'"
}

storm_systemd_oomd()
{
	mkdir -p /run/systemd/oomd.conf.d
	printf '[OOM]\nDefaultMemoryPressureDurationSec=1s\n' >/run/systemd/oomd.conf.d/50-storm.conf
	systemctl start systemd-oomd || return
	systemctl set-property --runtime "${STORM_OFFLINE##*/}" ManagedOOMMemoryPressure=kill \
		ManagedOOMMemoryPressureLimit=10% ManagedOOMSwap=kill || return
	wait_for 20 sh -c "oomctl | grep -A9 'Memory Pressure Monitored' | grep -q '$STORM_OFFLINE'"
}

storm_oomd()
{
	jq -n --arg class "$STORM_OFFLINE" '{rulesets: [
		{name: "offline pressure", detectors: [["above 10 for 1 s", {name: "pressure_above",
			args: {cgroup: $class, resource: "memory", threshold: "10", duration: "1"}}]],
		 actions: [{name: "kill_by_memory_size_or_growth", args: {cgroup: ($class + "/*")}}]},
		{name: "low swap", detectors: [["less than 10 percent", {name: "swap_free", args: {threshold_pct: "10"}}]],
		 actions: [{name: "kill_by_swap_usage", args: {cgroup: ($class + "/*")}}]}]}' >/run/storm-oomd.json
	mkdir -p /run/systemd/system/oomd.service.d
	printf '[Service]\nEnvironmentFile=\nEnvironment="DAEMON_OPTS=--config /run/storm-oomd.json --interval 1"\n' \
		>/run/systemd/system/oomd.service.d/50-storm.conf
	systemctl daemon-reload && systemctl start oomd && sleep 2 && systemctl is-active -q oomd
}

storm_begin()
{
	case $1 in
	none) ;;
	colod) storm_unit=colod; storm_colod full ;;
	kill | evict) storm_unit=colod; storm_colod full "$1" ;;
	squeeze) storm_unit=colod; storm_colod squeeze ;;
	systemd-oomd) storm_unit=systemd-oomd; storm_systemd_oomd ;;
	oomd) storm_unit=oomd; storm_oomd ;;
	*) echo "storm: no arm $1" >&2; return 1 ;;
	esac
}

storm_end()
{
	case $1 in
	colod | squeeze | kill | evict)
		rm -f /etc/colod/policy.d/00-default.yaml
		colod_clean
		[ "$1" != evict ] || { kill "$storm_kubelet"; wait "$storm_kubelet"; cluster_stop; } ;;
	systemd-oomd)
		systemctl stop systemd-oomd.service systemd-oomd.socket
		rm -r /run/systemd/oomd.conf.d
		systemctl revert "${STORM_OFFLINE##*/}" ;;
	oomd)
		systemctl stop oomd
		rm -r /run/storm-oomd.json /run/systemd/system/oomd.service.d
		systemctl daemon-reload ;;
	esac
}

storm_agent_pid() { [ -z "$storm_unit" ] || unit_pid "$storm_unit"; }
storm_majflt() { [ -z "$1" ] || awk '{ print $12 }' "/proc/$1/stat" 2>/dev/null; }
storm_event() { awk -v k="$2" '$1 == k { print $2 }' "$(pod_path "$1")/memory.events"; }
storm_refaults() { awk '/^workingset_refault/ { n += $2 } END { print n + 0 }' "$(pod_path web)/memory.stat"; }
storm_alive() { grep -l '^populated 1' "${storm_events[@]}" 2>/dev/null | grep -q .; }
storm_answered() { ! grep -q '^populated 1' "$(pod_path web)/cgroup.events" || [ -s "$(ls /var/vmpods-log/web-*)" ]; }

# The online pod alone for two seconds, then the storm until its end or that of its pods.
storm_blow()
{
	local name watched=() end
	storm_events=()
	for name in web calm $(storm_hogs); do
		watched+=("$name=$(pod_path "$name")")
		[[ $name != hog* ]] || storm_events+=("$(pod_path "$name")/cgroup.events")
	done
	"$STORM_TOOLS/storm_watch" seen $STORM_LOOK_MS "${watched[@]}" &
	storm_watch=$!
	touch "$PODS_SHARE/data.go"
	sleep 2
	touch "$PODS_SHARE/go"
	end=$((SECONDS + storm_seconds))
	while [ $SECONDS -lt $end ] && storm_alive; do
		sleep 0.5
	done
	storm_alive || sleep 3
	# Before the online pod ends by itself.
	kill -TERM $storm_watch
	wait $storm_watch || return
	touch "$PODS_SHARE/data.stop"
	wait_for 60 storm_answered
}

# A line of five numbers, or none where the online pod is dead.
storm_online()
{
	cat /var/vmpods-log/web-* |
		awk 'NF == 5 { n = $1; a = $3; b = $4; c = $5 } END { printf "online_n=%d online_p50_us=%d online_p99_us=%d online_max_us=%d\n", n, n ? a : -1, n ? b : -1, n ? c : -1 }'
}

# What colod says of itself; "back in N ms" is from the decision to kill until the memory was free.
storm_colod_says()
{
	[ "$storm_unit" = colod ] || return 0
	coloctl status --json | jq -j '"kills=\(.kills) evictions=\(.evict.in_hour) reclaimed_mib=\(.reclaim_got_bytes / 1048576 | floor) writes=\(.writes) "'
	journalctl -q -u colod -o cat --since "@$1" |
		awk 'match($0, /back in [0-9]+ ms/) { n = substr($0, RSTART + 8) + 0; if (n > most) most = n } END { if (most) print "decided_free_ms=" most }'
}

storm_measured()
{
	local case=$1 arm=$2 since=$3 pid=$4 majflt=$5 refaults=$6 after
	after=$(storm_agent_pid)
	storm_numbers="$(awk -f "$VM/guest/storm.awk" -v online=web -v "arm=$arm" seen) $(storm_online) $(storm_colod_says "$since") \
refaults=$(($(storm_refaults) - refaults)) online_killed=$(storm_event web oom_kill) online_high=$(storm_event web high) \
calm_killed=$(($(storm_event calm oom_kill) > 0)) calm_held=$(storm_event calm high)"
	[ -z "$pid" ] || storm_numbers+=" agent_died=$((1$pid != 1$after)) majflt=$(($(storm_majflt "$after") + 0 - majflt))"
	# Whoever killed: a pod without a process is dead.
	grep -q '^populated 1' "$(pod_path calm)/cgroup.events" || storm_numbers=${storm_numbers/calm_killed=0/calm_killed=1}
	grep -q '^populated 1' "$(pod_path web)/cgroup.events" || [ -s "$(ls /var/vmpods-log/web-*)" ] ||
		storm_numbers=${storm_numbers/online_killed=0/online_killed=1}
}

# What is not as it was, of what is still there.
storm_undone()
{
	knobs_take after
	grep -vxFf before after >changed
	storm_numbers+=" undone=$(($(wc -l <changed) == 0))"
	[ ! -s changed ] || diag "$(sed 's/^/not as before: /' changed)"
}

storm_keep()
{
	mkdir -p "$RESULTS/rounds"
	gzip -c seen >"$RESULTS/rounds/$1.seen.gz"
	[ -z "$storm_unit" ] || journalctl -q -u "$storm_unit" -o short-monotonic --since "@$2" | gzip >"$RESULTS/rounds/$1.journal.gz"
}

storm_clear()
{
	local name
	for name in $(storm_hogs); do
		echo 1 >"$(pod_path "$name")/cgroup.kill"
	done
	rm -f "$PODS_SHARE"/{mem/blob,flood,map}
}

storm_round()
{
	local case=$1 arm=$2 rc=1 since pid
	storm_numbers= storm_unit= storm_ready=
	storm_case "$case" || return
	"$STORM_TOOLS/storm_watch" dog $((storm_seconds + 150)) &
	storm_dog=$!
	since=$(date +%s.%6N)
	if storm_take && storm_pods "$case" && knobs_take before && storm_begin "$arm"; then
		pid=$(storm_agent_pid)
		set -- "${storm_ready:-$(storm_majflt "$pid")}" "$(storm_refaults)"
		storm_blow && storm_measured "$case" "$arm" "$since" "$pid" "$@" && rc=0
		storm_keep "$case-$arm-${storm_round_name:-1}" "$since"
	fi
	storm_clear
	storm_give
	storm_end "$arm"
	[ $rc -ne 0 ] || storm_undone
	while mountpoint -q "$PODS_SHARE/mem"; do
		umount -l "$PODS_SHARE/mem"
	done
	pods_cleanup
	kill $storm_dog
	wait $storm_dog
	return $rc
}

storm_get() { tr ' ' '\n' <<<"$storm_numbers" | sed -n "s/^$1=//p"; }

storm_swap()
{
	case $1 in
	none) ;;
	disk) grep -q '^/dev/vd' /proc/swaps ;;
	zram) local disk; modprobe zram && disk=$(zramctl -f -s 384M) && mkswap -q "$disk" && swapon "$disk" ;;
	*) return 1 ;;
	esac
}

storm_swap_end()
{
	local disk
	[ "$1" = zram ] || return 0
	disk=$(awk '/zram/ { print $1 }' /proc/swaps)
	swapoff "$disk" && zramctl -r "$disk"
}
