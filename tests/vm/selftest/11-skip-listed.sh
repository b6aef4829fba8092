#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a listed skip is a skip
. "$VM/guest/lib.sh"
ok "something else works" true
skip "known gap" "said here too"
done_testing
