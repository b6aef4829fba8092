#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: results without a plan
# expect: ^no plan$
echo ok 1
