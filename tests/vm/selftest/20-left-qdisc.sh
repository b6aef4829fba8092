#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# budget: 60s
# profile: default
# title: a qdisc left behind
# expect: ^left behind: [+-] tc qdisc 
tc qdisc add dev lo root fq_codel
echo 1..1
echo ok 1
