// SPDX-License-Identifier: LGPL-2.1-or-later
// What the verbs that change the mode say at the end: what is in force now, and why.
#pragma once

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"

/* Asks the agent what is in force for a resource ("": everything). CTL_OK or another exit code. */
int say_mode_ask(FILE *err, const char *scope, struct client_answer *ret_answer);

/* One sentence, and what to do where something keeps it lower than `asked`. */
void say_mode_answer(const struct ctl *ctl, const char *asked, const char *scope,
		     const struct client_answer *answer);
