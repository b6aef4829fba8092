#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: fewer results than planned
# expect: ^2 results where the plan says 3$
echo 1..3
echo ok 1
echo ok 2
