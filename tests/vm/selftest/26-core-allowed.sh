#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a crash that the test announces
. "$VM/guest/lib.sh"
allow_core sleep 6
sleep 50 &
wait_for 20 grep -qx sleep /proc/$!/comm
kill -ABRT $!
wait $!
is $? 134 "the crash was a crash"
done_testing
