#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 45s
# profile: default
# core: no
# title: what people order by hand: root, whom polkit allows that one action, and nobody else
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

MIB=1048576
RULES=/etc/polkit-1/rules.d/50-colod-test.rules

# as USER COMMAND...: with the groups that the user has, no others.
as() { setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups "${@:2}"; }

# ann is in the group and polkit allows her one action; bob is in the group; eve is not.
people()
{
	local who
	for who in ann bob eve; do
		useradd --no-create-home --shell /usr/sbin/nologin "$who"
	done
	usermod -aG colod ann
	usermod -aG colod bob
	cat >$RULES <<-'RULE'
		polkit.addRule(function(action, subject) {
		  if (action.id == "io.colod.agent1.set-mode" && subject.user == "ann")
		    return polkit.Result.YES;
		});
	RULE
	chmod 644 $RULES
}

setup()
{
	pod_create web Guaranteed 500 $((32 * MIB))
	POD_PRIORITYCLASS=batch-x pod_create batch BestEffort
	colod_facts
	colod_policy full file:///run/pods.json
	ok "start" colod_start
	ok "levelled" wait_for 10 grep -qx 1 "$(pod_path batch)/cpu.weight"
}

# The newest record of a kind: what, to, uid.
newest() { coloctl history --kind "$1" -n 1 --json | jq -r '.records[-1] | [.what, .to, .caller.uid, .caller.comm] | map(tostring) | join(" ")'; }

who_may()
{
	local said
	ok "ann, whom a rule allows it, may set the mode" as ann coloctl mode squeeze
	like "$(newest mode)" "squeeze $(id -u ann) coloctl" "and the history says who it was"
	ok "and nothing else that polkit was not told of" as ann coloctl status
	said=$(as ann busctl call io.colod.Agent1 /io/colod/Agent1 io.colod.Agent1.Manager Reload 2>&1)
	like "$said" 'this is for root, and for whom polkit allows io.colod.agent1.reload: polkit does not allow it to you' \
		"another action she may not"
	said=$(as bob coloctl mode full 2>&1)
	is $? 4 "bob, of the group alone, may not"
	like "$said" 'for whom polkit allows io.colod.agent1.set-mode' "and is told what he lacks"
	ok "but may look" as bob coloctl mode
	nok "eve may not even look" as eve coloctl mode
	is "$(coloctl mode --json | jq -r .mode)" squeeze "it is as ann has left it"
	ok "root may without polkit" sh -c 'systemctl stop polkit && systemctl mask --runtime --now polkit && coloctl mode full'
	said=$(as ann coloctl mode squeeze 2>&1)
	is $? 4 "without polkit ann may not"
	like "$said" 'Use sudo' "and is told so"
	systemctl unmask --runtime polkit
	is "$(coloctl mode --json | jq -r .mode)" full "it is as root has left it"
}

clean()
{
	local who
	colod_clean
	pods_cleanup
	rm -f $RULES
	for who in ann bob eve; do userdel "$who"; done
}

people
setup
who_may
clean
done_testing
