// SPDX-License-Identifier: LGPL-2.1-or-later
// Text forms of the enums of include/colod/net.h. The rules are those of names.h: static text, never NULL; exact
// match, -EINVAL for no match.
#pragma once

#include "colod/net.h"

const char *names_net_refusal(enum net_refusal refusal); /* a word: "fine", "no-speed", … */
int names_net_refusal_from(const char *text);
const char *names_net_speed_from(enum net_speed_from from); /* "unknown", "policy", "link" */
int names_net_speed_from_from(const char *text);
const char *names_net_root(enum net_root root); /* "unknown", "default", "ours", "foreign" */
int names_net_root_from(const char *text);
const char *names_net_police(enum net_police police); /* "off", "mode", "tunnels", "on" */
int names_net_police_from(const char *text);
const char *names_net_user(enum net_mark_user user); /* "kube-proxy", "Calico", … */
int names_net_user_from(const char *text);
