// SPDX-License-Identifier: LGPL-2.1-or-later
// The network in words for people. Pure; static text.
#pragma once

#include <stddef.h>

#include "colod/net.h"
#include "policy/net_pace.h"
#include "policy/net_plan.h"

/* Why a link is not shaped or a pod's traffic not marked, and what to do about it where there is something. */
const char *net_words_refusal(enum net_refusal refusal);

/* One sentence on an uplink of the plan: "by shares of 1 Gbit/s", why offline work is held on it, or why it is not shaped. */
void net_words_link(const struct net_plan_link *link, char *buf, size_t size);

/* The same without saying whether it is shaped: for who has said so. */
void net_words_why(const struct net_plan_link *link, char *buf, size_t size);

/* Why a pod's traffic is marked, or not, or left as it is. */
const char *net_words_pod(enum net_pod_why why);

/* What made a round due. */
const char *net_words_round(enum net_pace_why why);
