#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: good TAP and a bad exit code
# expect: ^exit code 3$
echo 1..1
echo ok 1
exit 3
