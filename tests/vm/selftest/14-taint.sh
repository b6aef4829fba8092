#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a kernel that warned where nobody read it
# expect: ^kernel taint went from 0 to 512$
echo 512 >/proc/sys/kernel/tainted
echo 1..1
echo ok 1
