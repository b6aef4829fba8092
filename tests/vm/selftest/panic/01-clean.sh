#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a clean test before the crash
. "$VM/guest/lib.sh"
ok "true is true" true
is "$(echo a)" a "echo echoes"
echo kept >"$RESULTS/kept"
done_testing
