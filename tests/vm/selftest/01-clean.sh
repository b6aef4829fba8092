#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# long-budget: 60s
# profile: default
# title: a clean test passes
. "$VM/guest/lib.sh"
ok "true is true" true
is "$(echo a)" a "echo echoes"
is "$LONG" 1 "what the run is set to arrives in the test"
echo kept >"$RESULTS/kept"
done_testing
