#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: processes that escape the test: one speaks later, one stays and says nothing
# expect: ^something that outlived the test holds its output open$
echo 1..1
echo ok 1
(
	echo 0 >/sys/fs/cgroup/system.slice/colod-vm.service/cgroup.procs
	setsid sh -c 'sleep 40; echo not ok 2' &
	exec setsid sleep 900
) &
sleep 1
