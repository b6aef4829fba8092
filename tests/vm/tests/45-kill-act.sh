#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# core: yes
# title: a throttled and frozen pod is killed as a whole, its memory comes back, its bounds too, and nobody beside it is hurt
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

TOOL=/opt/colod/build/tests/tools/kill_pod

# The first container has four processes, the second one two: 96 MiB. Not by systemd, which writes its own idea of a
# slice's bounds when a scope in it ends.
hog_pod()
{
	pod_create_cgroupfs "$1" BestEffort 0 0 "$TOOL" hog 4 16 && pod_container "$1" "$TOOL" hog 2 16
}

has_kib() { [ $(($(cat "$1/memory.current") / 1024)) -ge "$2" ]; }
filled() { wait_for 60 has_kib "$(pod_path "$1")" $((96 * 1024)); }
pids() { find "$(pod_path "$1")" -name cgroup.procs -exec cat {} + | sort -n | tr '\n' ' '; }
value() { sed -nE "s/(^|.* )$2=([^ ]*).*/\2/p" <<<"$1"; }
is_frozen() { grep -qx 'frozen 1' "$1/cgroup.events"; }

# As a squeeze and a brake leave it.
bind_pod()
{
	local dir
	dir=$(pod_path "$1")
	echo "10000 100000" >"$dir/cpu.max"
	echo $((160 << 20)) >"$dir/memory.high"
	echo 1 >"$dir/cgroup.freeze"
	wait_for 20 is_frozen "$dir"
}

# What colod's own unit allows it, for a program that is run once.
sandbox()
{
	local props=()
	mapfile -t props < <(systemctl cat colod.service |
		grep -E '^(CapabilityBoundingSet|NoNewPrivileges|Protect|Private|Restrict|MemoryDeny|LockPersonality|SystemCall|UMask)' |
		grep -v '^PrivateTmp' | sed 's/^/--property=/')
	[ ${#props[@]} -gt 10 ] || { echo "the unit was not found"; return 1; }
	systemd-run -q --wait --pipe --unit=kill-act "${props[@]}" "$@"
}

refusals()
{
	local was path leaf
	was=$(pids victim)
	for path in "$CG" "$CG"/{system.slice,init.scope,kubepods.slice,kubepods.slice/kubepods-besteffort.slice,kubepods,kubepods/besteffort}; do
		like "$("$TOOL" act "$path" pod)" '^result=-1 .*why=is part of the system' "refused: $path"
	done
	like "$("$TOOL" act "$(pod_path victim)" class)" '^result=-1 .*why=is no pod' "refused: what the model calls a class"
	# A unit around the pods, by a name that says nothing.
	mkdir -p "$CG/outer.slice/inner/kubepods-besteffort-podx.slice"
	like "$("$TOOL" act "$CG/outer.slice" pod)" '^result=-1 .*why=holds other pods' "refused: a unit with pods in it"
	rmdir "$CG"/outer.slice/{inner/kubepods-besteffort-podx.slice,inner,}
	leaf=$CG$(sed -n 's/^0:://p' "/proc/${was%% *}/cgroup")
	like "$(sh -c "echo \$\$ >$leaf/cgroup.procs && exec $TOOL act $(pod_path victim) pod")" '^result=-1 .*why=holds colod itself' \
		"refused: what the killer itself runs in"
	mkdir -p "$CG/threads.slice/one"
	echo threaded >"$CG/threads.slice/one/cgroup.type"
	like "$("$TOOL" act "$CG/threads.slice/one" pod)" '^result=-95 .* write=-95 .*lifted=0' "a threaded cgroup has none: told, and left alone"
	rmdir "$CG/threads.slice/one" "$CG/threads.slice"
	is "$(pids victim)" "$was" "none of these killed anybody"
}

# dead POD LINE: what is true of each kill.
dead()
{
	local before after
	note "$1: $2"
	like "$2" '^result=0 check=0 write=0 lift=0 thaw=0 .*wait=0 put_back=0 .*processes=6' "$1: killed as a whole"
	is "$(value "$2" ended) $(pids "$1")" "1 " "$1: nobody is left"
	is "$(value "$2" thawed)" 1 "$1: thawed"
	before=$(value "$2" before_kib) after=$(value "$2" after_kib)
	ok "$1: the memory is back ($before to $after KiB)" [ "$after" -ge 0 -a "$after" -lt $((before / 4)) -a "$before" -ge $((96 * 1024)) ]
}

pod_create beside BestEffort 0 0 "$TOOL" hog 2 8
hog_pod victim
hog_pod plain
filled victim && filled plain
beside=$(pids beside) events=$(cat "$(pod_path beside)/memory.events")
knobs_take before "$(pod_path beside)" "$CG/kubepods.slice/cpu.max" "$CG/kubepods.slice/kubepods-besteffort.slice/cpu.max" "$CG"/system.slice
refusals

bind_pod plain
bind_pod victim
plain=$("$TOOL" plain "$(pod_path plain)")
note "plain: $plain"
is "$(value "$plain" processes)" 6 "kill -9 meets six processes, too"
pod_delete plain
line=$("$TOOL" act "$(pod_path victim)" pod)
dead victim "$line"
dir=$(pod_path victim)
is "$(cat "$dir/cpu.max") $(cat "$dir/memory.high") $(cat "$dir/cpu.weight") $(cat "$dir/cgroup.freeze")" \
	"10000 100000 $((160 << 20)) 1 0" "its bounds are as they were, for whoever starts in it"
is "$(value "$line" large)" 6 "the large ones were held (in $(value "$line" check_us) us)"
is "$(($(value "$line" released) + $(value "$line" exited)))" 6 "each has given its memory back"
is "$(value "$line" release)" 0 "without an error"
ours=$(value "$line" took_us) theirs=$(value "$plain" took_us)
note "until nobody was left: $ours us; kill -9 of the like: $theirs us; ratio $((100 * ours / theirs)) %"
pod_delete victim

pod_create boxed BestEffort 0 0 "$TOOL" hog 6 16
filled boxed
bind_pod boxed
line=$(sandbox "$TOOL" act "$(pod_path boxed)" pod)
dead boxed "$line"
like "$(value "$line" release)" '^(0|-1)$' "with the rights of colod's unit: process_mrelease() is there, or its filter forbids it, and the kill stands"
note "in colod's unit process_mrelease() gave $(value "$line" release)"

is "$(pids beside)" "$beside" "the pod beside has the same processes"
is "$(cat "$(pod_path beside)/memory.events")" "$events" "and nothing happened to its memory"
knobs_take after "$(pod_path beside)" "$CG/kubepods.slice/cpu.max" "$CG/kubepods.slice/kubepods-besteffort.slice/cpu.max" "$CG"/system.slice
is "$(diff before after)" "" "nor to any knob beside and above"
pods_cleanup
done_testing
