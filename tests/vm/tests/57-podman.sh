#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# long-budget: 500s
# profile: small
# title: podman's containers, matched by their scopes: the one that grows is evicted on the last rung, its neighbours and an online one live, and systemd and podman agree on what is left
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
. "$VM/guest/colod.sh"

ROOT=/run/podman-root

status() { coloctl status --json | jq -r "$1"; }
oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }
id_of() { podman inspect -f '{{.Id}}' "$1"; }
scope_of() { echo "libpod-$(id_of "$1").scope"; }
path_of() { echo "$CG/machine.slice/$(scope_of "$1")"; }
pids() { find "$(path_of "$1")" -name cgroup.procs -exec cat {} + | sort -n | tr '\n' ' '; }
state_of() { podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$1"; }

# An image of no registry: folders, to which the guest's own programs are mounted.
image()
{
	mkdir -p $ROOT/{usr,proc,sys,dev,etc,run,tmp,share}
	ln -sfn usr/bin $ROOT/bin
	ln -sfn usr/lib $ROOT/lib
	ln -sfn usr/lib64 $ROOT/lib64
	tar -C $ROOT -c . | podman import -q - localhost/guest:1 >/dev/null
}

run() { podman run -d --pull=never --network=none --security-opt apparmor=unconfined -v /usr:/usr:ro -v "$PODS_SHARE:/share" --name "$@" >/dev/null; }

holder() { echo "
kept = b'x' * ($2 << 20)
open('/share/up-$1', 'w').close()
import time
while True:
    time.sleep(1)"; }

grower() { echo "
import time, os
kept = []
open('/share/up-$1', 'w').close()
while True:
    if os.path.exists('/share/go-$1'):
        kept.append(b'x' * (4 << 20))
    time.sleep(0.1)"; }

policy()
{
	mkdir -p /etc/colod/policy.d
	cat >"$COLOD_DROPIN" <<-END
		version: 1
		mode: full
		facts: {from: cgroup}
		levels: {P7: {role: offline, memory: {high: none}}}
		pressure: [{when: memory.some of online > 10% over 1s, do: [evict]}]
		evict: {by: [kubernetes, kill], grace: 20s, cooldown: 3s, per-hour: 20}
		assign:
		  - {match: {cgroup: "machine.slice/$(scope_of web)"}, level: P0}
		  - {match: {cgroup: "machine.slice/libpod-*.scope"}, level: P7}
	END
}

pods_rootfs
ok "an image of the guest's own files" image
ok "an online container" run web localhost/guest:1 python3 -c "$(holder web 20)"
ok "an offline one that rests" run calm localhost/guest:1 python3 -c "$(holder calm 40)"
ok "one that grows" run hog localhost/guest:1 python3 -c "$(grower hog)"
ok "and one that will" run next --restart=always localhost/guest:1 python3 -c "$(grower next)"
for name in web calm hog next; do wait_for 60 test -e "$PODS_SHARE/up-$name"; done
hog=$(scope_of hog) next=$(scope_of next)
like "$(systemctl show -p Slice,ActiveState --value "$hog" | tr '\n' ' ')" "machine.slice active|active machine.slice" "podman's container is a scope below machine.slice"
monitor=$(podman inspect -f '{{.State.ConmonPid}}' hog)
web=$(pids web) calm=$(pids calm) kills=$(oom_kills)
policy
ok "start" colod_start
ok "status answers" wait_for 20 coloctl status
colod_next_pass
note "$(coloctl pods | head -c 1500)"
like "$(coloctl pods)" "P7.*$hog|$hog.*P7" "the one that grows is offline"
nok "who watches over it for podman is no pod" eval 'coloctl pods | grep -q conmon'
touch "$PODS_SHARE/go-hog"
ok "it is evicted, as a whole" wait_for 90 says "$hog evict accepted.*by cgroup.kill"
ok "and its memory is back" wait_for 30 says "$hog evict (gone|its memory is back)"
ok "podman knows" wait_for 30 eval '[ "$(state_of hog)" = "exited 137" ]'
ok "who watched over it ended too" wait_for 30 eval '! kill -0 "$monitor"'
ok "its scope is gone" wait_for 30 test ! -d "$CG/machine.slice/$hog"
is "$(systemctl show -p ActiveState --value "$hog")" inactive "systemd says so, and not that it failed"
like "$(podman ps -a --format '{{.Names}} {{.Status}}' | sort | tr '\n' ' ')" '^calm Up.* hog Exited \(137\).* next Up.* web Up' "podman lists it as ended, and the others as running"
is "$(pids web)" "$web" "the online container lost no process"
is "$(pids calm)" "$calm" "nor did the offline one that rests"
ok "it can be started again" podman start hog
ok "and is a container as before" wait_for 30 eval 'test -d "$CG/machine.slice/$hog" && [ "$(state_of hog)" = "running 0" ]'
rm -f "$PODS_SHARE"/go-*

# podman's own way of bringing one back is its owner's, and holds.
first=$(podman inspect -f '{{.State.Pid}}' next)
rm -f "$PODS_SHARE/up-next"
touch "$PODS_SHARE/go-next"
ok "one that podman restarts is evicted too" wait_for 90 says "$next evict accepted.*by cgroup.kill"
rm -f "$PODS_SHARE"/go-*
ok "and podman brings it back" wait_for 60 eval '[ "$(state_of next)" = "running 0" ] && [ "$(podman inspect -f "{{.State.Pid}}" next)" != "$first" ]'
is "$(status .evict.in_hour)" 2 "that is two evictions"
is "$(pids web)" "$web" "the online container lost no process"
is "$(pids calm)" "$calm" "nor did the offline one that rests"
is "$(oom_kills)" "$kills" "the kernel killed nobody"
nok "no unit has failed" eval 'systemctl --failed --no-legend | grep -q .'
colod_stop
colod_clean
podman rm -f -t 0 -a >/dev/null 2>&1
podman rmi -f localhost/guest:1 >/dev/null 2>&1
umount /var/lib/containers/storage/overlay 2>/dev/null
systemctl stop machine.slice
rm -rf $ROOT /run/libpod /run/containers /var/lib/containers
pods_cleanup
done_testing
