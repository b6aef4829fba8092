#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# reboots: 1
# title: a real kernel crash, where the machine then boots again
# expect: ^it did not finish$ ;; ^kernel: .*(BUG|Oops|Kernel panic|cut here)
echo 1..1
echo ok 1
echo c >/proc/sysrq-trigger
