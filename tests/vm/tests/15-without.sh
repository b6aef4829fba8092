#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: with every optional capability off the agent runs, says what that costs, and changes nothing it cannot
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

pod_create web Burstable 1000 33554432
POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
colod_facts
colod_policy squeeze file:///run/pods.json
knobs_take before
systemd-run -q --unit=colod-bare -p Type=notify -p RuntimeDirectory=colod "$(command -v colod)" --without all
ok "it starts and says ready" systemctl is-active -q colod-bare
sleep 4
ok "it still runs" systemctl is-active -q colod-bare
knobs_take after
is "$(diff before after)" "" "nothing was written"
out=$(colod --once --mode observe --without all 2>&1)
like "$out" "would change .*: 0" "and nothing is planned"
out=$(colod --once --mode observe --without cpu-idle,psi,psi-trigger,inotify,numa,smt,bus,io 2>&1)
like "$out" "cpu.weight" "with the cpu controller there is a plan again"
nok "but no io weight" grep -q "io.weight" <<<"$out"
ok "no restart, no crash" [ "$(systemctl show -p NRestarts --value colod-bare)" = 0 ]
systemctl stop colod-bare
colod_clean
pods_cleanup
done_testing
