#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# long-budget: 400s
# profile: small
# title: an online pod waits for CPU beside offline ones that have no more than their floor: nobody is evicted for it before that was tried for 20 s, or without being asked for; in the long form exactly the one that uses the CPU goes, and most of the wait with it
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

# A web server of weight 1 beside batch work: the weight alone cannot help it, so that offline work gets half of the node.
SCENE=/sys/fs/cgroup/evict-cpu
CPUS=$(nproc)
THRESHOLD="cpu.some of online > 5% over 2s"

procs() { sort -n "$SCENE/$1/cgroup.procs" 2>/dev/null | tr '\n' ' '; }
rung() { coloctl status --json | jq -r .rung_cpu; }
on_rung() { [ "$(rung)" = "$1" ]; }
has_ended() { grep -qx 'populated 0' "$SCENE/$1/cgroup.events"; }
# In 20 ms.
at_floor() { local quota; read -r quota _ <$SCENE/hog/cpu.max && [ "$quota" != max ] && [ "$quota" -le $((CPUS * 5000)) ]; }
waited_us() { sed -n 's/^some .*total=//p' "$SCENE/web/cpu.pressure"; }

# Busy processes in that cgroup.
burners()
{
	local i
	for ((i = 0; i < $2; i++)); do
		sh -c 'echo 0 >"$1" && exec sh -c "while :; do :; done"' sh "$SCENE/$1/cgroup.procs" </dev/null >/dev/null 2>&1 &
	done
}

scene()
{
	local pod
	mkdir -p $SCENE
	echo "+cpu +memory" >/sys/fs/cgroup/cgroup.subtree_control
	echo "+cpu +memory" >$SCENE/cgroup.subtree_control
	for pod in web hog idle; do mkdir $SCENE/$pod; done
	echo 1 >$SCENE/web/cpu.weight
	sh -c 'echo 0 >"$1" && exec sleep 100000' sh $SCENE/idle/cgroup.procs </dev/null >/dev/null 2>&1 &
	burners web "$CPUS"
	burners hog "$CPUS"
	wait_for 20 eval '[ "$(wc -l <$SCENE/web/cgroup.procs)$(wc -l <$SCENE/hog/cgroup.procs)$(wc -l <$SCENE/idle/cgroup.procs)" = "$CPUS${CPUS}1" ]'
}

# What the pressure rule does.
policy()
{
	colod_policy full cgroup \
		"levels: {P0: {role: online, cpu: {weight: keep}}, P7: {role: offline, cpu: {squeeze: {target: 65%, floor: 25%}}, memory: {high: none}}}" \
		"assign: [{match: {cgroup: evict-cpu/web}, level: P0}, {match: {cgroup: evict-cpu/hog}, level: P7}, {match: {cgroup: evict-cpu/idle}, level: P7}]" \
		"pressure: [{when: $THRESHOLD, do: [$1]}]" \
		"evict: {by: [kill], grace: 2s, cooldown: 3s, per-hour: 20}"
}

nobody_else()
{
	is "$(procs web)" "$web" "$1: the online pod lost no process"
	is "$(procs idle)" "$idle" "$1: nor did the offline pod that rests"
}

# Held to its floor, and not long enough.
is_held()
{
	ok "$1: the squeeze is on" wait_for 30 on_rung squeeze
	ok "and offline work at its floor, a quarter of the node" wait_for 30 at_floor
	colod_next_pass
	is "$(procs hog)" "$hog" "$1: nobody was evicted"
	nobody_else "$1"
}

hog_goes()
{
	local before after from
	ok "the rung is evict" wait_for 90 on_rung evict
	from=$(waited_us)
	sleep 2
	before=$(($(waited_us) - from))
	ok "the hog goes" wait_for 60 has_ended hog
	ok "by a kill, for the CPU" wait_for 20 says 'evict-cpu/hog evict accepted.*waited for CPU.*; for evict-cpu/web: .*CPUs that it uses are expected back by cgroup.kill'
	nobody_else "an eviction"
	is "$(coloctl status --json | jq -r .evict.in_hour)" 1 "one eviction"
	ok "what is back is told, after it was seen" wait_for 90 says 'evict-cpu/hog evict .*[0-9.]+ CPUs less used after [0-9]+ ms'
	note "$(journalctl -u colod -o cat | grep -E ' evict | candidate ' | head -c 1500)"
	from=$(waited_us)
	sleep 2
	after=$(($(waited_us) - from))
	note "the online pod waited $before us of 2 s before, $after us after it"
	ok "the online pod waits less than half of what it did" [ "$after" -lt $((before / 2)) ]
	is "$(coloctl status --json | jq -r .evict.in_hour)" 1 "still one eviction"
	nobody_else "what came after"
}

ok "a scene" scene
web=$(procs web) hog=$(procs hog) idle=$(procs idle)
policy "squeeze cpu"
ok "start, with a policy that does not ask for evictions" colod_start
ok "status answers" wait_for 20 coloctl status
is_held "without evict"
if [ -n "${LONG:-}" ]; then
	sleep 40
	is "$(procs hog)" "$hog" "forty seconds more, and without the word evict nobody goes"
	is "$(coloctl status --json | jq -r .evict.on)" false "status says that nobody is asked"
fi
policy "squeeze cpu, evict after 5m"
ok "a policy that asks for them, when that was tried for five minutes" colod_reload
is_held "before its time"
is "$(coloctl status --json | jq -r .evict.on)" true "status says that somebody may be asked"
if [ -n "${LONG:-}" ]; then
	policy "squeeze cpu, evict"
	ok "a policy that asks for them after twenty seconds" colod_reload
	hog_goes
fi
colod_stop
colod_clean
for pod in web hog idle; do echo 1 >$SCENE/$pod/cgroup.kill; done
wait_for 20 eval 'has_ended web && has_ended hog && has_ended idle'
rmdir $SCENE/web $SCENE/hog $SCENE/idle $SCENE
done_testing
