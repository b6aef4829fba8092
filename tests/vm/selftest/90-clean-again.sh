#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a clean test passes after all of these
. "$VM/guest/lib.sh"
ok "still true" true
done_testing
