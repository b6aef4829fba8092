#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a process that escapes the test and speaks later
# expect: ^something that outlived the test holds its output open$
echo 1..1
echo ok 1
(
	echo 0 >/sys/fs/cgroup/system.slice/colod-vm.service/cgroup.procs
	exec setsid sh -c 'sleep 8; echo not ok 2'
) &
sleep 1
