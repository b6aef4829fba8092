#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a skip that nobody listed
# expect: ^skip that tests/vm/skips does not list: no device \(not here\)$
. "$VM/guest/lib.sh"
skip "no device" "not here"
done_testing
