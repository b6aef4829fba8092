#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 28800s
# profile: bench1
# title: what colod says of four online services, held against what their clients see, one kind of interference at a time
#
# The guest's part of `make bench-score` (bench_score.py is the host's). colod only watches. Four services in a pod each answer 50
# requests a second of a client outside their cgroups; what an answer needs:
#
#   cpu      40000 rounds of adding, some 3.6 ms      beside one that spins for a part of each 400 ms
#   cache    64 KiB of a file, from the page cache   beside a reader of a file that does not fit beside it
#   memory   256 KiB of memory, given back           beside one that grows, and begins anew when all is taken
#   disk     4 KiB of a disk of 20 MiB/s             beside two readers of 64 KiB, for a part of each 400 ms
#
# First it learns what is usual: five minutes until pods count, and four calm stretches with a little interference between
# them; or it is given what an earlier boot has learned of the same services, as colod itself keeps it over a restart, which
# it is made to do here in any case. Then points: KIND, as many rounds as asked for of eight strengths, 0 (nobody does
# anything: what two equal runs differ by) to 7. The offline pod that is the culprit is another one each time, and three others do a little of their own.
#
# And of a case "own" what must raise no alarm, with nobody else on the node doing anything: throttle (the service has less quota than it
# needs), limit (its memory.max leaves no room for the file it reads), step (twice the requests). Once a boot, first: a colod
# that starts while a hog is there already, and knows nothing: what it learns then must not pass for calm.
: "${BENCH_SECONDS:=20}" "${BENCH_WARMUP:=12}"
. "$VM/settings"
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/disks.sh"
. "$VM/guest/bench.sh"

: "${BENCH_CASES:=cpu cache memory disk}" "${BENCH_STRENGTHS:=0 1 2 3 4 5 6 7}" "${BENCH_CALM:=210}"
HOGS=(a b c d)
DISK=$PODS_SHARE/disk
# Between points: the windows of the one before are over.
REST=30

port_of() { case $1 in cpu) echo 7001 ;; cache) echo 7002 ;; memory) echo 7003 ;; disk) echo 7004 ;; esac; }

service() { pod_create "web-$1" Burstable 250 16777216 "$TOOLS/open_loop" serve "$(port_of "$1")" "${@:2}"; }

scene()
{
	null_disks
	null_disk nullb0 448 20 >/dev/null || return
	mkfs.ext4 -q /dev/nullb0 && mkdir -p "$DISK" && mount /dev/nullb0 "$DISK" || return
	dd if=/dev/zero of="$DISK/data" bs=1M count=64 status=none && dd if=/dev/zero of="$DISK/large" bs=1M count=300 status=none && sync || return
	service cpu 40000r && service cache 2260r cached /share/disk/data && service memory 2260r memory - && service disk 2260r disk /share/disk/data || return
	for name in "${HOGS[@]}"; do POD_PRIORITYCLASS=batch-x pod_create "$name" Burstable 1000 0 || return; done
	colod_facts
}

# Taken from the node, so that the file that is read does not fit beside what the services read.
ballast()
{
	local free
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	mkdir -p /run/ballast && mount -t tmpfs -o size=90% ballast /run/ballast &&
		dd if=/dev/zero of=/run/ballast/file bs=1M count=$((free - 260)) status=none
}

# Clients never stop: an own load that changes is another baseline.
# shellcheck disable=SC2016
client() { exec sh -c 'while :; do "$1" send "$2" 20000 60 >/dev/null || sleep 1; done' sh "$TOOLS/open_loop" "$(port_of "$1")"; }
clients=()
clients_start()
{
	local kind
	for kind in $BENCH_CASES; do
		client "$kind" &
		clients+=($!)
	done
}

# The one that is measured has its client replaced meanwhile.
client_of()
{
	local i=0 kind
	for kind in $BENCH_CASES; do
		[ "$kind" = "$1" ] && echo "$i"
		i=$((i + 1))
	done
}

leaf_of() { find "$(pod_path "$1")" -name cgroup.procs -exec grep -lq . {} \; -print | head -1 | xargs dirname; }

# What it does at this strength, in the words of a shell.
deed()
{
	local s=$2
	case $1 in
	cpu) echo "exec $TOOLS/cpu_load pulse $((s * 50 + 40)) $((360 - s * 50))" ;;
	cache) echo "exec $TOOLS/storm_load $PODS_SHARE/go map $DISK/large $((20 + s * 40))" ;;
	memory) echo "while :; do timeout $((1 + 240 / (s * 15))) $TOOLS/storm_load $PODS_SHARE/go grow $((s * 15)); done" ;;
	disk) echo "exec $TOOLS/io_load read $DISK/large 64 256 2 $((s * 40)) $((400 - s * 40))" ;;
	esac
}

