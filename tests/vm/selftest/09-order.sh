#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a result number is missing
# expect: ^result number 3 where 2 was due$
echo 1..2
echo ok 1
echo ok 3
