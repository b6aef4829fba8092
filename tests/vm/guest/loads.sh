# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods that take memory, who of them lives, and the agent over whose death it goes on. Source lib.sh and pods.sh first.
#
#   growing_pod NAME MIB        takes so many MiB ten times a second while /share/go-NAME is there
#   pids POD                    the processes of all its containers
#   dead POD                    it has none, or is gone
#   oom_kills                   how often the kernel has chosen one since it booted
#   agent, is_another PID       colod's process; another one than that is there, and answers

pids() { cat "$(pod_path "$1")"/cgroup.procs "$(pod_path "$1")"/*/cgroup.procs 2>/dev/null | sort -n | tr '\n' ' '; }
dead() { grep -qx 'populated 0' "$(pod_path "$1")/cgroup.events" 2>/dev/null || [ ! -d "$(pod_path "$1")" ]; }
oom_kills() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }
agent() { unit_pid colod; }
is_another() { local pid; pid=$(agent) && [ "$pid" != 0 ] && [ "$pid" != "$1" ] && coloctl status >/dev/null; }

growing_pod()
{
	pod_create "$1" BestEffort 0 0 python3 -c "
import time, os
kept = []
while True:
    if os.path.exists('/share/go-$1'):
        kept.append(b'x' * ($2 << 20))
    time.sleep(0.1)"
}
