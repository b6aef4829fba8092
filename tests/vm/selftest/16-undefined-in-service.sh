#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: undefined behaviour in a service, whose report only the journal has
# expect: sanitizer report: .*runtime error: 
systemd-run --quiet --wait /opt/colod/build/planted-ubsan
echo 1..1
echo ok 1
