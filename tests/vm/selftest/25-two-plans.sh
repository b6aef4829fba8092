#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: two plans
# expect: ^more than one plan$
echo 1..1
echo ok 1
echo 1..1
