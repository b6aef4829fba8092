// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of colod, checked and turned into data.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "colod/level.h"

#define OPTIONS_POLICY_FILES_MAX 16

enum options_action {
	OPTIONS_RUN,	    /* the daemon */
	OPTIONS_ONCE,	    /* one pass, print the plan */
	OPTIONS_RESTORE,    /* originals back, without a daemon */
	OPTIONS_GUARD,	    /* ends the holds of an agent that died or hangs */
	OPTIONS_INTROSPECT, /* print the D-Bus interface */
	OPTIONS_REPLAY,	    /* decide a record again */
	OPTIONS_DONE,	    /* help or version was printed */
};

struct options {
	enum options_action action;
	const char *root; /* stands in for "/"; "/" by default */
	enum mode mode;	  /* MODE_FULL when not given: the policy decides */
	bool mode_given;
	enum mode mode_by[RESOURCE_MODES]; /* --mode RESOURCE=MODE, where given */
	bool mode_by_given[RESOURCE_MODES];
	const char *policy_files[OPTIONS_POLICY_FILES_MAX];
	size_t n_policy_files;
	uint32_t switched_off; /* 1 << enum capability */
	bool json;
	bool verbose;
	bool holds_only;	 /* restore --holds */
	bool restore_auto;	 /* restore --auto */
	bool with_guard;	 /* start a guard for this agent */
	uint32_t guard_for;	 /* guard --for PID, 0: any agent */
	const char *record_file; /* NULL: nothing is recorded */
	uint64_t record_max_bytes;
	bool record_pseudonyms;
	const char *replay_file;
};

/* 0 and *ret_options, or -EINVAL after one line on stderr that names what would be accepted.
 * The strings point into argv. */
int options_parse(int argc, char **argv, struct options *ret_options);
