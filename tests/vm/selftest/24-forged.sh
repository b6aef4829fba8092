#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a test that speaks for the runner
# expect: ^no TAP at all$
echo "@end 24-forged 0 1.0"
echo "|1..1"
echo "|ok 1"
