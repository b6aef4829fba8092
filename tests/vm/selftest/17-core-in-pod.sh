#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a crash inside a container
# expect: ^core dump: sleep signal 11$
. "$VM/guest/pods.sh"
pod_create crasher BestEffort 0 0 sh -c 'sleep 50 & sleep 0.5; kill -SEGV $!; wait; sleep 50'
sleep 2
pods_cleanup
echo 1..1
echo ok 1
