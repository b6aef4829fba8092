#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a cgroup left behind
# expect: ^left behind: \+ cgroup /sys/fs/cgroup/planted$
mkdir /sys/fs/cgroup/planted
echo 1..1
echo ok 1
