#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a changed knob left behind
# expect: ^left behind: \+ knob /sys/fs/cgroup/system.slice/memory.low:4096$
echo 4096 >/sys/fs/cgroup/system.slice/memory.low
echo 1..1
echo ok 1
