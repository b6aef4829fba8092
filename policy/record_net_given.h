// SPDX-License-Identifier: LGPL-2.1-or-later
// The network of a record (record_net.h) on its way back. Nothing in the text is trusted. Pure.
#pragma once

#include "colod/net.h"
#include "policy/net_pass.h"
#include "policy/record_text.h"

/* Of the lines, as they are read. Zeroed: nothing. */
struct record_net_given {
	bool on;
	bool asked;
	struct net_view view;  /* its pods are owned, and so is sent */
	struct net_sent *sent; /* by slot; n: view.n_pods */
	/* of this pass */
	bool counted;
	struct net_counts before[NET_LINKS], now[NET_LINKS];
	bool state_given;
	struct net_state state;
};
void record_net_given_done(struct record_net_given *given);

/* For the next pass. */
void record_net_given_begin(struct record_net_given *given);

/* Whether somebody looked in a pass at now_us. */
bool record_net_given_is(const struct record_net_given *given, int64_t now_us);

/* One line behind its first word, in a pass at now_us. 0, -EBADMSG or -ENOMEM. */
int record_net_given_get(struct record_line *line, int64_t now_us, struct record_net_given *given);
