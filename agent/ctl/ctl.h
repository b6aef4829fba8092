// SPDX-License-Identifier: LGPL-2.1-or-later
// What every verb of coloctl gets, and what it may return. A verb prints from the JSON snapshot
// alone and asks nobody else, so that its output can be tested from a file.
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/ctl/term.h"

/* Exit codes, as in --help and coloctl(1). */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,	     /* an answer that cannot be used, or no memory */
	CTL_USAGE = 2,	     /* the command line is wrong */
	CTL_NOT_RUNNING = 3, /* no bus, or no colod on it */
	CTL_DENIED = 4,	     /* the bus does not let this user ask */
	CTL_NO_POD = 5,	     /* no pod, or several, go by the name given */
	CTL_CHANGED = 6,     /* plan --policy: it would change something */
};

#define CTL_ARGS_MAX 18

struct ctl {
	struct term term;
	FILE *err;
	const cJSON *doc;		/* the whole snapshot; NULL for a verb that acts */
	const char *args[CTL_ARGS_MAX]; /* behind the verb; NULL where there is none */
	bool json;			/* --json */
	bool persist;			/* --persist */
	const char *root;  /* --root: stands in for "/" for files that are read or written */
	const char *node;  /* --node of `policy`: this, none; NULL: not given */
	bool all;	   /* --all: `plan` also lists what stays as it is */
	const char *since; /* --since, --kind and -n of `history`; NULL: not given */
	const char *kind;
	const char *number;
	const char *output; /* --output of `incidents plot`; NULL: not given */
};

/* Each prints its table to term.out, messages to err, and returns an enum ctl_exit. */
int verb_status(const struct ctl *ctl);
int verb_pods(const struct ctl *ctl);
int verb_plan(const struct ctl *ctl);
int verb_why(const struct ctl *ctl);
int verb_score(const struct ctl *ctl);
int verb_lend(const struct ctl *ctl);
int verb_net(const struct ctl *ctl);
int verb_doctor(const struct ctl *ctl);
int verb_mode(const struct ctl *ctl);

/* These act: on the agent, over the bus, or on the files below /etc/colod. */
int verb_mode_set(const struct ctl *ctl);
int verb_pause(const struct ctl *ctl);
int verb_pause_end(const struct ctl *ctl);
int verb_switch_off(const struct ctl *ctl);
int verb_switch_on(const struct ctl *ctl);

int verb_history(const struct ctl *ctl);
int verb_trial(const struct ctl *ctl);
cJSON *verb_history_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_trial_json(const struct ctl *ctl, int *ret_exit);

/* Which records these want; they find them in the document as "history". Returns an enum ctl_exit,
 * after one sentence where the command line is wrong. `now_us` is CLOCK_REALTIME. */
struct client_filter;
int verb_history_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter);
int verb_trial_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter);
int verb_why_ask(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter);

/* incidents, incidents show N, incidents plot N: acts, as it asks for them alone. */
int verb_incidents(const struct ctl *ctl);

/* policy check, show, explain, why, schema: acts; only why needs a daemon. */
int verb_policy(const struct ctl *ctl);

/* The JSON of the same verb: a tree that the caller frees, NULL without memory. `why` may return
 * an error code in *ret_exit instead. */
cJSON *verb_status_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_pods_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_plan_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_why_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_score_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_lend_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_net_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_doctor_json(const struct ctl *ctl, int *ret_exit);
cJSON *verb_mode_json(const struct ctl *ctl, int *ret_exit);
