#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 120s
# profile: default
# title: an online pod that a hog hurts is an incident with its scene, which outlives a kill of the agent, is shown and drawn
. "$VM/guest/lib.sh"
. "$VM/guest/net.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

TOOLS=/opt/colod/build/tests/tools
STORE=/var/lib/colod/incidents
# web wants a CPU all the time; the hog wants both, from when it is told to. By their weights web loses a fortieth of a CPU, or
# less: the rule is about that. The hog has to have more than its floor, or there is nothing to take: nobody else may use much.
pod_create web Burstable 1000 33554432 "$TOOLS/cpu_load" spin 1
POD_PRIORITYCLASS=batch-x pod_create hog Burstable 1000 0 \
	bash -c "until [ -e /share/go ]; do sleep 0.2; done; exec $TOOLS/cpu_load spin 2"
of_first() { coloctl incidents --json | jq -r ".incidents[0].$1"; }
is_held() { [[ "$(of_first done)" == *held* ]]; }
main_pid() { systemctl show -P MainPID colod; }
is_new() { [ "$(main_pid)" != 0 ] && [ "$(main_pid)" != "$pid" ] && coloctl incidents >/dev/null; }

# An uplink whose traffic is counted.
NET="levels: {P0: {net: {share: 10}}, P7: {net: {share: 1}}}"
modprobe -a veth sch_htb sch_fq_codel cls_fw cls_basic act_skbedit sch_ingress 2>/dev/null
net wan
ip link set h-wan down && ip link set h-wan name up0 && ip link set up0 up
ip addr add 10.2.0.1/24 dev up0
ip route add default via 10.2.0.2 dev up0 onlink
ip neigh add 10.2.0.2 lladdr 02:00:00:00:00:02 dev up0
# It waits without a process for each wait.
bash -c 'printf -v x "%01400d" 0; exec 3<> <(:); while :; do echo "$x" >/dev/udp/10.2.0.2/9; read -rt 0.1 -u 3; done' >/dev/null 2>&1 &
sender=$!

colod_facts
# Not before the hog is told to: whatever else runs may make web wait for a moment, too.
colod_policy squeeze file:///run/pods.json "$NET" "net: {speed: 20Mbit/s}" "pressure: []"
rm -rf "$STORE"
ok "start" colod_start
like "$(coloctl incidents)" 'No online pod was hurt' "none is there"
touch "$PODS_SHARE/go"
colod_policy squeeze file:///run/pods.json "$NET" "net: {speed: 20Mbit/s}" "pressure: [{when: cpu.some of online > 0.3% over 2s, do: [squeeze cpu]}]"
ok "a policy that minds it" colod_reload
ok "there is one, and the hog is held" wait_for 60 is_held
is "$(of_first pod)" default/web "it is of the pod that waits"
is "$(of_first resource)" cpu "for the CPU"
is "$(coloctl incidents --json | jq '.open | length')" 1 "it goes on"
ok "it is on disk soon" wait_for 20 test -s "$STORE/1"
pid=$(main_pid)
ok "a kill" kill -KILL "$pid"
rm -f "$PODS_SHARE/go"
systemctl reset-failed colod 2>/dev/null
systemctl start colod 2>/dev/null
ok "it runs again" wait_for 30 is_new
is "$(of_first id)" 1 "the incident has outlived it"
is "$(coloctl incidents --json | jq '.open | index(1)')" null "and does not go on"
like "$(COLUMNS=200 coloctl incidents)" '1 .*default/web .*cpu .*colod ended' "so it is listed"
like "$(coloctl incidents show 1)" 'What was done' "it is shown with what was done"
like "$(coloctl incidents show 1)" 'cpu.max' "the hold is among that"
like "$(coloctl incidents show 1)" 'default/hog' "and so is the hog"
note "$(coloctl incidents show 1)"
ok "it is drawn" coloctl incidents plot 1 --output /tmp/plot.svg
is "$(tail -n 1 /tmp/plot.svg)" "</svg>" "to its end"
ok "with the name of the hog" grep -q default/hog /tmp/plot.svg
flow() { coloctl incidents show 1 --json | jq ".scene.points.node_net.$1.sent_kib_s | max"; }
ok "what the node sent through the uplink is in it" [ "$(flow online)" -ge 5 ]
is "$(flow offline)" 0 "and that offline work sent nothing"
like "$(coloctl incidents show 1)" 'online work  *sent a second' "and shown"
ok "and drawn" grep -q 'Network, MiB a second' /tmp/plot.svg
note "$(stat -c '%s bytes' "$STORE/1" /tmp/plot.svg | tr '\n' ' ')"
coloctl incidents show 99 >out 2>&1
is "$?" 5 "one that is not there is said"
like "$(cat out)" 'there is no incident 99' "in a sentence"
colod_clean
kill "$sender"
ip link del up0
ip netns del wan
umount /run/netns && rmdir /run/netns
pods_cleanup
done_testing
