#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 180s
# long-budget: 400s
# profile: default
# title: while the kubelet is down no pod is touched, whatever the pressure; a real TLS kubelet that is slow, wrong or refuses; its answer levels all
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"
. "$VM/guest/kubelet.sh"

K=$CG/kubepods.slice
BE=$K/kubepods-besteffort.slice
MIB=1048576

pods()
{
	ok "a BestEffort pod in kube-system" eval 'POD_NS=kube-system pod_create proxy BestEffort 0 0 sh -c "while :; do :; done"'
	ok "an online pod that waits for CPU" pod_create web Burstable 1000 $((32 * MIB)) sh -c 'while :; do :; done'
	ok "batch work" pod_create hog BestEffort 0 0 sh -c 'while :; do :; done & while :; do :; done & wait'
	ok "a batch pod with a limit" eval 'POD_PRIORITYCLASS=batch-x POD_MEM_LIMIT=$((64 * MIB)) pod_create batch Burstable 500 0'
	# The node's memory pressure, without a pod's help.
	systemd-run -q --collect --unit=squeezed -p MemoryHigh=24M -p MemorySwapMax=0 \
		stress-ng --quiet --vm 1 --vm-bytes 48M --vm-keep --oomable
}

stalled_us() { sed -n "s/^some.*total=//p" "/proc/pressure/$1"; }

# Every write to a knob of a pod shows; arming a PSI trigger is one to a pressure file.
watch_writes()
{
	inotifywait -m -r -e modify --format '%w%f' "$K" >writes 2>watcher &
	watcher=$!
	ok "the watcher watches" wait_for 20 grep -q established watcher
	: >writes
}

writes() { grep -vE '\.events(\.local)?$|\.pressure$' writes; }

passes() { coloctl status --json | jq .passes; }

some_passes() { local to=$(($(passes) + ${1:-3})); wait_for 30 sh -c "[ \$(coloctl status --json | jq .passes) -ge $to ]"; }

facts_note() { coloctl doctor --json | jq -r .facts_note; }

noted() { wait_for 30 eval "facts_note | grep -qF '$1'"; }

nothing_noted() { wait_for 30 eval '[ -z "$(facts_note)" ]'; }

# said MODE TEXT NAME: what status says once /pods is answered so. A reload asks at once.
said()
{
	kubelet_mode "$1"
	colod_reload
	ok "$3" noted "$2"
}

untouched()
{
	knobs_take now
	is "$(diff before now)" "" "$1: no knob of any pod or class changed"
	is "$(writes)" "" "$1: the kernel saw no write"
}

kubelet_is_down()
{
	local cpu memory
	cpu=$(stalled_us cpu)
	memory=$(stalled_us memory)
	ok "colod starts beside a kubelet that is down" colod_start
	ok "passes go on" some_passes 5
	ok "status says that nobody answers" noted "nobody answers at https://127.0.0.1:10250"
	note "stalled meanwhile: cpu $((($(stalled_us cpu) - cpu) / 1000)) ms, memory $((($(stalled_us memory) - memory) / 1000)) ms"
	ok "the node is under CPU pressure" [ $(($(stalled_us cpu) - cpu)) -gt 200000 ]
	ok "and under memory pressure" [ $(($(stalled_us memory) - memory)) -gt 20000 ]
	is "$(coloctl pods --json | jq -r '[.[] | select(.kind == "kubernetes") | .waiting_for] | unique | join(",")')" \
		priorityClass "every pod waits, and coloctl pods says for what"
	like "$(coloctl pods)" "waiting for: priorityClass" "so does its table"
	like "$(coloctl status)" "nobody answers" "and coloctl status why"
	untouched "kubelet down"
}

kubelet_is_wrong()
{
	ok "a kubelet with a stranger's certificate" kubelet_start wrong
	said ok "is not signed by its CA" "it is not believed"
	is "$(kubelet_asked)" "" "and got no question, so no token"
	kubelet_stop
	ok "the right one" kubelet_start
	said 401 "does not know the token" "401"
	said cut "was cut short" "an answer that is cut"
	if [ -n "${LONG:-}" ]; then
		said garbage "cut short or not JSON" "no JSON"
		said 500 "answers with status 500" "500"
	fi
	untouched "wrong answers"
}

# What differs from the levelled node; a quota moves with the pressure.
changed()
{
	knobs_take now
	diff levelled now | grep '^[<>]' | grep -v /cpu.max:
}

levelled() { wait_for 60 grep -qx 1 "$(pod_path batch)/cpu.weight"; }

