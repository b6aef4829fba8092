// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs of coloctl: one table of what each is called, takes and does.
#pragma once

#include <stdbool.h>

#include "agent/ctl/ctl.h"

/* Options that only some verbs take: bits of struct verb.options and of verbs_find(). */
enum verb_option {
	VERB_ALL = 1 << 0,     /* --all */
	VERB_PERSIST = 1 << 1, /* --persist */
	VERB_RECORDS = 1 << 2, /* --since, --kind, -n */
	VERB_NODE = 1 << 3,    /* --node */
	VERB_POLICY = 1 << 4,  /* --policy */
	VERB_OUTPUT = 1 << 5,  /* --output */
};

/* A verb shows something of the snapshot (`show`, `json` or both), or does something (`act`). One
 * name may have two rows that differ in the number of arguments (`mode` shows, `mode MODE` sets) or in an
 * option (`plan --policy`). */
struct verb {
	const char *name;
	const char *arguments; /* for people, NULL: takes none */
	const char *summary;
	unsigned min_args, max_args;
	unsigned options;		    /* enum verb_option that it takes */
	unsigned needs;			    /* ... and that tell it from another row of this name */
	int (*show)(const struct ctl *ctl); /* NULL: there is only JSON */
	cJSON *(*json)(const struct ctl *ctl, int *ret_exit);
	int (*act)(const struct ctl *ctl); /* gets no snapshot; prints by itself */
	/* Not NULL: the snapshot comes with these records as "history". */
	int (*ask)(const struct ctl *ctl, int64_t now_us, struct client_filter *ret_filter);
	bool may_lack; /* the verb has enough to show without those */
};

/* The verb of argv[0] that takes argc - 1 arguments and the options given. CTL_OK, or CTL_USAGE
 * after one line on stderr that says what would be right. */
int verbs_find(int argc, char **argv, unsigned options, const struct verb **ret_verb);

/* The part of --help that lists them. */
void verbs_help(void);

/* A wrong command line: `word` is printed like a name from a pod, nothing in it is trusted.
 * Returns CTL_USAGE. */
int verbs_usage(const char *before, const char *word, const char *after);
