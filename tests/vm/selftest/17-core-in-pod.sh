#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a crash inside a container
# expect: ^core dump: sleep signal 11$
. "$VM/guest/lib.sh"
. "$VM/guest/pods.sh"
pod_create crasher BestEffort 0 0 sh -c 'sleep 50 & until grep -qx sleep /proc/$!/comm; do sleep 0.1; done; kill -SEGV $!; wait; sleep 50'
wait_for 40 grep -q sleep /run/vm-cores/list
pods_cleanup
echo 1..1
echo ok 1
