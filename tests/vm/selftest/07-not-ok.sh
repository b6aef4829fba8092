#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a failed assertion
# expect: ^not ok: false is true$ ;; ^exit code 1$
. "$VM/guest/lib.sh"
ok "false is true" false
done_testing