kubelet_answers()
{
	kubelet_mode slow
	colod_reload
	ok "a slow kubelet holds no pass up" some_passes 2
	kubelet_mode big
	colod_reload
	ok "20 MB: the pods get their levels" levelled
	kubelet_mode ok
	is "$(coloctl pods --json | jq -r '.[] | select(.name == "kube-system/proxy") | "\(.level) \(.role)"')" \
		"P1 online" "the BestEffort pod of kube-system is online"
	is "$(knob "$(pod_path proxy)" cpu.idle) $(knob "$(pod_path proxy)" cpu.max) $(knob "$(pod_path proxy)" memory.high)" \
		"0 max 100000 max" "it is neither idle nor held nor limited"
	is "$(coloctl pods --json | jq -r '.[] | select(.name == "default/hog") | .level')" P7 "batch work is P7"
	ok "and yields inside the class that they share" wait_for 20 grep -qx 1 "$(pod_path hog)/cpu.idle"
	is "$(knob "$(pod_path web)" memory.low)" $((32 * MIB)) "the online pod is protected"
	ok "status has nothing to say any more" nothing_noted
	like "$(coloctl doctor | tr -s ' \n' ' ')" 'kube-system/proxy is online and has no CPU request, so that it shares /kubepods.slice/kubepods-besteffort.slice with 1 offline pod:' \
		"doctor says what a request on it would gain"
}

# Nobody waits any more: what follows is about facts, and quicker in a guest that rests.
no_more_pressure()
{
	kill -STOP $(find "$K" -name cgroup.procs -exec cat {} +)
	systemctl kill -s KILL squeezed
}

in_mode() { [ "$(coloctl status --json | jq -r .mode)" = "$1" ]; }

# A part of the policy that holds only on nodes with a label. A reload asks anew.
labels_of_the_api()
{
	local file=/etc/colod/policy.d/95-pool.yaml
	kubelet_labels '{"pool": "db"}'
	printf 'version: 1\nnodes: {label: pool=batch}\nmode: observe\n' >$file
	ok "the API server is asked for the node's labels" wait_for 30 grep -q '200 GET /api/v1/nodes/colodvm' "$FK/log"
	ok "which are another pool's" wait_for 30 grep -q '^pool=db$' /run/colod/node-labels
	ok "so that nothing changes" in_mode squeeze
	kubelet_labels '{"pool": "batch"}'
	colod_reload
	ok "this pool's: the file holds" wait_for 30 in_mode observe
	kubelet_api_mode 403
	colod_reload
	ok "a server that refuses" wait_for 30 grep -q '403 GET /api/v1/nodes/colodvm' "$FK/log"
	ok "takes no label away" in_mode observe
	kubelet_api_mode ok
	if [ -n "${LONG:-}" ]; then
		# After a refusal the next question has to wait.
		kubelet_labels '{"pool": "db"}'
		colod_reload
		ok "another pool's again" wait_for 30 in_mode squeeze
	fi
	rm $file
	colod_reload
	ok "without the file: as before" wait_for 30 in_mode squeeze
	ok "and levelled again" levelled
	ok "passes go on" some_passes 2
}

# A token that is not taken any more: what is known stays known.
token_rotates()
{
	ok "systemd has been told" colod_settled
	knobs_take levelled
	kubelet_token two.very-secret
	said ok "does not know the token" "a token that the kubelet has forgotten"
	like "$(facts_note)" "what is known is .* old" "and how old the facts are"
	is "$(changed)" "" "and nobody lost his level"
	kubelet_account two.very-secret
	colod_reload
	ok "the new token is read" nothing_noted
}

old_kubelet()
{
	kubelet_mode 403
	colod_reload
	ok "the API server is asked for the node's pods" wait_for 30 grep -q '200 GET /api/v1/pods?fieldSelector=spec.nodeName=colodvm' "$FK/log"
	is "$(changed)" "" "and says the same"
	kubelet_mode ok
}

# The kubelet hangs, and colod is started anew: who is who nobody knows then, and shares stay.
restart_beside_a_silent_one()
{
	kubelet_mode hang
	kubelet_api_mode hang
	: >writes
	ok "restart" systemctl restart colod
	ok "passes go on" some_passes 3
	like "$(coloctl pods)" "waiting for: priorityClass" "everybody waits again"
	is "$(changed | grep -v /memory.high:)" "" "no share and no protection changed"
	is "$(knob "$(pod_path batch)" memory.high)" max "limits ended: they need known facts"
	ok "stop does not wait for the hung server" timeout 15 systemctl stop colod
	knobs_take now
	is "$(diff before now)" "" "every value is back"
}

kubelet_setup
pods
kubelet_pods
kubelet_policy squeeze
knobs_take before
watch_writes
kubelet_is_down
kubelet_is_wrong
kubelet_answers
no_more_pressure
labels_of_the_api
token_rotates
old_kubelet
restart_beside_a_silent_one
is "$(journalctl -q -o cat | grep -c very-secret)" 0 "no token in the journal"
is "$(grep -rl very-secret /run/colod /var/lib/colod 2>/dev/null)" "" "nor in colod's files"
kill $watcher
wait $watcher 2>/dev/null
kubelet_clean
colod_clean
pods_cleanup
done_testing