# A little of everybody's own, by no clock of the others.
idle_deed()
{
	case $1 in
	a) echo "exec $TOOLS/cpu_load pulse 20 2310" ;;
	b) echo "exec $TOOLS/cpu_load pulse 20 2770" ;;
	c) echo "exec $TOOLS/cpu_load pulse 20 3370" ;;
	d) echo "exec $TOOLS/cpu_load pulse 20 3930" ;;
	esac
}

deeds=()
does()
{
	in_cgroup "$(leaf_of "$1")" bash -c "$2" </dev/null >/dev/null 2>&1 &
	deeds+=($!)
}

deeds_end()
{
	local pid name
	for pid in "${deeds[@]}"; do kill "$pid" 2>/dev/null; done
	for name in "${HOGS[@]}"; do
		for pid in $(cat "$(leaf_of "$name")/cgroup.procs" 2>/dev/null); do
			grep -q 'cpu_load\|storm_load\|io_load\|bash\|timeout' "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid" 2>/dev/null
		done
	done
	wait "${deeds[@]}" 2>/dev/null
	deeds=()
}

learn()
{
	local i
	note "learning: $((300 + 4 * BENCH_CALM)) s"
	sleep 300
	for i in 1 2 3 4; do
		sleep "$BENCH_CALM"
		# Of whatever kind: it is not calm then.
		does "${HOGS[$((i - 1))]}" "$(deed cpu 5)"
		sleep 12
		deeds_end
		sleep 45
	done
	sleep 60
}

# "NAME TEXT NAME TEXT ...": by which services were asked.
LEARNED=/var/lib/colod/baselines
kept_name() { echo "learned-${BENCH_CASES// /-}"; }
kept_take()
{
	local name=
	for word in ${BENCH_KEPT:-}; do
		if [ "$name" = "$(kept_name)" ]; then
			mkdir -p "${LEARNED%/*}" && base64 -d <<<"$word" | gunzip >"$LEARNED"
			return
		fi
		name=$word
	done
	return 1
}

kept_give()
{
	colod_stop
	note "kept: $(kept_name) $(gzip -9c "$LEARNED" | base64 -w0)"
	colod_start
	sleep "$REST"
}

basis_of() { coloctl score "web-$1" --json | jq -r ".[0].score.$2.baseline.basis"; }
all_learned()
{
	local kind resource
	for kind in $BENCH_CASES; do
		for resource in cpu memory io; do
			[ "$(basis_of "$kind" $resource)" = calm ] || { note "$kind: $resource is $(basis_of "$kind" $resource)"; return 1; }
		done
	done
}

# Keys of a row: the score, what is over the usual and what is stalled of each resource, whether the first culprit of what is most over its
# usual is this one, and whether somebody was ranked at all.
seen()
{
	coloctl score "web-$1" --json | jq -r --arg name "/$2" '.[0].score | . as $s | (["cpu", "memory", "io"] | max_by($s[.].excess_permille // 0)) as $most |
		"score=\(.permille // -1) cpu=\(.cpu.excess_permille // -1) memory=\(.memory.excess_permille // -1) io=\(.io.excess_permille // -1) stall_cpu=\(.cpu.stalled_permille // -1) stall_memory=\(.memory.stalled_permille // -1) stall_io=\(.io.stalled_permille // -1) first=\(if (.[$most].culprits.list[0].name // "") | endswith($name) then 1 else 0 end) ranked=\(if .[$most].culprits.state == "ranked" then 1 else 0 end)"'
}

# The client says, from outside, how long answers took in the same 20 s of which colod has seen two windows.
measure_point()
{
	local kind=$1 strength=$2 n=$3 culprit=${HOGS[$((($2 + $3) % 4))]} client name at
	at=$(client_of "$kind")
	client=${clients[$at]}
	for name in "${HOGS[@]}"; do
		[ "$name" = "$culprit" ] || does "$name" "$(idle_deed "$name")"
	done
	# To start a process takes a good part of a second here, which is a disturbance of its own.
	sleep 8
	[ "$strength" = 0 ] || does "$culprit" "$(deed "$kind" "$strength")"
	sleep "$BENCH_WARMUP"
	kill "$client"
	pkill -f "open_loop send $(port_of "$kind")"
	"$TOOLS/open_loop" mean "$(port_of "$kind")" 20000 "$BENCH_SECONDS" >out || return
	client "$kind" &
	clients[at]=$!
	row "$kind" "s$strength" "$n" "$(as_keys web <out) web_mean_us=$(cut -d' ' -f6 out) $(seen "$kind" "$culprit" | tee seen)"
	# Why there is no score, or another than who did it comes first.
	[ "$strength" = 0 ] || grep -q 'score=[0-9].* first=1' seen || note "$culprit: $(coloctl score "web-$kind")"
	deeds_end
	sleep $REST
}

