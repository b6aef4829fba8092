# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the guest's parts of `make bench-cpu` (tests/vm/bench) and `make storm` share: rows for the host, the arms, the
# load. lib.sh, pods.sh, colod.sh and demo.sh come first.
#
#   wanted CASE ARM ROUND          the host has no row of it yet, and asks for it
#   row CASE ARM ROUND KEY=N...    one measurement; the host keeps it as soon as it is printed
#   row_json CASE ARM ROUND KEY=WORD...    the same, where some are no numbers
#   hold_by DIR HOW                offline work held by hand: equal, idle, N (a weight), quota..., narrow...
#   hand_back                      what hold_by wrote is as it was
#   cpu_us DIR                     CPU used by a cgroup
#
# Settings by environment: BENCH_DONE ("PART/CASE/ARM/ROUND ..."), BENCH_ROUNDS_PART, BENCH_CASES_PART,
# BENCH_ARMS_PART, BENCH_MODE, BENCH_SECONDS, BENCH_WARMUP. The part is the script's name without its number.

PART=${VM_TEST#*-}
of_part() { local name=$1_$PART; echo "${!name:-}"; }
BENCH_ROUNDS=$(of_part BENCH_ROUNDS) BENCH_CASES=$(of_part BENCH_CASES) BENCH_ARMS=$(of_part BENCH_ARMS)
: "${BENCH_MODE:=squeeze}" "${BENCH_SECONDS:=2}" "${BENCH_WARMUP:=3}" "${BENCH_DONE:=}"

TOOLS=/opt/colod/build/tests/tools
KUBEPODS=$CG/kubepods.slice
BURSTABLE=$KUBEPODS/kubepods-burstable.slice
BESTEFFORT=$KUBEPODS/kubepods-besteffort.slice
PROBE_PORT=7000

wanted() { [[ " $BENCH_DONE " != *" $PART/$1/$2/$3 "* ]]; }

row() { note "row: $PART $*"; }

row_json()
{
	note "row: $(printf '%s\n' "part=$PART" "case=$1" "arm=$2" "round=$3" "${@:4}" | awk '
		{ i = index($0, "="); value = substr($0, i + 1)
		printf "%s\"%s\": %s", (NR > 1 ? ", " : "{"), substr($0, 1, i - 1), (value ~ /^-?[0-9]+$/ ? value : "\"" value "\"") }
		END { print "}" }')"
}

cpu_us() { awk '/^usage_usec/ { print $2 }' "$1/cpu.stat"; }

# COUNT LOST P50 P99 WORST of open_loop, as the keys of a row with this prefix.
as_keys() { awk -v p="$1" '{ printf "%s_n=%s %s_lost=%s %s_p50_us=%s %s_p99_us=%s %s_worst_us=%s", p, $1, p, $2, p, $3, p, $4, p, $5 }'; }

# The files are written past systemd, as somebody does who tries it out.
hand_log=
hand()
{
	hand_log="$1|$(cat "${3:-$1}")
$hand_log"
	echo "$2" >"$1"
}

# One round of a case: each arm that is wanted, in another order each round. ONE_ARM ROUND ARM measures one.
bench_round()
{
	local n=$1 one_arm=$2 i arm
	for i in "${!arms[@]}"; do
		arm=${arms[(i + n) % ${#arms[@]}]}
		wanted "$BENCH_CASE" "$arm" "$n" || continue
		"$one_arm" "$n" "$arm" || { diag "$BENCH_CASE, $arm, round $n: not measured"; return 1; }
	done
}

bench_rounds()
{
	local n
	for n in $(seq 1 "$BENCH_ROUNDS"); do
		bench_round "$n" "$1" || return
	done
}

# Weights come last: an idle group takes none, and one that is no longer idle has lost its own.
hand_back()
{
	local file value
	while IFS='|' read -r file value; do
		[ -z "$file" ] || echo "$value" >"$file" || return
	done < <(grep -v '/cpu.weight|' <<<"$hand_log"; grep '/cpu.weight|' <<<"$hand_log")
	hand_log=
}

# systemd hands this controller down only where a unit asks for it.
hand_cpuset()
{
	local dir
	for dir in "$CG" "$1"; do
		grep -qw cpuset "$dir/cgroup.subtree_control" && continue
		echo +cpuset >"$dir/cgroup.subtree_control"
		hand_log="$dir/cgroup.subtree_control|-cpuset
$hand_log"
	done
}

# A quota and narrow CPUs go with equal weights, as CPUs:WEIGHT does with that weight.
hold_by()
{
	local dir=$1 how=$2 equal=$3
	case $how in
	cpus-*) hand_cpuset "$(dirname "$dir")" ;;
	esac
	hand "$dir/cpu.weight" "$equal"
	case $how in
	equal) ;;
	idle) hand "$dir/cpu.idle" 1 ;;
	quota-1ms) hand "$dir/cpu.max" "1000 20000" ;;
	quota-10%) hand "$dir/cpu.max" "$((2000 * $(nproc))) 20000" ;;
	cpus-*)
		[ "$how" = "${how%:*}" ] || hand "$dir/cpu.weight" "${how#*:}"
		how=${how%:*}
		# One that holds tasks cannot be emptied again (ENOSPC): it gets what its tasks had.
		hand "$dir/cpuset.cpus" "${how#cpus-}" "$dir/cpuset.cpus.effective" ;;
	*) hand "$dir/cpu.weight" "$how" ;;
	esac
}

# What the kubelet asks for so that its class has this weight: the inverse of pods_weight.
milli_of()
{
	local shares=$(((($1 - 1) * 262142 + 9998) / 9999 + 2))
	echo $(((shares * 1000 + 1023) / 1024))
}

# The online load is pods of one class; what each process of it got tells who was starved.
spin_pod() { local name=$1 qos=$2 milli=$3 n=$4; pod_create "$name" "$qos" "$milli" 0 "$TOOLS/cpu_load" spin "$n"; }

# The agent has planned twice, and systemd has been told: from here on nothing changes by itself.
bench_colod_ready() { coloctl status --json | jq -e '.passes > 1 and .units_waiting == 0' >/dev/null; }

BENCH_DROPIN=/run/systemd/system/colod.service.d/bench.conf
BENCH_SCHED="levels: {P7: {cpu: {scheduling: idle}}}"
bench_threads_set() { coloctl status --json | jq -e '.policies_set > 0' >/dev/null; }

# As it is shipped, with the quota that a policy may ask for, or with the scheduling policy that one may.
bench_colod()
{
	local how=${1:-} as_shipped=1 more=()
	[ "$how" != quota ] || as_shipped=
	[ "$how" != sched ] || more=("$BENCH_SCHED")
	AS_SHIPPED=$as_shipped colod_policy "$BENCH_MODE" file:///run/pods.json "${more[@]}"
	if [ "$how" = sched ]; then
		mkdir -p "${BENCH_DROPIN%/*}"
		printf '[Service]\nCapabilityBoundingSet=CAP_SYS_NICE\n' >"$BENCH_DROPIN"
		systemctl daemon-reload
	fi
	colod_start && wait_for 20 bench_colod_ready || return
	[ "$how" != sched ] || wait_for 20 bench_threads_set
}

bench_colod_end()
{
	! systemctl is-active -q colod || colod_stop || return
	if [ -e "$BENCH_DROPIN" ]; then
		rm -f "$BENCH_DROPIN"
		systemctl daemon-reload
	fi
}

bench_end()
{
	colod_clean
	pods_cleanup
}
