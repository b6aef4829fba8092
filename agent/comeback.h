// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether the agent comes back after it ended: a restart keeps shares and protection, an end for
// good gives them back. `colod restore --auto` asks; systemd knows.
#pragma once

#include <stdbool.h>

#define COMEBACK_WORD_SIZE 48
#define COMEBACK_WHY_SIZE 192

/* What systemd says of the unit, and what it told this process when it started it. */
struct comeback_facts {
	bool answered;
	bool afterwards; /* asked by colod-restore.service, after the end of the agent */
	char job[COMEBACK_WORD_SIZE];	    /* type of the unit's job: "stop"; "" for none */
	char sub_state[COMEBACK_WORD_SIZE]; /* "stop-post", "auto-restart", "failed" */
	char restart[COMEBACK_WORD_SIZE];   /* Restart= */
	char result[COMEBACK_WORD_SIZE]; /* how the agent ended: "success", "signal"; "" unknown */
	char no_answer[96];		 /* why there was none */
};

/* Fills all that can be had, from the bus and the environment. Waits at most 2 s for each answer. */
void comeback_ask(struct comeback_facts *ret_facts);

/* True: it comes back. `why` (COMEBACK_WHY_SIZE bytes) gets the cause in words. */
bool comeback_decide(const struct comeback_facts *facts, char *why);