# --- what must raise no alarm ------------------------------------------------------------------------

own_service() { case $1 in limit) echo cache ;; *) echo cpu ;; esac; }

# What is done to the service itself; and undone.
own_begin()
{
	case $1 in
	throttle) echo "12000 100000" >"$2/cpu.max" ;;
	limit) echo $(($(cat "$2/memory.current") - $(awk '$1 == "file" { print $2 }' "$2/memory.stat") + 4194304)) >"$2/memory.max" ;;
	esac
}

own_end()
{
	echo max >"$1/memory.max"
	echo max >"$1/cpu.max"
}

measure_own()
{
	local arm=$1 n=$2 kind pod period=20000 at
	kind=$(own_service "$arm") pod=$(pod_path "web-$kind")
	at=$(client_of "$kind")
	[ "$arm" != step ] || period=10000
	kill "${clients[$at]}"
	pkill -f "open_loop send $(port_of "$kind")"
	own_begin "$arm" "$pod" || return
	"$TOOLS/open_loop" mean "$(port_of "$kind")" $period $((BENCH_SECONDS + BENCH_WARMUP)) >out || return
	row own "$arm" "$n" "$(as_keys web <out) web_mean_us=$(cut -d' ' -f6 out) $(seen "$kind" nobody)"
	note "$(coloctl score "web-$kind")"
	own_end "$pod"
	client "$kind" &
	clients[at]=$!
	sleep $REST
}

own_points()
{
	local arm
	for arm in throttle limit step; do
		[[ " $BENCH_CASES " == *" $(own_service $arm) "* ]] || continue
		wanted own $arm "$1" || continue
		measure_own $arm "$1" || diag "own $arm: not measured"
	done
}

# Ten windows more than a baseline takes, none of which is calm.
hog_first()
{
	local kind=cpu
	[[ " $BENCH_CASES " == *" $kind "* ]] && wanted own first 1 || return 0
	colod_stop
	mv "$LEARNED" "$LEARNED.kept"
	does "${HOGS[0]}" "$(deed "$kind" 5)"
	ok "a start beside a hog" colod_start
	sleep $((300 + 70 * 10))
	note "$(coloctl score "web-$kind")"
	row own first 1 "$(seen "$kind" a) calm=$(for r in cpu memory io; do basis_of "$kind" $r; done | grep -cx calm)"
	deeds_end
	colod_stop
	mv "$LEARNED.kept" "$LEARNED"
	ok "a start with what was known" colod_start
	sleep $((2 * REST))
}

# --- all of it -----------------------------------------------------------------------------------------

points()
{
	local n kind strength i step=3
	local -a strengths
	read -ra strengths <<<"$BENCH_STRENGTHS"
	[ $((${#strengths[@]} % step)) -ne 0 ] || step=1
	for n in $(seq 1 "$BENCH_ROUNDS"); do
		for kind in $BENCH_CASES; do
			for i in "${!strengths[@]}"; do
				# Never the same order.
				strength=${strengths[$(((i * step + n) % ${#strengths[@]}))]}
				wanted "$kind" "s$strength" "$n" || continue
				measure_point "$kind" "$strength" "$n" || diag "$kind $strength: not measured"
			done
		done
		own_points "$n"
	done
}

scene
is $? 0 "a disk, four services and four offline pods"
: >"$PODS_SHARE/go"
ok "the node is nearly full" ballast
colod_policy observe file:///run/pods.json
if kept_take; then
	ok "start" colod_start
	clients_start
	sleep $((2 * REST))
else
	ok "start" colod_start
	clients_start
	learn
	all_learned && kept_give
fi
ok "what is usual is known of each" all_learned
note "$(coloctl score | head -12)"
hog_first
points
ok "nothing was written" [ "$(coloctl status --json | jq .writes)" = 0 ]
kill "${clients[@]}"
pkill open_loop
deeds_end
colod_clean
pods_cleanup
umount "$DISK" /run/ballast
null_disk_gone nullb0
null_disks_end
done_testing
