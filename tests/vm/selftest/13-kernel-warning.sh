#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a kernel warning during a test
# expect: ^kernel: .*WARNING: CPU: 0 PID: 1 at planted
echo "<4>WARNING: CPU: 0 PID: 1 at planted" >/dev/kmsg
echo 1..1
echo ok 1
