#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a state file left behind
# expect: ^left behind: \+ file /run/colod/originals$
mkdir -p /run/colod
: >/run/colod/originals
echo 1..1
echo ok 1
