// SPDX-License-Identifier: LGPL-2.1-or-later
// Text forms of the enums of include/colod/policy.h, as the policy writes them. The rules are those of
// names.h: static text, never NULL; exact match, -EINVAL for no match.
#pragma once

#include "colod/policy.h"

const char *names_pressure_sign(enum pressure_sign sign); /* "some", "full", "empty" */
int names_pressure_sign_from(const char *text);
const char *names_action(enum pressure_action action); /* "squeeze cpu" … "kill" */
int names_action_from(const char *text);
const char *names_evict_way(enum evict_way way); /* "kubernetes", "kill" */
int names_evict_way_from(const char *text);
const char *names_evict_key(enum evict_key key); /* "level" … "opt-out" */
int names_evict_key_from(const char *text);
const char *names_sli_sign(enum sli_sign sign); /* "cpu.some" … "net-drops" */
int names_sli_sign_from(const char *text);
const char *names_sli_statistic(enum sli_statistic statistic); /* "p50" … "mean" */
int names_sli_statistic_from(const char *text);
