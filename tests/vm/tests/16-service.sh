#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 90s
# profile: default
# core: oldest
# title: started, asked, reloaded and stopped as a service; a second agent, a broken policy and a lost bus are refused or survived
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

broken_policy()
{
	printf 'version: 1\nmode: squeeze\nlevels:\n  P7: {roll: offline}\n' >"$COLOD_DROPIN"
	colod_reload
	ok "a broken policy is named by file, line and column" \
		wait_for 20 says '90-test.yaml:4:8: '
	is "$(knob "$(pod_path batch)" cpu.weight)" 1 "the last good one stays in force"
	like "$(coloctl status)" "rejected" "status says so"
	colod_policy observe file:///run/pods.json
	ok "reload a good one" colod_reload
	ok "lowering the mode gives the values back at once" wait_for 4 grep -qx 39 "$(pod_path batch)/cpu.weight"
	colod_policy protect file:///run/pods.json
	ok "and raising it writes them again" colod_reload
	ok "levelled" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
}

second_agent()
{
	local said
	said=$(timeout 40 colod 2>&1)
	is $? 1 "a second agent refuses to start"
	like "$said" "another colod is running" "and says why"
	ok "the first one is untouched" systemctl is-active -q colod
	said=$(colod restore 2>&1)
	is $? 1 "restore refuses beside a daemon"
	like "$said" "systemctl stop colod" "and says what to do"
}

the_bus()
{
	like "$(busctl introspect io.colod.Agent1 /io/colod/Agent1)" 'io\.colod\.Agent1\.Manager' "the manager object is there"
	is "$(busctl get-property io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager Mode)" 's "protect"' "the mode is a property"
	like "$(busctl tree io.colod.Agent1)" '/io/colod/Agent1/pod/' "pods are objects"
	like "$(busctl call io.colod.Agent1 /io/colod/Agent1 org.freedesktop.DBus.ObjectManager GetManagedObjects)" \
		'default/batch' "ObjectManager lists them"
	nok "nobody may not ask" setpriv --reuid=65534 --regid=65534 --clear-groups coloctl status
	ok "the group colod may" setpriv --reuid=65534 --regid="$(getent group colod | cut -d: -f3)" --clear-groups coloctl status
	nok "but not reload" setpriv --reuid=65534 --regid="$(getent group colod | cut -d: -f3)" --clear-groups \
		busctl call io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager Reload
}

the_switch()
{
	mkdir -p /etc/colod && touch /etc/colod/disable
	ok "the kill switch gives everything back" wait_for 20 grep -qx 39 "$(pod_path batch)/cpu.weight"
	like "$(coloctl status)" "disable" "status says who switched it off"
	rm /etc/colod/disable
	ok "and it goes on when the file is gone" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
}

# A hung agent is ended by its watchdog and started again.
watchdog()
{
	local pid
	pid=$(unit_pid colod)
	kill -STOP "$pid"
	ok "the watchdog ends a hung agent" wait_for 30 sh -c "! kill -0 $pid"
	ok "and it is started again" wait_for 20 systemctl is-active -q colod
	ok "and answers" wait_for 20 coloctl status
}

pod_create web Burstable 1000 0
POD_PRIORITYCLASS=batch-x pod_create batch Burstable 1000 0
colod_facts
colod_policy protect file:///run/pods.json
ok "systemd finds nothing to say about the unit" sh -c '[ -z "$(systemd-analyze verify colod.service 2>&1 | grep colod | grep -v "Command .man ")" ]'
ok "start" colod_start
ok "levelled" wait_for 20 grep -qx 1 "$(pod_path batch)/cpu.weight"
allow_core colod 6
the_bus
second_agent
broken_policy
the_switch
watchdog
colod_clean
pods_cleanup
done_testing
