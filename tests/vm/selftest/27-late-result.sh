#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a result after the plan that closed the test
# expect: ^a result after the closing plan$ ;; ^2 results where the plan says 1$
echo ok 1
echo 1..1
echo ok 2
