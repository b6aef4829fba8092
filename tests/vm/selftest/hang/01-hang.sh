#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 30s
# profile: default
# title: the runner itself stops; only the host can tell
# expect: ^it did not finish$
echo 1..1
echo ok 1
kill -STOP "$(systemctl show -p MainPID --value colod-vm.service)"
