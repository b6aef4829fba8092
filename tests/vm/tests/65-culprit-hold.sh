#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 300s
# profile: default
# title: a hold that makes an online pod wait less confirms those that it was taken from, and nobody else
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

TOOLS=/opt/colod/build/tests/tools
# web wants a CPU all the time; the hogs want both, from when they are told to; idle wants none.
pod_create web Burstable 1000 33554432 "$TOOLS/cpu_load" spin 1
for name in hog1 hog2 hog3; do
	POD_PRIORITYCLASS=batch-x pod_create $name Burstable 1000 0 \
		bash -c "until [ -e /share/go ]; do sleep 1; done; exec $TOOLS/cpu_load spin 2"
done
POD_PRIORITYCLASS=batch-x pod_create idle Burstable 1000 0
tried() { coloctl score web --json | jq -c '.[0].score.cpu.culprits.tried'; }
is_confirmed() { tried | jq -e 'any(.verdict == "confirmed")'; }
is_told() { tried | jq -e 'length > 0'; }

colod_facts
colod_policy squeeze file:///run/pods.json
ok "start" colod_start
ok "ten seconds are seen" wait_for 60 sh -c '[ "$(coloctl status --json | jq .passes)" -ge 12 ]'
is "$(tried)" "[]" "while nothing was held nothing was tried"
touch "$PODS_SHARE/go"
ok "what came of the hold is told" wait_for 90 is_told
note "$(coloctl score web)"
note "$(tried)"
ok "it is confirmed" is_confirmed
is "$(tried | jq -r 'map(select(.name | test("hog[123]$") | not)) | length')" 0 "of those that the hold took something from alone"
like "$(coloctl score web)" 'Confirmed: holding default/hog[123]' "score POD says so"
rm -f "$PODS_SHARE/go"
colod_clean
pods_cleanup
done_testing
