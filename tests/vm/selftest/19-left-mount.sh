#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a mount left behind
# expect: ^left behind: \+ mount /mnt /
mount -t tmpfs none /mnt
echo 1..1
echo ok 1
